"""The script of an ad, its scenes and their times."""
