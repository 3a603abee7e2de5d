"""The `registry` command and the benchmarks."""
