"""Graphs of stages, read from `jobs/*/pipeline.yaml`: which are installed, and what is deployed of them.

Uses the ground only, and loads no stage's code.
"""
