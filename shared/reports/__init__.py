"""Reporting to others: the log, Redis, the database, webhooks, metrics.

Reads how runs stand; nothing that makes a film waits for it.
"""
