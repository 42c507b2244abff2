"""Segments become one film by copying: every frame at its time, sound and soft captions beside it."""

import io
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path

import av
import numpy as np
import pytest

from shared.machine.ffmpeg import run
from shared.video.encoding.join import Chapter, join_segments, mux
from shared.video.encoding.x264 import timescale
from tests.shared.video.encoding.test_x264 import RATES, write
from tests.support.films import boxes, frames, soft_captions, tracks
from tests.support.shards import in_parts

COUNTS = ([1], [2], [1, 1, 1], [5, 1, 5], [24, 2, 1, 3, 30], [3, 50, 2])
"""One fewer than there are rates, so that each day's part has all of them, each with another rate."""
SRT = "1\n00:00:00,200 --> 00:00:00,600\nA boat.\n\n2\n00:00:00,600 --> 00:00:00,900\ntwo\nlines\n\n"


def joined(folder: Path, counts: list[int], rate: Fraction = Fraction(25)) -> Path:
    parts = [(folder / f"{number}.mp4", count) for number, count in enumerate(counts)]
    for path, count in parts:
        write(path, count, rate=rate)
    join_segments(parts, folder / "joined.mp4", rate)
    return folder / "joined.mp4"


def sound(folder: Path, duration_s: float) -> Path:
    path = folder / "sound.m4a"
    tone = f"sine=frequency=300:sample_rate=48000:duration={duration_s},aformat=channel_layouts=stereo"
    run(["-f", "lavfi", "-i", tone, "-c:a", "aac", "-f", "ipod", "-y", path])
    return path


def film(
    folder: Path,
    srt: str | None,
    *,
    counts: tuple[int, ...] = (25,),
    language: str = "en",
    chapters: Sequence[Chapter] = (),
) -> bytes:
    captions = folder / "captions.srt"
    if srt is not None:
        captions.write_text(srt, encoding="utf-8")
    video = joined(folder, list(counts))
    target = folder / "film.mp4"
    voice = sound(folder, sum(counts) / 25)
    mux(video, voice, captions if srt else None, target, language=language, chapters=chapters)
    return target.read_bytes()


@pytest.mark.parametrize(("rate", "counts"), in_parts(list(product(RATES, COUNTS))))
def test_every_step_is_one_frame_across_all_joints(tmp_path: Path, counts: list[int], rate: Fraction) -> None:
    video = tracks(joined(tmp_path, counts, rate).read_bytes())["video"]
    _, step = timescale(rate)
    assert sorted(pts for pts, *_ in video.packets) == [at * step for at in range(sum(counts))]
    assert {duration for _, _, duration, _ in video.packets} == {step}
    assert all(before < after for (_, before, *_), (_, after, *_) in pairwise(video.packets))
    assert all(dts <= pts for pts, dts, *_ in video.packets)
    assert video.facts["average_rate"] == video.facts["guessed_rate"] == rate
    assert video.duration_s == pytest.approx(float(sum(counts) / rate), abs=0.001)


@pytest.mark.parametrize("counts", [[1, 2, 9], [30, 1, 30], [2, 2, 2]], ids=str)
def test_joined_frames_are_the_segments_frames(tmp_path: Path, counts: list[int]) -> None:
    shown = frames(joined(tmp_path, counts).read_bytes())
    alone = [frame for n in range(len(counts)) for frame in frames((tmp_path / f"{n}.mp4").read_bytes())]
    assert len(shown) == sum(counts)
    assert all(np.array_equal(one, two) for one, two in zip(shown, alone, strict=True))


def test_a_film_has_picture_sound_and_captions_and_starts_at_once(tmp_path: Path) -> None:
    made = film(tmp_path, SRT)
    found = tracks(made)
    assert list(found) == ["video", "audio", "subtitle"]
    assert found["video"].duration_s == found["audio"].duration_s == 1
    assert found["subtitle"].codec == "mov_text"
    assert boxes(made).index("moov") < boxes(made).index("mdat")


def test_copying_changes_no_packet(tmp_path: Path) -> None:
    found = tracks(film(tmp_path, SRT))
    video = tracks((tmp_path / "joined.mp4").read_bytes())["video"]
    audio = tracks((tmp_path / "sound.m4a").read_bytes())["audio"]
    assert found["video"].packets == video.packets
    assert found["audio"].packets == audio.packets


def test_a_film_without_captions_has_no_track_for_them(tmp_path: Path) -> None:
    assert list(tracks(film(tmp_path, None))) == ["video", "audio"]


