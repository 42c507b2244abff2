"""Creations and the documents in them: names, formats, removal.

May use the store; knows nothing of how runs are started or advanced.
"""
