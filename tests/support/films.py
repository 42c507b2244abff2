"""Reads films: their tracks, packets and frames."""

import io
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Track:
    """One track of a film."""

    codec: str
    language: str
    duration_s: float
    packets: list[tuple[int, int, int, bytes]]
    """Presentation time, decoding time and duration in ticks; content."""
    tick_s: Fraction
    facts: dict[str, Any]

    @property
    def steps(self) -> set[int]:
        """Distances between successive frames in presentation order, in ticks."""
        times = sorted(pts for pts, *_ in self.packets)
        return {after - before for before, after in pairwise(times)}


def tracks(film: bytes) -> dict[str, Track]:
    """By kind: `video`, `audio`, `subtitle`, and `data` for the titles of chapters."""
    with av.open(io.BytesIO(film), "r") as container:
        found: dict[int, list[tuple[int, int, int, bytes]]] = {s.index: [] for s in container.streams}
        for packet in container.demux():
            if packet.pts is not None and packet.dts is not None:
                found[packet.stream.index].append(
                    (packet.pts, packet.dts, packet.duration or 0, bytes(packet))
                )
        return {
            stream.type: Track(
                codec=stream.codec_context.name if stream.codec_context else "",
                language=stream.metadata.get("language", ""),
                duration_s=float((stream.duration or 0) * (stream.time_base or 0)),
                packets=found[stream.index],
                tick_s=stream.time_base or Fraction(0),
                facts=_facts(stream),
            )
            for stream in container.streams
        }


def _facts(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    if stream.type == "video":
        return {
            "size": (context.width, context.height),
            "profile": stream.profile,
            "pixels": context.pix_fmt,
            "colour": (context.color_primaries, context.color_trc, context.colorspace, context.color_range),
            "average_rate": stream.average_rate,
            "guessed_rate": stream.guessed_rate,
            "frames": stream.frames,
        }
    if stream.type == "audio":
        return {"rate_hz": context.sample_rate, "layout": context.layout.name, "profile": stream.profile}
    return {}


def frames(film: bytes) -> list[NDArray[np.uint8]]:
    """All frames as planar YUV 4:2:0, (3 h / 2, w); raises if one can't be decoded."""
    with av.open(io.BytesIO(film), "r") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return [np.asarray(f.to_ndarray(format="yuv420p"), np.uint8) for f in container.decode(video=0)]


def psnr(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> float:
    """In dB, for luma or whole frames."""
    error = float(np.mean((one.astype(np.float64) - two) ** 2))
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def soft_captions(film: bytes) -> list[tuple[int, int, str]]:
    """Start and end in ms and the text of each caption in the soft track, without gaps."""
    track = tracks(film)["subtitle"]
    ms = track.tick_s * 1000
    return [
        (
            round(pts * ms),
            round((pts + duration) * ms),
            data[2 : 2 + int.from_bytes(data[:2], "big")].decode(),
        )
        for pts, _, duration, data in track.packets
        if data != b"\0\0"
    ]


def srt_captions(text: str) -> list[tuple[int, int, str]]:
    blocks = [block.split("\n", 2) for block in text.strip("\n").split("\n\n")]
    assert [int(number) for number, *_ in blocks] == list(range(1, len(blocks) + 1))
    return [(*_span(times, ","), lines) for _, times, lines in blocks]


def vtt_captions(text: str) -> list[tuple[int, int, str]]:
    head, *blocks = text.strip("\n").split("\n\n")
    assert head == "WEBVTT"
    parted = [block.split("\n", 1) for block in blocks]
    return [(*_span(times, "."), _unescaped(lines)) for times, lines in parted]


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _span(times: str, point: str) -> tuple[int, int]:
    clock = rf"(\d\d):(\d\d):(\d\d){re.escape(point)}(\d\d\d)"
    match = re.fullmatch(f"{clock} --> {clock}", times)
    assert match, times
    numbers = [int(number) for number in match.groups()]
    start, end = (((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (numbers[:4], numbers[4:]))
    return start, end


def boxes(film: bytes) -> list[str]:
    """The names of an mp4's outermost boxes, in order."""
    found, at = [], 0
    while at < len(film):
        size = int.from_bytes(film[at : at + 4], "big")
        found.append(film[at + 4 : at + 8].decode())
        at += size
    return found
