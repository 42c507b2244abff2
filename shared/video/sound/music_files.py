"""Music files as people have them: which can be played, and their types."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.errors import InvalidAssets, ToolFailed
from shared.machine.ffmpeg import TIMED_OUT, run

MUSIC_TYPES: Final = (
    *(".mp3", ".wav", ".m4a", ".ogg", ".flac"),
    *(".opus", ".oga", ".aac", ".aif", ".aiff", ".caf", ".m4b", ".mka", ".mp2", ".mp4", ".weba", ".webm"),
    ".wma",
)
"""The endings of names of music; the content decides on the type."""

_CODECS: Final = (
    "aac,alac,flac,mp3,mp3float,opus,libopus,vorbis,libvorbis,adpcm_ima_wav,adpcm_ms,"
    "pcm_alaw,pcm_f32le,pcm_f64le,pcm_mulaw,pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8,"
    "pcm_s16be,pcm_s24be,pcm_s32be,pcm_s8,pcm_f32be,mp2,mp2float,wmav1,wmav2"
)
_ENDINGS: Final = {
    "aac": ".aac",
    "aiff": ".aiff",
    "asf": ".wma",
    "caf": ".caf",
    "flac": ".flac",
    "matroska": ".webm",
    "mov": ".m4a",
    "mp3": ".mp3",
    "ogg": ".ogg",
    "wav": ".wav",
}
"""The formats that can be read, by the first of ffmpeg's names for them, and their endings."""
_FORMATS: Final = ",".join(_ENDINGS)
_ONLY: Final = ("-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-codec_whitelist", _CODECS)
"""Plain files of formats in common use, so that no playlist makes ffmpeg open other files or addresses."""
REMEDY: Final = "save it as MP3, WAV, M4A, Ogg, Opus or FLAC and upload it again"
_LOOK_S: Final = 30.0
"""The time limit of finding out a file's type."""


def music_type(path: Path, *, what: str) -> str:
    """The ending of `MUSIC_TYPES` for a file's content, found by decoding its beginning.

    Raises `InvalidAssets`, which names it as `what`, if it has no sound that a film could use.
    """
    said = decode_music(path, what, ["-t", "1", "-f", "null", "-"], timeout_s=_LOOK_S)
    found = re.search(r"^Input #0, (\w+)", said, re.MULTILINE)
    assert found, "ffmpeg prints its input's format"
    return _ENDINGS[found[1]]


def decode_music(path: Path, what: str, arguments: Sequence[str], *, timeout_s: float = 3600) -> str:
    """Decode the first audio stream of an untrusted file, and return ffmpeg's stderr.

    Raises `InvalidAssets`, which names it as `what`.
    """
    source = [*_ONLY, "-max_error_rate", "0.1", "-i", f"file:{path}", "-map", "0:a:0"]
    try:
        return run([*source, *arguments], timeout_s=timeout_s)
    except ToolFailed as error:
        if error.args[1] == TIMED_OUT:
            most = f"takes more than the {timeout_s:g} s that decoding it may take"
            raise InvalidAssets(f"{what} {most}; {REMEDY}") from error
        raise InvalidAssets(f"{what} can't be played; {REMEDY}") from error
