"""Speech laid out: every piece at its frame, as one raw track."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import InvalidAssets, ToolFailed
from shared.machine.ffmpeg import run
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

_PACED: Final = "aresample=44100,adelay=1024S,atempo={pace:.5f}"
"""`atempo` starts in the middle of its first window (2048 samples at this rate), so that much silence comes
first: words stay in time to the millisecond."""
_REMEDY: Final = "delete it and speak it again"


def lay_speech(
    timeline: Timeline, files: Mapping[str, Path], samples: int, path: Path, *, rate_hz: int
) -> None:
    """Write every piece of speech at its sample to `path`, as raw 16-bit mono of this many samples.

    `files` has the WAV or MP3 of every key. Raises `InvalidAssets`.
    """
    import numpy as np

    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2 * samples)  # a full disk raises an error here, a SIGBUS below
    track: Samples = np.memmap(path, dtype="<i2", mode="r+", shape=(samples,))
    for spoken in timeline.speech:
        at = round(spoken.at_frame * rate_hz / timeline.frame_rate)
        with tempfile.TemporaryDirectory(prefix="pace-", dir=path.parent) as folder:
            speech = _at_pace(files[spoken.key], spoken.key, spoken.pace, Path(folder))
            for block in decoded_speech(speech, spoken.key, rate_hz):
                room = track[at : at + len(block)]
                room[:] = np.clip(room.astype(np.int32) + block[: len(room)], -32768, 32767)
                at += len(block)


def _at_pace(path: Path, key: str, pace: float, folder: Path) -> Path:
    """The same speech as WAV, sped up or slowed down at the same pitch."""
    if pace == 1.0:
        return path
    paced = folder / "paced.wav"
    only = ["-protocol_whitelist", "file", "-f", _format_of(path)]
    try:
        run([*only, "-i", f"file:{path}", "-map", "0:a:0", "-af", _PACED.format(pace=pace), f"file:{paced}"])
    except ToolFailed as error:
        raise InvalidAssets(f"speech {key!r} can't be played; {_REMEDY}") from error
    return paced


def decoded_speech(path: Path, key: str, rate_hz: int) -> Iterator["Samples"]:
    """A file of any rate, as mono at `rate_hz`, block by block.

    An MP3's encoder delay is skipped, as given in LAME's tag (the demuxer reads it).
    """
    import av
    import numpy as np

    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
    kind = _format_of(path)
    try:
        with path.open("rb") as file, av.open(file, "r", format=kind) as container:
            for frame in chain(container.decode(audio=0), [None]):
                yield from (np.int16(block.to_ndarray()).reshape(-1) for block in resampler.resample(frame))
    except (av.FFmpegError, IndexError) as error:
        problem = f"speech {key!r} can't be read as {kind.upper()} ({error}); {_REMEDY}"
        raise InvalidAssets(problem) from error


def _format_of(path: Path) -> str:
    """By its content: WAV, or else MP3."""
    with path.open("rb") as file:
        start = file.read(4)
    return "mp3" if start.startswith(b"ID3") or start[:1] == b"\xff" else "wav"
