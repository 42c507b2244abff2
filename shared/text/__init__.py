"""Texts before they are drawn or spoken: languages, scripts, lines, markup.

Uses the ground only.
"""
