"""The film of a talk: where the presenter stands, what is shown when, chapters and the transcript.

May use the rooms `deck` and `drawing`, the talk and `shared/`.
"""
