"""mux on films as people have them: what is in the new film, when it is shown, and that nothing is lost."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from jobs.subtitles import mux
from jobs.subtitles.job.documents import Cues
from shared.errors import InvalidAssets, Stopped
from shared.stages.progress import Progress
from tests.jobs.subtitles.film.making import (
    H264,
    SPANS,
    SRT,
    VP8,
    Muxed,
    context_of,
    creation_of,
    cues,
    make,
    packets,
    picture,
    seen,
    tone,
    with_subtitles,
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("films")
    (found / "in.srt").write_text(SRT)
    return found


@pytest.fixture(scope="session")
def plain(folder: Path) -> Path:
    return make(folder / "plain.mp4", *picture(), *tone(), *H264, "-c:a", "aac")


def muxed(path: Path, scratch: Path, *, source: str | None = None) -> Muxed:
    return Muxed(with_subtitles(creation_of(path), source=source), scratch / "work")


@pytest.mark.parametrize(
    ("suffix", "codecs", "target", "soft"),
    [
        (".mp4", ("libx264", "aac"), "final_output.mp4", "mov_text"),
        (".m4v", ("libx264", "aac"), "final_output.mp4", "mov_text"),
        (".mov", ("libx264", "pcm_s16le"), "final_output.mov", "mov_text"),
        (".mkv", ("libx264", "flac"), "final_output.mkv", "subrip"),
        (".webm", ("libvpx", "libopus"), "final_output.webm", "webvtt"),
        (".avi", ("mpeg4", "mp3"), "final_output.mkv", "subrip"),
        (".ts", ("libx264", "aac"), "final_output.mkv", "subrip"),
        (".mpg", ("mpeg2video", "mp2"), "final_output.mkv", "subrip"),
        (".ogv", ("libtheora", "libvorbis"), "final_output.mkv", "subrip"),
    ],
)
def test_each_container_gets_its_own_kind_of_subtitles(
    suffix: str, codecs: tuple[str, str], target: str, soft: str, folder: Path, tmp_path: Path
) -> None:
    path = make(folder / f"kind{suffix}", *picture(), *tone(), *seen(codecs[0]), "-c:a", codecs[1])
    found = muxed(path, tmp_path)
    assert found.path.name == target
    assert found.kinds == ["video", "audio", "subtitle"]
    assert found.codecs[2] == soft
    assert found.languages[2] == "eng"
    assert found.dispositions[2] == {"default"}
    assert found.srt().strip() == SRT.strip() or suffix == ".ogv"  # whose sound starts 3 ms before time 0
    assert found.duration_s == pytest.approx(3, abs=0.1)
    assert found.result.warnings == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_picture_and_sound_are_copied_bit_by_bit(suffix: str, folder: Path, tmp_path: Path) -> None:
    path = make(folder / f"copied{suffix}", *picture(), *tone(), *H264, "-c:a", "aac")
    found = muxed(path, tmp_path)
    assert found.packets("video") == packets(path, "video")
    assert found.packets("audio") == packets(path, "audio")


def test_a_film_starts_to_play_before_it_is_loaded(plain: Path, tmp_path: Path) -> None:
    data = muxed(plain, tmp_path).path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(("suffix", "code"), [(".mp4", "deu"), (".mov", "ger"), (".mkv", "ger")])
def test_subtitles_in_the_films_own_language_are_a_second_track(
    suffix: str, code: str, folder: Path, tmp_path: Path
) -> None:
    path = make(folder / f"two{suffix}", *picture(), *tone(), *H264, "-c:a", "aac")
    found = muxed(path, tmp_path, source="de")
    assert found.languages[2:] == ["eng", code]
    assert found.dispositions[2:] == [{"default"}, set()]
    assert "Tschüss" in found.srt(1)
    assert [each["title"] for each in found.result.metadata["added_subtitles"]] == [
        "Subtitles",
        "Subtitles, as spoken",
    ]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
def test_delayed_sound_stays_delayed_and_subtitles_stay_on_the_picture(
    suffix: str, folder: Path, tmp_path: Path
) -> None:
    path = make(folder / f"late{suffix}", *picture(), *tone(1.5, delay_s=1.2), *H264, "-c:a", "aac")
    found = muxed(path, tmp_path)
    assert found.starts[0] == pytest.approx(0, abs=0.03)
    assert found.starts[1] == pytest.approx(1.2, abs=0.03)
    assert found.srt().startswith("1\n00:00:00,5")


def test_tracks_attachments_and_forced_subtitles_of_the_film_are_kept(folder: Path, tmp_path: Path) -> None:
    (folder / "font.ttf").write_bytes(b"no font, but bytes")
    inputs = (
        *picture(),
        *tone(),
        *tone(hertz=600),
        "-i",
        str(folder / "in.srt"),
        "-i",
        str(folder / "in.srt"),
    )
    maps = tuple(part for number in range(5) for part in ("-map", str(number)))
    names = (
        "-metadata:s:a:1",
        "language=fre",
        "-metadata:s:s:0",
        "language=ger",
        "-metadata",
        'title="L\'été" 🎬',
    )
    flags = (
        "-disposition:s:0",
        "default",
        "-disposition:s:1",
        "default+forced",
        "-disposition:a:1",
        "comment",
    )
    attached = ("-attach", str(folder / "font.ttf"), "-metadata:s:t", "mimetype=application/x-truetype-font")
    codecs = (*H264, "-c:a", "aac", "-c:s:0", "ass", "-c:s:1", "srt")
    path = make(folder / "rich.mkv", *inputs, *maps, *codecs, *names, *flags, *attached)
    found = muxed(path, tmp_path)
    assert found.kinds == ["video", "audio", "audio", "subtitle", "subtitle", "subtitle", "attachment"]
    assert found.codecs[3:6] == ["ass", "subrip", "subrip"]
    assert found.languages[2:6] == ["fre", "ger", "und", "eng"]
    assert found.dispositions[2:6] == [{"comment"}, set(), {"default", "forced"}, {"default"}]
    with av.open(str(found.path)) as film:
        assert film.metadata["title"] == '"L\'été" 🎬'
        assert film.streams[6].metadata["filename"] == "font.ttf"
    assert found.srt(2).strip() == SRT.strip()


def _sup() -> bytes:
    """A Blu-ray's subtitles (PGS): at 1 s and at 2 s a screen without any."""
    screen = struct.pack(">HHBHBBBB", 320, 180, 0x10, 0, 0x80, 0, 0, 0)
    segments = ((0x16, screen), (0x80, b""))
    return b"".join(
        b"PG" + struct.pack(">IIBH", second * 90_000, 0, kind, len(data)) + data
        for second in (1, 2)
        for kind, data in segments
    )


