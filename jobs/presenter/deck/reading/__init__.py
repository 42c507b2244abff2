"""Decks that people bring: each page of a PDF or a PPTX becomes a slide.

`decks.py` reads them, in processes of `reader.py`, since such files are from anywhere.
"""
