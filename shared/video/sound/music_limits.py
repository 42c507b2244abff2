"""Whether music is within the limits of `shared/accepted.py`, from ffmpeg's output about a file."""

import re
from datetime import timedelta
from typing import Final

from shared.accepted import LEAST_MUSIC_MS, MOST_MUSIC_CHANNELS, MOST_MUSIC_S, MUSIC_RATES_HZ
from shared.errors import InvalidAssets

DURATION: Final = r"^  Duration: ([^\s,]+)"
"""Where ffmpeg prints a file's duration according to the file itself."""
_STREAM: Final = re.compile(r"^  Stream #0:.* Audio: .*?, (\d+) Hz, (?:(\d+) channels)?", re.MULTILINE)
_REMEDY: Final = "convert it to MP3, 48000 Hz stereo"


def demand_bearable(said: str, name: str) -> None:
    """Raise `InvalidAssets` for music that is too much to decode, from ffmpeg's output before decoding."""
    if "Estimating duration" not in said:
        _demand_not_too_long(clock_ms(DURATION, said), name)
    for stream in _STREAM.finditer(said):
        rate_hz, channels = int(stream[1]), int(stream[2] or 0)
        least, most = MUSIC_RATES_HZ
        if not least <= rate_hz <= most:
            limit = f"and may have {least} to {most}"
            raise InvalidAssets(f"music {name!r} has {rate_hz} samples a second {limit}; {_REMEDY}")
        if channels > MOST_MUSIC_CHANNELS:
            limit = f"more than the {MOST_MUSIC_CHANNELS} that it may have"
            raise InvalidAssets(f"music {name!r} has {channels} channels, {limit}; {_REMEDY}")


def demand_length(duration_ms: int, name: str) -> None:
    """Raise `InvalidAssets` for music that is too short or too long."""
    if duration_ms < LEAST_MUSIC_MS:
        least = f"only {duration_ms} ms long, less than {LEAST_MUSIC_MS}"
        raise InvalidAssets(f"music {name!r} is {least}; upload a longer piece")
    _demand_not_too_long(duration_ms, name)


def _demand_not_too_long(duration_ms: int, name: str) -> None:
    if duration_ms > MOST_MUSIC_S * 1000:
        length, most = timedelta(seconds=duration_ms // 1000), timedelta(seconds=MOST_MUSIC_S)
        limit = f"longer than the {most} (hours, minutes, seconds) that it may be"
        raise InvalidAssets(f"music {name!r} is {length} long, {limit}; cut it: short music is repeated")


def clock_ms(pattern: str, said: str) -> int:
    """A time in ffmpeg's format (`00:03:00.25`), 0 if there is none."""
    found = re.findall(pattern, said, re.MULTILINE)
    parts = re.fullmatch(r"(\d+):(\d\d):(\d\d)\.(\d\d)", found[-1]) if found else None
    if parts is None:
        return 0
    hours, minutes, seconds, hundredths = map(int, parts.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + hundredths * 10
