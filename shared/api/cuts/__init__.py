"""Cuts over HTTP: a finished film's shots, captions, words and loudness, and the same for editors."""
