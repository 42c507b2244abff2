"""Captions: pages and lines, ASS for drawing, bitmaps, SRT and WebVTT."""
