"""From a timeline to a film, in rooms above `timeline` and `colour`.

May use machine and text; knows nothing of creations except the keys in a timeline.
"""
