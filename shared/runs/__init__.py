"""How runs stand, derived from their records, and starting and advancing them.

May use records and platforms; knows nothing of HTTP, Redis or SQL.
"""
