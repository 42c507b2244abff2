"""Segments: each alone a whole mp4 of one closed group of pictures, the same bytes every time."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.video.encoding.x264 import LEAD_FRAMES, segment_writer, timescale, x264_parameters
from tests.support.films import frames, psnr, tracks

RATES = [
    Fraction(12),
    Fraction(24),
    Fraction(25),
    Fraction(30),
    Fraction(60),
    Fraction(30000, 1001),
    Fraction(2997, 100),
]


def scene(width: int, height: int, at: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Luma and chroma of waves that move."""
    down, right = np.mgrid[0:height, 0:width]
    luma = (128 + 60 * np.sin((right + 3 * at) / 9) + 30 * np.sin(down / 7)).astype(np.uint8)
    half_down, half_right = down[: height // 2, : width // 2], right[: height // 2, : width // 2]
    chroma = np.dstack([100 + half_right * 60 / width, 160 - half_down * 60 / height])
    return luma, chroma.astype(np.uint8)


def write(
    path: Path, count: int, *, size: tuple[int, int] = (64, 64), rate: Fraction = Fraction(25)
) -> bytes:
    width, height = size
    with segment_writer(path, width, height, rate) as writer:
        for at in range(count):
            luma, chroma = scene(width, height, at)
            np.copyto(writer.frame.luma, luma)
            np.copyto(writer.frame.chroma, chroma)
            writer.write()
    return path.read_bytes()


@pytest.mark.parametrize("rate", [*RATES, Fraction(299, 10), Fraction(60_059, 1001)], ids=str)
def test_ticks_are_whole_in_a_second_and_in_a_frame(rate: Fraction) -> None:
    ticks, step = timescale(rate)
    assert Fraction(ticks, step) == rate
    assert 1000 <= ticks <= 60_060


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("count", [1, 2, 3, 25])
def test_a_segment_has_its_frames_at_exact_times(tmp_path: Path, rate: Fraction, count: int) -> None:
    film = write(tmp_path / "s.mp4", count, rate=rate)
    video = tracks(film)["video"]
    ticks, step = timescale(rate)
    assert video.tick_s == Fraction(1, ticks)
    assert sorted(pts for pts, *_ in video.packets) == [at * step for at in range(count)]
    assert len(frames(film)) == count


def test_a_segment_has_one_key_frame_and_it_is_the_first(tmp_path: Path) -> None:
    write(tmp_path / "s.mp4", 60)
    with av.open(str(tmp_path / "s.mp4"), "r") as container:
        keys = [packet.is_keyframe for packet in container.demux(video=0) if packet.size]
    assert keys == [True, *[False] * 59]


def test_decoding_runs_ahead_by_no_more_than_is_promised(tmp_path: Path) -> None:
    video = tracks(write(tmp_path / "s.mp4", 60))["video"]
    _, step = timescale(Fraction(25))
    assert all((place - LEAD_FRAMES) * step <= pts for place, (pts, *_) in enumerate(video.packets))


def test_a_segment_is_tagged_as_high_profile_in_bt709(tmp_path: Path) -> None:
    facts = tracks(write(tmp_path / "s.mp4", 3, size=(130, 98)))["video"].facts
    assert (facts["profile"], facts["pixels"]) == ("High", "yuv420p")
    assert facts["colour"] == (1, 1, 1, 1)
    assert facts["size"] == (130, 98)


@pytest.mark.parametrize("size", [(64, 64), (66, 70), (130, 66), (320, 180), (540, 64)])
def test_planes_of_every_width_arrive_as_they_were_drawn(tmp_path: Path, size: tuple[int, int]) -> None:
    """Widths that libav pads, too."""
    width, height = size
    for at, frame in enumerate(frames(write(tmp_path / "s.mp4", 4, size=size))):
        luma, chroma = scene(width, height, at)
        planes = [plane.reshape(-1) for plane in (luma, chroma[..., 0], chroma[..., 1])]
        assert psnr(frame.reshape(-1), np.concatenate(planes)) > 38


def test_the_same_frames_are_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "one.mp4", 30) == write(tmp_path / "two.mp4", 30)


def test_an_error_while_drawing_comes_out(tmp_path: Path) -> None:
    def draw() -> None:
        with segment_writer(tmp_path / "s.mp4", 64, 64, Fraction(25)) as writer:
            writer.frame.luma[:], writer.frame.chroma[:] = 16, 128
            writer.write()
            raise KeyError("brush")

    with pytest.raises(KeyError, match="brush"):
        draw()


def test_the_encoder_uses_one_thread_and_what_every_processor_has() -> None:
    asked = dict(pair.split("=") for pair in x264_parameters().split(":"))
    assert (asked["threads"], asked["stitchable"], asked["open-gop"]) == ("1", "1", "0")
    assert "AVX512" not in asked.get("asm", "")
