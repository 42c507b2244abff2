"""Films and recordings as people have them: which can be read."""

from pathlib import Path
from typing import Final

from shared.errors import InvalidAssets, ToolFailed
from shared.machine.ffmpeg import run

FORMATS: Final = (
    *("mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "ogg", "asf", "flv", "mp3", "aac"),
    *("wav", "w64", "flac", "aiff", "caf", "ac3", "eac3"),
)
"""ffmpeg's names of the containers that are read: none that opens other files or addresses."""
ONLY: Final = ("-protocol_whitelist", "file", "-format_whitelist", ",".join(FORMATS))
"""Before the `-i` of an untrusted file."""
_LOOK_S: Final = 60.0


def check_film(path: Path, *, what: str) -> None:
    """Raise `InvalidAssets`, naming it as `what`, for a file without sound that can be decoded."""
    if not path.stat().st_size:
        raise InvalidAssets(f"{what} is empty; upload it again")
    source = [*ONLY, "-i", f"file:{path}"]
    try:
        run([*source, "-map", "0:a:0", "-t", "1", "-f", "null", "-"], timeout_s=_LOOK_S)
    except ToolFailed as error:
        remedy = "upload a complete film or recording with sound"
        raise InvalidAssets(f"{what} has no sound that can be played; {remedy}") from error
