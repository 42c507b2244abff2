"""Types of files that music may come in, by name; what is in them is found out when they are decoded."""

from typing import Final

MUSIC_TYPES: Final = (
    *(".mp3", ".wav", ".m4a", ".ogg", ".flac", ".opus", ".aac", ".aiff", ".aif", ".wma", ".mka", ".webm"),
    *(".m4b", ".mp4", ".oga", ".weba", ".mp2", ".caf"),
)
