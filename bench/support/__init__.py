"""Helpers of the benchmarks: load, shops, databases, and the machine's own speed."""
