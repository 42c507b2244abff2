"""Slides as pictures, and as files that people open, in the letters and colours of a theme.

`layout` places what a slide shows as marks; `states` paints them, `written/` writes them.
"""
