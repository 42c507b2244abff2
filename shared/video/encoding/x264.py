"""Encoding frames to H.264 segments that can be joined by copying.

One thread each: x264 then gives the same bytes on every machine with any number of cores, and wastes no time
on synchronising threads; whole segments run in parallel instead. A short lookahead and no B-pyramid keep an
encoder at 90 MB for 1080x1920 rather than 145, for files that are no larger.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from shared.video.frames.frames import Frame

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

X264_PRESET: Final = "veryfast"
"""The knee of the curve: half of `faster`'s time; `superfast` writes four times the bytes."""
X264_CRF: Final = 20
X264_PARAMETERS: Final = (
    "threads=1:keyint=infinite:scenecut=0:open-gop=0:repeat-headers=1:stitchable=1:force-cfr=1:"
    "rc-lookahead=5:b-adapt=0:b-pyramid=none:"
    "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv:chromaloc=1"
)
_QUICK_TO_DECODE: Final = ":cabac=0:no-deblock=1:weightb=0:weightp=0"
"""x264's `fastdecode`: half the time, for files that are an eighth larger."""
LEAD_FRAMES: Final = 2
"""How many frames decoding may run ahead of showing, with three B-frames."""
_UP_TO_AVX2: Final = "asm=MMX2,SSE2Fast,LZCNT,SSSE3,SSE4.2,AVX,FMA3,BMI1,BMI2,AVX2"
_BT709: Final = 1
_LIMITED: Final = 1


def timescale(frame_rate: Fraction) -> tuple[int, int]:
    """Ticks a second (1000 to 60,060) and ticks a frame, both whole, for an mp4 track of this frame rate."""
    times = 1000 if frame_rate.numerator <= 60 else 60 if frame_rate.numerator < 1000 else 1
    return frame_rate.numerator * times, frame_rate.denominator * times


@cache
def x264_parameters() -> str:
    """The parameters for this machine's processor, chosen so that the bytes are the same on all.

    x264's AVX-512 code for macroblock trees (core 165) reads memory that was never set, so its decisions
    change from run to run; everything up to AVX2 agrees bit by bit, and is no slower.
    """
    flags = Path("/proc/cpuinfo")
    has_avx512 = flags.exists() and "avx512" in flags.read_text()
    return f"{X264_PARAMETERS}:{_UP_TO_AVX2}" if has_avx512 else X264_PARAMETERS


class SegmentWriter:
    """Takes frames in order and encodes them."""

    def __init__(
        self,
        container: "av.container.OutputContainer",
        width: int,
        height: int,
        rate: Fraction,
        *,
        crf: int = X264_CRF,
        key_every: int | None = None,
    ) -> None:
        """`key_every` is the distance of key frames, for clips that will be decoded again; with None, for
        segments of films, only the first frame is one."""
        import av

        self._container = container
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "nv12"
        stream.profile = "High"
        context = stream.codec_context
        context.time_base = 1 / rate
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED
        parameters = x264_parameters()
        if key_every is not None:
            parameters = parameters.replace("keyint=infinite", f"keyint={key_every}{_QUICK_TO_DECODE}")
        stream.options = {"preset": X264_PRESET, "crf": str(crf), "x264-params": parameters}
        self._stream = stream
        self._frame = av.VideoFrame(width, height, "nv12")
        self._written = 0
        self.frame = Frame(_plane(self._frame, 0, width, height), _chroma(self._frame, width, height))
        """Draw here, then `write`."""

    def write(self) -> None:
        """Encode the content of `frame`; x264 copies it, so the planes are free again afterwards."""
        self._frame.pts = self._written
        self._frame.time_base = self._stream.codec_context.time_base
        self._written += 1
        self._container.mux(self._stream.encode(self._frame))

    def finish(self) -> None:
        """Encode the frames that the encoder still holds back."""
        self._container.mux(self._stream.encode(None))

    def close(self) -> None:
        """Release the encoder and its memory, even while the writer is still referenced."""
        del self._container, self._stream, self._frame, self.frame


@contextmanager
def segment_writer(
    path: Path,
    width: int,
    height: int,
    rate: Fraction,
    *,
    crf: int = X264_CRF,
    key_every: int | None = None,
) -> Iterator[SegmentWriter]:
    """Write one segment to `path` (mp4); the file is complete when the block ends without an error."""
    import av

    ticks, _ = timescale(rate)
    options = {"video_track_timescale": str(ticks), "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        writer = SegmentWriter(container, width, height, rate, crf=crf, key_every=key_every)
        yield writer
        writer.finish()
        writer.close()
    del container, writer
    gc.collect()  # PyAV's containers and streams form cycles that hold the encoder's 90 MB


def _plane(frame: "av.VideoFrame", number: int, width: int, height: int) -> "NDArray[np.uint8]":
    plane = frame.planes[number]
    memory: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
    return memory.reshape(-1, plane.line_size)[:height, :width]


def _chroma(frame: "av.VideoFrame", width: int, height: int) -> "NDArray[np.uint8]":
    rows = _plane(frame, 1, width, height // 2)
    return rows.reshape(height // 2, width // 2, 2) if rows.flags.c_contiguous else _strided(rows)


def _strided(rows: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    height, width = rows.shape
    shape, strides = (height, width // 2, 2), (rows.strides[0], 2, 1)
    return np.lib.stride_tricks.as_strided(rows, shape, strides)
