"""Repeatable measurements: `make bench`, or `python -m benchmarks speed` for one of them."""
