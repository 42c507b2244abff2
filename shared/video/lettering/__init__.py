"""Fonts and letters: which font has a text's letters, how they are shaped and how legible they are."""
