"""How loud a film is all along, for a strip that shows where there is sound."""

import math
import re
from pathlib import Path
from typing import Final

from shared.machine.ffmpeg import filter_value, run
from shared.video.encoding.film_files import ONLY

STEP_S: Final = 0.1
_FLOOR_DBFS: Final = -60.0
_RATE_HZ: Final = 16_000
"""What lies above 8 kHz counts little and would take twice as long."""
_LEVEL: Final = "lavfi.astats.Overall.RMS_level"
_MOST_S: Final = 120.0
"""Wall-clock time: ten minutes of stereo take 2 s of one core."""


def loudness(path: Path, scratch: Path) -> tuple[float, ...]:
    """The root mean square of each step of `STEP_S` of a file's first track of sound, over all its channels:
    0 for -60 dBFS or quieter, 1 for 0 dBFS, even in decibels between.

    Counted from the film's start; where the track begins later or has gaps there is silence. Works on one
    core, in memory that doesn't grow with the file. Raises `ToolFailed` for a file without sound that can be
    decoded, and for one that takes too long.
    """
    found = scratch / "levels.txt"
    filters = (
        f"aresample={_RATE_HZ}:async=1:first_pts=0",
        f"asetnsamples=n={round(_RATE_HZ * STEP_S)}:p=0",
        "astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=RMS_level",
        f"ametadata=mode=print:key={_LEVEL}:file={filter_value(found)}",
    )
    source = [*ONLY, "-threads", "1", "-i", f"file:{path}", "-map", "0:a:0"]
    run([*source, "-af", ",".join(filters), "-f", "null", "-"], timeout_s=_MOST_S)
    with found.open(encoding="ascii") as lines:
        return tuple(_height(match[1]) for match in map(_RMS.match, lines) if match)


_RMS: Final = re.compile(rf"{re.escape(_LEVEL)}=(\S+)")


def _height(said: str) -> float:
    """ffmpeg says `-inf` for silence, and `nan` for a step without samples."""
    level_dbfs = float(said)
    part = 0.0 if math.isnan(level_dbfs) else 1 - level_dbfs / _FLOOR_DBFS
    return round(min(1.0, max(0.0, part)), 3)