def test_captions_keep_their_times_and_their_gaps(tmp_path: Path) -> None:
    gap = SRT + "3\n00:00:00,950 --> 00:00:01,000\nlast\n\n"
    made = film(tmp_path, gap)
    assert soft_captions(made) == [(200, 600, "A boat."), (600, 900, "two\nlines"), (950, 1000, "last")]
    empty = [
        (pts, duration)
        for pts, _, duration, content in tracks(made)["subtitle"].packets
        if content == b"\0\0"
    ]
    assert [(pts / 90, ms / 90) for pts, ms in empty] == [(0, 200), (900, 50)]


@pytest.mark.parametrize(
    "text",
    [
        r"{\b1}a{\b0}",
        "<b>a</b> &amp;",
        r"a\Nb",
        "00:00:01,000 --> 00:00:02,000",
        "7",
        "\\",
        "שלום עולם",
        "😀" * 300,
        "x" * 4000,
    ],
    ids=range(9),
)
def test_captions_are_taken_literally(tmp_path: Path, text: str) -> None:
    made = film(tmp_path, f"1\n00:00:00,100 --> 00:00:00,500\n{text}\n\n")
    assert soft_captions(made) == [(100, 500, text)]


@pytest.mark.parametrize(
    ("language", "stored"),
    [("en", "eng"), ("en-GB", "eng"), ("zh-Hant", "zho"), ("DE", "deu"), ("tlh", "tlh"), ("x1", "und")],
)
def test_tracks_are_tagged_with_the_language(tmp_path: Path, language: str, stored: str) -> None:
    found = tracks(film(tmp_path, SRT, counts=(25,), language=language))
    assert found["audio"].language == found["subtitle"].language == stored


def test_the_same_film_is_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert film(tmp_path / "one", SRT, counts=(9, 30)) == film(tmp_path / "two", SRT, counts=(9, 30))


def test_captions_of_hours_keep_their_times(tmp_path: Path) -> None:
    late = "1\n01:59:59,999 --> 02:00:01,001\nlate\n\n"
    assert soft_captions(film(tmp_path, late)) == [(7_199_999, 7_201_001, "late")]


CHAPTERS = (
    Chapter(start_ms=0, title="How it began: »Öl« = gut; #1\n[1]"),
    Chapter(start_ms=1000, title="次の章"),
    Chapter(start_ms=2040, title="نهاية"),
)


def chapters_of(made: bytes) -> list[tuple[float, float, str]]:
    """Start and end in seconds, and title, as ffmpeg reads them."""
    with av.open(io.BytesIO(made)) as container:
        return [
            (
                float(chapter["start"] * (chapter["time_base"] or 0)),
                float(chapter["end"] * (chapter["time_base"] or 0)),
                chapter["metadata"]["title"],
            )
            for chapter in container.chapters()
        ]


@pytest.mark.parametrize("srt", [SRT, None])
def test_a_film_has_chapters_that_end_where_the_next_one_starts(tmp_path: Path, srt: str | None) -> None:
    made = film(tmp_path, srt, counts=(25, 50), chapters=CHAPTERS)
    titles = ["How it began: »Öl« = gut; #1 [1]", "次の章", "نهاية"]
    assert chapters_of(made) == [
        (0, 1, titles[0]),
        (1, pytest.approx(2.04), titles[1]),
        (pytest.approx(2.04), 3, titles[2]),
    ]
    assert b"chpl" in made  # Nero's list
    assert b"chap" in made  # QuickTime's reference to the track of titles
    if srt:
        assert [text for *_, text in soft_captions(made)] == ["A boat.", "two\nlines"]


def test_chapters_change_no_packet_of_picture_and_sound(tmp_path: Path) -> None:
    plain, made = (film(tmp_path, SRT, counts=(75,), chapters=marks) for marks in ((), CHAPTERS))
    assert chapters_of(plain) == []
    for kind in ("video", "audio", "subtitle"):
        assert tracks(made)[kind].packets == tracks(plain)[kind].packets


def test_a_title_is_cut_between_characters_and_many_chapters_are_all_there(tmp_path: Path) -> None:
    many = [Chapter(start_ms=10 * number, title=f"{number} " + "長" * 200) for number in range(300)]
    found = chapters_of(film(tmp_path, None, counts=(75,), chapters=many))
    assert len(found) == 300
    assert all(title == f"{number} " + "長" * 84 for number, (*_, title) in list(enumerate(found))[:10])


@pytest.mark.parametrize("starts", [(0, 0), (500, 200), (0, 3000)])
def test_chapters_must_follow_each_other_within_the_film(tmp_path: Path, starts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="each must start after the one before it"):
        film(tmp_path, None, counts=(75,), chapters=[Chapter(start_ms=at, title="x") for at in starts])
