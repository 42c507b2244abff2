"""What makes speech, pictures, clips and texts: how providers are chosen, asked over HTTP and paid only once.

A room for each service that several pipelines use. What one pipeline asks of a provider is in its own folder.
"""
