"""The picture of a film: a drawing for each shot, over which the camera moves slowly."""

import wave
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from scripts.known_film.sound import RATE_HZ, KnownSound
from scripts.sample import day, night
from scripts.sample.canvas import finished
from shared.machine.ffmpeg import run

FRAME_RATE: Final = Fraction(24_000, 1001)
_SIZE: Final = (1280, 720)
_TOP: Final = 640
"""The row of the drawing at which the camera begins; it moves down by a row a frame."""


def write_film(path: Path, sound: KnownSound, pictures: Sequence[str], scratch: Path) -> None:
    """Write the film as MP4, of 1280x720 at 23.976 frames/s."""
    drawn = {name: _draw(name, scratch) for name in dict.fromkeys(pictures)}
    ends = [0, *(round(cut * FRAME_RATE) for cut in sound.cuts), round(sound.duration_s * FRAME_RATE)]
    graph = ""
    for number, (start, end) in enumerate(pairwise(ends)):
        width, height = _SIZE
        graph += (
            f"[{number}]loop={end - start - 1}:1,setpts=N/({FRAME_RATE}*TB),fps={FRAME_RATE},"
            f"crop={width}:{height}:0:'min({_TOP}+n,ih-{height})'[v{number}];"
        )
    inputs = [word for name in pictures for word in ("-i", drawn[name])]
    graph += "".join(f"[v{number}]" for number in range(len(pictures))) + f"concat=n={len(pictures)}[v]"
    wav = write_sound(scratch / "sound.wav", sound)
    coded = [
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "21",
        "-pix_fmt",
        "yuv420p",
        "-r",
        str(FRAME_RATE),
    ]
    run(
        [
            *("-y", *inputs, "-i", wav, "-filter_complex", graph, "-map", "[v]"),
            *("-map", f"{len(pictures)}:a", *coded, "-c:a", "aac", "-b:a", "160k"),
            *("-metadata:s:a:0", "language=eng", "-movflags", "+faststart", path),
        ]
    )


def write_sound(path: Path, sound: KnownSound) -> Path:
    """Write the sound as 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.rint(sound.samples * 32767).astype("<i2").tobytes())
    return path


def _draw(name: str, folder: Path) -> Path:
    draw = getattr(day, name, None) or getattr(night, name)
    rng = np.random.default_rng(len(name))
    path = folder / f"{name}.png"
    Image.fromarray(finished(draw(rng), rng)).save(path, compress_level=1)
    return path
