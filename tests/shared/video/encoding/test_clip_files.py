"""Files of clips that anyone may have made."""

import struct
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest

from shared.errors import InvalidAssets
from shared.machine.ffmpeg import run
from shared.video.encoding import clip_files
from shared.video.encoding.clip_files import check_clip
from shared.video.encoding.clips import normalise_clip
from tests.shared.video.clip_makers import filmed_clip, numbered_clip


def refusal(path: Path) -> str:
    with pytest.raises(InvalidAssets) as caught:
        normalise_clip(
            path,
            path.with_name("made.mp4"),
            name="assets/scene.mp4",
            width=64,
            height=96,
            frame_rate=Fraction(30),
            frames=30,
        )
    assert "assets/scene.mp4" in str(caught.value)
    return str(caught.value)


def test_the_facts_of_a_clip(tmp_path: Path) -> None:
    facts = check_clip(numbered_clip(tmp_path / "clip.mp4", 45, key_every=20), name="clip")
    assert (facts.codec, facts.pixels, facts.width, facts.height) == ("h264", "yuv420p", 64, 96)
    assert (facts.frames, float(facts.frame_rate), facts.duration_s) == (45, 30.0, 1.5)
    assert (facts.longest_gop, facts.has_sound, facts.is_bt709) == (20, False, True)


def test_only_a_clip_that_needs_nothing_is_ready(tmp_path: Path) -> None:
    facts = check_clip(numbered_clip(tmp_path / "clip.mp4", 45, key_every=30), name="clip")
    assert facts.is_ready(64, 96, Fraction(30), 45)
    assert not facts.is_ready(64, 96, Fraction(30), 44)
    assert not facts.is_ready(64, 96, Fraction(25), 45)
    assert not facts.is_ready(96, 64, Fraction(30), 45)
    slow = check_clip(numbered_clip(tmp_path / "slow.mp4", 45, key_every=45), name="slow")
    assert not slow.is_ready(64, 96, Fraction(30), 45)
    untagged = check_clip(filmed_clip(tmp_path / "other.mp4", 1.5, size=(64, 96), rate="30"), name="other")
    assert not untagged.is_ready(64, 96, Fraction(30), 45)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no clip at all",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"\0\0\0\x18ftypmp42" + bytes(500),
        b"\x1aE\xdf\xa3" + bytes(500),
    ],
)
def test_what_is_no_clip_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    refusal(path)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("faststart", [False, True])
def test_a_clip_cut_short_is_refused(tmp_path: Path, part: float, faststart: bool) -> None:
    extra = ("-movflags", "+faststart") if faststart else ()
    whole = filmed_clip(tmp_path / "whole.mp4", 2, extra=extra).read_bytes()
    path = tmp_path / "clip.mp4"
    path.write_bytes(whole[: int(len(whole) * part)])
    refusal(path)


def test_a_clip_with_rubbish_inside_is_refused_or_made_whole(tmp_path: Path) -> None:
    data = bytearray(filmed_clip(tmp_path / "whole.mp4", 2).read_bytes())
    at = data.index(b"mdat") + 2000
    data[at : at + 3000] = bytes(range(256)) * 11 + bytes(184)
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    with suppress(InvalidAssets):
        made = normalise_clip(
            path,
            tmp_path / "made.mp4",
            name="clip",
            width=64,
            height=96,
            frame_rate=Fraction(30),
            frames=30,
        )
        assert made.frames == 30


def test_a_clip_that_is_too_short_is_refused(tmp_path: Path) -> None:
    assert "0.50 s" in refusal(filmed_clip(tmp_path / "clip.mp4", 0.5))


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    run(["-f", "lavfi", "-i", "sine", "-t", "2", "-y", f"file:{path}"])
    assert "no picture" in refusal(path)


@pytest.mark.parametrize("limit", ["_MOST_BYTES", "_MOST_PIXELS", "_MOST_S", "_MOST_FRAMES"])
def test_nothing_beyond_the_limits_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    path = filmed_clip(tmp_path / "clip.mp4", 2)
    monkeypatch.setattr(clip_files, limit, 1)
    refusal(path)


def test_a_picture_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    data = bytearray(filmed_clip(tmp_path / "clip.mp4", 2).read_bytes())
    at = data.index(b"avc1") + 28
    data[at : at + 4] = struct.pack(">HH", 65000, 65000)
    path = tmp_path / "huge.mp4"
    path.write_bytes(data)
    facts = check_clip(path, name="huge")  # the coded size is what counts, not what the box says
    assert (facts.width, facts.height) == (96, 64)


def test_codecs_out_of_common_use_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    coding = ["-c:v", "ffv1", "-pix_fmt", "yuv420p"]
    run(["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=24", "-t", "1.5", *coding, "-y", f"file:{path}"])
    refusal(path)
