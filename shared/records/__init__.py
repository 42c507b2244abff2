"""Creations, and what is written down in them: names, documents, removal.

May use the store; knows nothing of how runs are started or advanced.
"""
