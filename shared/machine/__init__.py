"""This machine: processes, threads, memory, temporary folders, ffmpeg.

Uses the ground only.
"""
