"""Segments of a film, drawn by an engine and encoded."""
