"""From known words to when each of them is said: how they are pronounced, following them through the sound in
processes of their own, and matching a script to what was recognised.

Uses the chunks and words of the folder around it. No stage belongs here.
"""
