"""Providers of speech, pictures, clips and texts: how they are chosen, called over HTTP and paid only once.

A room for each service that several pipelines use. A pipeline's own use of a provider is in its folder.
"""
