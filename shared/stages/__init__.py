"""What the author of a stage writes against: its context and result, and the steps from a timeline to a film.

May use everything but runs and the rooms above them.
"""