def test_subtitles_that_are_pictures_are_copied(folder: Path, tmp_path: Path) -> None:
    (folder / "disc.sup").write_bytes(_sup())
    disc = ("-i", str(folder / "disc.sup"), "-map", "0", "-map", "1", "-map", "2", "-c:s", "copy")
    path = make(folder / "disc.mkv", *picture(), *tone(), *disc, *H264)
    found = muxed(path, tmp_path)
    assert found.codecs[2:] == ["hdmv_pgs_subtitle", "subrip"]
    assert found.packets("subtitle") == packets(path, "subtitle") != []


def test_subtitles_that_an_mp4_has_already_are_kept_and_step_back(folder: Path, tmp_path: Path) -> None:
    old = ("-i", str(folder / "in.srt"), "-c:s", "mov_text", "-metadata:s:s:0", "language=fra")
    found = muxed(make(folder / "old.mp4", *picture(), *tone(), *old, *H264), tmp_path)
    assert found.languages[2:] == ["fra", "eng"]
    assert found.dispositions[2:] == [set(), {"default"}]
    assert found.srt(0) == found.srt(1)


def test_data_that_no_copy_can_hold_is_left_out_and_named(folder: Path, tmp_path: Path) -> None:
    path = make(folder / "timed.mov", *picture(), *tone(), *H264, "-timecode", "10:00:00:00")
    found = muxed(path, tmp_path)
    [warning] = found.result.warnings
    assert "assets/final_output.mov: track 2 (data" in warning
    assert found.kinds[:2] == ["video", "audio"]
    assert "subtitle" in found.kinds


