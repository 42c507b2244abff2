"""Kokoro: a neural model that speaks from phonemes, which espeak gives it. The extra `voice` brings it."""
