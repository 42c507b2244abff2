"""What is said becomes subtitles: the rules of a profile, the layout, the times, the files and their check.

A module that knows of words, cues or subtitle files belongs here; what recognises or translates does not.
"""
