"""Decks: the records of slides and their notes; decks that people bring are read, and the talk's own written.

May use `shared/` only.
"""
