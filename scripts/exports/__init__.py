"""Deployment files of platforms that have no folder of their own, and how all of them become text."""
