"""The subtitles themselves."""
