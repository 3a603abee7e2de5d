"""The `registry` command, its demonstration, and the benchmarks."""
