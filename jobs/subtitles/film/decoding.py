"""One pass over the film: its sound as 16 kHz mono, its loudness, its cuts.

Time 0 of the sound is that of the film as players show it, the earliest start of its streams: ffmpeg counts
from there, and a track that starts later or has gaps is filled with silence. A film that `muxing` copies
counts from the same moment.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jobs.subtitles.film.inventory import Inventory
from jobs.subtitles.job.documents import Track
from shared.errors import InvalidAssets, ToolFailed
from shared.machine.ffmpeg import filter_value, run_watched
from shared.video.encoding.film_files import ONLY

RATE_HZ: Final = 16_000
_HEADER_BYTES: Final = 44
_SILENCE_LUFS: Final = -70.0
"""The gate of EBU R 128."""
_SHARES: Final = {"FC": 1.0, "FL": 0.5, "FR": 0.5, "LFE": 0.0, "LFE2": 0.0}
"""How loud a channel is in the mix: speech comes from the middle; others have `_AROUND`."""
_AROUND: Final = 0.25
_NAMED: Final = frozenset(
    {*("FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR")}
    | {*("TBL", "TBC", "TBR", "WL", "WR", "LFE2", "TSL", "TSR")}
)
"""Channels by place; others are mixed by ffmpeg."""
_SCENE_SCORE: Final = 10
"""In percent, of ffmpeg's `scdet`: how much of the picture changes beyond what motion does."""
_SCENE_WIDTH_PX: Final = 320
_LEAST_SHOT_S: Final = 0.25
"""A flash is no cut."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What one pass over a film found."""

    sound_s: float
    film_s: float
    """Up to where the film could be decoded."""
    integrated_lufs: float | None
    """None for silence."""
    cuts_s: tuple[float, ...]
    saw_cuts: bool
    """Whether its picture could be decoded."""


def decode_film(
    film: Inventory,
    track: Track,
    path: Path,
    target: Path,
    *,
    name: str,
    threads: int,
    on_time: Callable[[float], None],
) -> Heard:
    """Write the track to `target` (WAV); raises `InvalidAssets`, naming `name`, if it can't be decoded.

    Memory doesn't grow with the film. `on_time` gets the seconds that are done.
    """
    cuts = target.with_name("cuts.txt")
    clock = _Clock(on_time)
    sound = _sound(film, track, target)
    picture = _cuts(film, cuts)
    source = [
        *ONLY,
        "-threads",
        str(threads),
        "-skip_loop_filter",
        "all",
        "-noautorotate",
        "-i",
        f"file:{path}",
    ]
    try:
        said = run_watched([*source, *sound, *picture], on_time=clock)
    except ToolFailed as error:
        picture = []
        said = _sound_alone([*source, *sound], clock, name, error)
    return Heard(
        sound_s=_length_s(target, name),
        film_s=clock.furthest_s,
        integrated_lufs=_loudness(said),
        cuts_s=tuple(_times(cuts)) if picture else (),
        saw_cuts=bool(picture),
    )


class _Clock:
    """Passes the time on and remembers the latest."""

    def __init__(self, on_time: Callable[[float], None]) -> None:
        self._on_time = on_time
        self.furthest_s = 0.0

    def __call__(self, time_s: float) -> None:
        self.furthest_s = max(self.furthest_s, time_s)
        self._on_time(time_s)


def _sound_alone(arguments: Sequence[str], clock: _Clock, name: str, first: ToolFailed) -> str:
    try:
        return run_watched(arguments, on_time=clock)
    except ToolFailed:
        remedy = "put it there again, with its sound as AAC, MP3 or PCM"
        raise InvalidAssets(f"{name}: its sound can't be decoded; {remedy}") from first


def _sound(film: Inventory, track: Track, target: Path) -> list[str]:
    filters = ["aresample=async=1:first_pts=0", "ebur128=framelog=quiet", *_mix(film.channels[track.index])]
    output = ["-ac", "1", "-ar", str(RATE_HZ), "-c:a", "pcm_s16le", "-bitexact", "-f", "wav", "-y"]
    return ["-map", f"0:{track.index}", "-af", ",".join(filters), *output, f"file:{target}"]


def _mix(channels: Sequence[str]) -> list[str]:
    """To one channel without clipping. ffmpeg's own mix makes speech in the middle of surround sound 11 dB
    quieter, and stereo 3 dB louder."""
    if len(channels) < 2 or not _NAMED.issuperset(channels):
        return []
    has_middle = "FC" in channels
    alike = 1 / len(channels)
    shares = [(name, _SHARES.get(name, _AROUND) if has_middle else alike) for name in channels]
    mixed = "+".join(f"{share:g}*{name}" for name, share in shares if share)
    return [
        *("aformat=sample_fmts=fltp", f"pan=mono|c0={mixed}", f"aresample={RATE_HZ}"),
        "alimiter=limit=0.97:level=disabled:latency=enabled",
    ]


def _cuts(film: Inventory, target: Path) -> list[str]:
    if film.picture is None:
        return []
    filters = (
        f"scale=w={_SCENE_WIDTH_PX}:h=-2:flags=fast_bilinear,format=gray,"
        f"scdet=threshold={_SCENE_SCORE},"
        f"metadata=mode=print:key=lavfi.scd.time:file={filter_value(target)}"
    )
    return ["-map", f"0:{film.picture.index}", "-vf", filters, "-fps_mode", "passthrough", "-f", "null", "-"]


def _times(path: Path) -> list[float]:
    found: list[float] = []
    for time in re.findall(
        r"^lavfi\.scd\.time=([\d.]+)", path.read_text() if path.exists() else "", re.MULTILINE
    ):
        if float(time) - (found[-1] if found else 0.0) >= _LEAST_SHOT_S:
            found.append(float(time))
    return found


def _length_s(target: Path, name: str) -> float:
    samples = (target.stat().st_size - _HEADER_BYTES) // 2 if target.exists() else 0
    if samples <= 0:
        raise InvalidAssets(f"{name}: its track of sound is empty; put a film with sound there")
    return samples / RATE_HZ


def _loudness(said: str) -> float | None:
    found = re.findall(r"^\s*I:\s+(-?[\d.]+) LUFS", said, re.MULTILINE)
    loudness = float(found[-1]) if found else _SILENCE_LUFS
    return loudness if loudness > _SILENCE_LUFS else None
