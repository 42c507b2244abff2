"""Whisper: its weights, what it is told beforehand, which languages it hears, what it writes and what of that
is to be doubted.

Uses the chunks and words of the folder around it. No stage belongs here.
"""
