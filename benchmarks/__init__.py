"""Figures that anyone can repeat: `make bench`, or `python -m benchmarks speed` for one of them."""
