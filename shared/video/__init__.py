"""From a timeline to a film, in rooms that stand on `timeline` and `colour`.

May use machine and text; knows nothing of creations but the keys that a timeline holds.
"""
