"""The status of runs, derived from their records; starting and advancing runs.

May use records and platforms; knows nothing of HTTP, Redis or SQL.
"""
