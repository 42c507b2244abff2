"""Speech as MP3: written, read, trimmed of its silence, and made faster or slower at the same pitch.

PCM is mono, signed 16-bit little-endian, at `RATE_HZ` unless a rate is given.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.machine.ffmpeg import run
from shared.machine.temporary import scratch

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray

RATE_HZ: Final = 44_100
BITS_PER_S: Final = 128_000
EDGE_MS: Final = 30
"""Silence that `trimmed` leaves at both ends, so that the first sound is not clipped."""

_FADE_MS: Final = 15
_BLOCK_MS: Final = 5
_AUDIBLE_PART: Final = 0.006
"""In parts of the loudest block; softer blocks (-44 dB) at an end are a room's or a lossy codec's noise."""
_AUDIBLE_LEAST: Final = 24.0
"""A lower RMS always counts as silence: -63 dBFS."""
_SAME_BYTES: Final = ("-map_metadata", "-1", "-id3v2_version", "0", "-fflags", "+bitexact")


@dataclass(frozen=True, kw_only=True)
class Mp3:
    """A decoded MP3."""

    pcm: bytes
    sample_rate_hz: int
    """Of the file; `pcm` has `RATE_HZ`."""
    channels: int
    """Of the file; `pcm` has one."""
    bits_per_s: int

    @property
    def duration_ms(self) -> int:
        return duration_ms(self.pcm)


def duration_ms(pcm: bytes, sample_rate_hz: int = RATE_HZ) -> int:
    return len(pcm) // 2 * 1000 // sample_rate_hz


def write_mp3(pcm: bytes, sample_rate_hz: int, target: Path, *, pace: float = 1.0) -> None:
    """Write 44.1 kHz, 128 kbit/s constant, mono, without metadata; same sound, same bytes.

    `pace` above 1 speaks faster, below 1 slower. Players that read LAME's tag, as ffmpeg does, return as many
    samples as were written. Raises `ToolFailed`.
    """
    with scratch() as folder:
        before = folder / "before.pcm"
        before.write_bytes(pcm)
        source = ["-f", "s16le", "-ar", str(sample_rate_hz), "-ac", "1", "-i", f"file:{before}"]
        coding = ["-c:a", "libmp3lame", "-b:a", str(BITS_PER_S), "-flags:a", "+bitexact"]
        filters = ["-af", f"{_paced(pace)}aresample={RATE_HZ}"]
        run([*source, *filters, *coding, *_SAME_BYTES, "-f", "mp3", "-y", f"file:{target}"], timeout_s=120)


def at_pace(pcm: bytes, sample_rate_hz: int, pace: float) -> bytes:
    """The same speech, faster or slower; raises `ToolFailed`."""
    with scratch() as folder:
        before, after = folder / "before", folder / "after"
        before.write_bytes(pcm)
        raw = ["-f", "s16le", "-ar", str(sample_rate_hz), "-ac", "1"]
        run([*raw, "-i", f"file:{before}", "-af", f"{_paced(pace)}anull", *raw, f"file:{after}"])
        return after.read_bytes()


def _paced(pace: float) -> str:
    """`atempo` overlaps whole periods of the voice: speech stays natural between about 0.8 and 1.3.

    It starts in the middle of its first window of 2048 samples, so that much silence comes first.
    """
    return f"aresample={RATE_HZ},adelay=1024S,atempo={pace:.5f}," if pace != 1.0 else ""


def read_mp3(data: bytes) -> Mp3:
    """Decode all of it; raises `ValueError` for data that is not an MP3, is damaged or has no sound."""
    import av

    try:
        with av.open(io.BytesIO(data), "r", format="mp3") as container:
            stream = container.streams.audio[0]
            pcm = _decoded(container, stream)
            facts = stream.codec_context.sample_rate, stream.codec_context.channels, stream.bit_rate or 0
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f"it is not an MP3 that can be played ({error})") from error
    if not pcm:
        raise ValueError("it holds no sound")
    sample_rate_hz, channels, bits_per_s = facts
    return Mp3(pcm=pcm, sample_rate_hz=sample_rate_hz, channels=channels, bits_per_s=bits_per_s)


def _decoded(container: "av.container.InputContainer", stream: "av.AudioStream") -> bytes:
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    frames = [piece for frame in container.decode(stream) for piece in resampler.resample(frame)]
    frames += resampler.resample(None)
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)


def trimmed(pcm: bytes, sample_rate_hz: int = RATE_HZ) -> tuple[bytes, int]:
    """`pcm` with `EDGE_MS` of silence at both ends, and by how many ms that moves the sound.

    The outer half of the edges is faded, to avoid clicks. Silence alone becomes empty.
    """
    import numpy as np

    samples = np.frombuffer(pcm, "<i2")
    sounding = _sounding(samples, sample_rate_hz * _BLOCK_MS // 1000)
    if sounding is None:
        return b"", 0
    edge = sample_rate_hz * EDGE_MS // 1000
    first, after = sounding[0] - edge, sounding[1] + edge
    kept = samples[max(0, first) : after]
    room = (max(0, -first), max(0, after - samples.size))
    padded = np.pad(kept, room).astype(np.float32)
    fade = np.linspace(0, 1, sample_rate_hz * _FADE_MS // 1000, dtype=np.float32)
    padded[: fade.size] *= fade
    padded[padded.size - fade.size :] *= fade[::-1]
    return np.rint(padded).astype("<i2").tobytes(), round(-first * 1000 / sample_rate_hz)


def _sounding(samples: "NDArray[np.int16]", block: int) -> tuple[int, int] | None:
    """Where the first and the last audible block start and end; None if there is none."""
    import numpy as np

    blocks = samples[: samples.size // block * block].reshape(-1, block).astype(np.float32)
    loudness = np.sqrt((blocks**2).mean(axis=1))
    loud = np.flatnonzero(loudness > max(_AUDIBLE_LEAST, _AUDIBLE_PART * loudness.max(initial=0.0)))
    return (int(loud[0]) * block, (int(loud[-1]) + 1) * block) if loud.size else None
