"""Scenes that are drawn: one module for each look, four scenes in each."""
