"""Runs watched over WebSockets."""
