"""Sentences in another language, at the times of what was said."""
