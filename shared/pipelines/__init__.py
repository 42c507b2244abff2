"""Graphs of stages, read from `jobs/*/pipeline.yaml`: the installed ones, and their deployed jobs.

Uses the ground only, and loads no stage's code.
"""
