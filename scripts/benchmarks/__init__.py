"""Benchmarks: medians of several runs, the peer or the limit in the same run, and the ratio."""
