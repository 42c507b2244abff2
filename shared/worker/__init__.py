"""One stage at work in its container: its box, its record, what it publishes and what it cost.

May use everything but the API.
"""
