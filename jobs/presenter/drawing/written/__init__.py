"""Slides as files that people open, search, print and change: a PDF, and a PPTX."""
