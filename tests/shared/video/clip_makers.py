"""Clips made by code, small and quick."""

from fractions import Fraction
from pathlib import Path

from shared.machine.ffmpeg import run
from shared.video.encoding.x264 import segment_writer

STEP = 3
"""By how much a frame of `numbered_clip` is lighter than the one before."""


def numbered_clip(
    path: Path, frames: int = 60, *, size: tuple[int, int] = (64, 96), rate: int = 30, key_every: int = 10
) -> Path:
    """A clip whose frames tell their number by how light they are: see `number_of`."""
    with segment_writer(path, *size, Fraction(rate), crf=4, key_every=key_every) as writer:
        for number in range(frames):
            writer.frame.luma[...] = 20 + STEP * number % 210
            writer.frame.chroma[...] = 128
            writer.write()
    return path


def number_of(luma: float) -> float:
    """Which frame of a `numbered_clip` is this light; parts of a number for blends."""
    return (luma - 20) / STEP


def filmed_clip(
    path: Path,
    seconds: float,
    *,
    size: tuple[int, int] = (96, 64),
    rate: str = "24",
    source: str = "testsrc2",
    codec: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast"),
    extra: tuple[str, ...] = (),
) -> Path:
    """A clip as a model might make it."""
    picture = f"{source}=size={size[0]}x{size[1]}:rate={rate}"
    arguments = ["-f", "lavfi", "-i", picture, "-t", str(seconds), "-pix_fmt", "yuv420p", *codec, *extra]
    run([*arguments, "-y", f"file:{path}"])
    return path
