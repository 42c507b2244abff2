"""Frames to H.264, clips to frames, segments to one film."""
