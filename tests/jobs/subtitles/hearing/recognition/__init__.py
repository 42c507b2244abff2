"""Whisper: what it is told, in which language it hears, and what of it is believed."""