def test_chapters_are_kept(folder: Path, tmp_path: Path) -> None:
    (folder / "marks").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=3000\ntitle=Two\n"
    )
    marks = ("-f", "ffmetadata", "-i", str(folder / "marks"), "-map_chapters", "2")
    found = muxed(make(folder / "marks.mkv", *picture(), *tone(), *marks, *H264), tmp_path)
    with av.open(str(found.path)) as film:
        assert [chapter["metadata"]["title"] for chapter in film.chapters()] == ["One", "Two"]


def test_what_calls_itself_mp4_but_is_matroska_becomes_matroska(folder: Path, tmp_path: Path) -> None:
    path = make(folder / "wrong.mp4", *picture(), *tone(), *H264, "-c:a", "flac", "-f", "matroska")
    assert muxed(path, tmp_path).path.name == "final_output.mkv"


def test_without_anything_said_the_film_is_copied(plain: Path, tmp_path: Path) -> None:
    creation = with_subtitles(creation_of(plain), cues())
    creation.write("assets/subtitles/subtitles.srt", b"")
    assert Muxed(creation, tmp_path / "work").kinds == ["video", "audio"]


def test_a_film_in_another_container_takes_the_place_of_the_earlier_one(plain: Path, tmp_path: Path) -> None:
    result = mux.run(context_of(with_subtitles(creation_of(plain)), tmp_path))
    assert result.keep == {"assets/final_output.": frozenset({"assets/final_output.mp4"})}


def test_of_sound_alone_no_film_is_made(folder: Path, tmp_path: Path) -> None:
    creation = with_subtitles(creation_of(make(folder / "talk.mp3", *tone())))
    result = mux.STAGE.run(context_of(creation, tmp_path / "work"))
    assert result.outputs == {}
    assert result.metadata == {"film": "none: assets/film.mp3 is sound alone; its subtitles are files"}


def test_a_damaged_film_is_refused_and_the_given_one_is_never_changed(plain: Path, tmp_path: Path) -> None:
    creation = with_subtitles(creation_of(plain))
    Muxed(creation, tmp_path / "work")
    assert creation.read("assets/film.mp4")[0] == plain.read_bytes()
    creation.write("assets/film.mp4", plain.read_bytes()[:5000])
    with pytest.raises(InvalidAssets, match=r"film\.mp4: can't be read"):
        Muxed(creation, tmp_path / "again")


def test_work_ends_soon_after_a_stop(plain: Path, tmp_path: Path) -> None:
    def stop() -> None:
        if progress.step.fraction > 0:
            raise Stopped("SIGTERM")

    progress = Progress(stop)
    with pytest.raises(Stopped):
        mux.STAGE.run(context_of(with_subtitles(creation_of(plain)), tmp_path / "work", progress))


# burnt in


def burnt(path: Path, scratch: Path, document: Cues | None = None) -> Muxed:
    return Muxed(with_subtitles(creation_of(path, {"burn": True}), document), scratch / "work")


def lumas(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as film:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in film.decode(video=0)]


@pytest.fixture(scope="session")
def grey(folder: Path) -> Path:
    return make(folder / "grey.mp4", "-f", "lavfi", "-i", "color=gray:s=320x180:d=2.4", *tone(2.4), *H264)


