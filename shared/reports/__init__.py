"""Reports for others: the log, Redis, the database, webhooks, metrics.

Reads the status of runs; no work on a film waits for it.
"""