def white(frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(frame > 200)


def test_burnt_subtitles_are_seen_from_their_first_frame_to_their_last(grey: Path, tmp_path: Path) -> None:
    found = burnt(grey, tmp_path)
    seen = [bool(white(frame).any()) for frame in lumas(found.path)]
    assert len(seen) == 60
    assert [number for number, shown in enumerate(seen) if shown] == [*range(12, 31), *range(37, 50)]
    assert found.packets("audio") == packets(grey, "audio")
    assert found.kinds == ["video", "audio"]


def test_burnt_subtitles_keep_their_own_lines_in_a_wide_picture(grey: Path, tmp_path: Path) -> None:
    two = burnt(grey, tmp_path, cues((0, 30, "One line of it\nand another")))
    rows = np.flatnonzero(white(lumas(two.path)[10]).any(axis=1))
    assert rows.min() > 90
    assert (np.diff(rows) > 1).sum() >= 1


def test_long_lines_are_broken_anew_in_an_upright_picture(folder: Path, tmp_path: Path) -> None:
    upright = ("-f", "lavfi", "-i", "color=gray:s=180x320:d=2.4")
    path = make(folder / "upright.mp4", *upright, *tone(2.4), *H264)
    long = cues((0, 50, "A line as long as forty-two characters are"))
    frames = lumas(burnt(path, tmp_path, long).path)
    columns = np.flatnonzero(white(frames[10]).any(axis=0))
    assert columns.min() > 8
    assert columns.max() < 172
    assert white(frames[49]).any()
    assert not white(frames[51]).any()


def test_a_phones_film_is_turned_before_it_is_written_on(grey: Path, folder: Path, tmp_path: Path) -> None:
    path = make(folder / "phone.mov", "-display_rotation", "90", "-i", str(grey), "-c", "copy")
    frames = lumas(burnt(path, tmp_path).path)
    assert frames[0].shape == (320, 180)
    assert white(frames[20])[200:].any()
    assert not white(frames[20])[:150].any()


def test_burnt_into_a_film_whose_picture_starts_late_they_stay_on_time(folder: Path, tmp_path: Path) -> None:
    late = ("-itsoffset", "1", "-f", "lavfi", "-i", "color=gray:s=320x180:d=1.4")
    path = make(folder / "late-picture.mkv", *late, *tone(2.4), *H264)
    seen = [bool(white(frame).any()) for frame in lumas(burnt(path, tmp_path).path)]
    assert [number for number, shown in enumerate(seen, 25) if shown] == [*range(25, 31), *range(37, 50)]


def test_a_burnt_webm_becomes_matroska_with_its_sound_as_it_was(folder: Path, tmp_path: Path) -> None:
    path = make(folder / "web.webm", *picture(2), *tone(2), *VP8, "-c:a", "libopus")
    found = burnt(path, tmp_path)
    assert (found.path.name, found.codecs) == ("final_output.mkv", ["h264", "opus"])
    assert found.packets("audio") == packets(path, "audio")


def test_subtitles_that_no_font_has_are_refused_before_encoding(
    grey: Path, tmp_path: Path, no_noto: None
) -> None:
    with pytest.raises(InvalidAssets, match='or set "burn": false'):
        burnt(grey, tmp_path, cues((0, 30, "ꦲꦏ꧀ꦱꦫꦗꦮ")))


def test_an_uneven_rate_is_kept_when_burning(folder: Path, tmp_path: Path) -> None:
    uneven = ("-vf", "select='not(mod(n,3))+gt(random(0),0.5)'", "-fps_mode", "vfr")
    path = make(folder / "uneven.mp4", *picture(2), *tone(2), *uneven, *H264)
    found = burnt(path, tmp_path, cues(*SPANS))
    assert _times(found.path) == pytest.approx(_times(path), abs=0.002)


def _times(path: Path) -> list[float]:
    with av.open(str(path)) as film:
        return [frame.time or 0.0 for frame in film.decode(video=0)]
