"""demux on films as people have them, made by ffmpeg: what is heard when, and what is known of the film."""

import json
from pathlib import Path

import numpy as np
import pytest

from jobs.subtitles import demux
from shared.errors import InvalidAssets, Stopped
from shared.stages.progress import Progress
from tests.jobs.subtitles.film.making import (
    H264,
    SRT,
    Demuxed,
    context_of,
    creation_of,
    make,
    picture,
    seen,
    tone,
)

TONGUES = (*picture(1), *tone(1, hertz=300), *tone(1, hertz=600), *tone(1, hertz=900))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="session")
def plain(folder: Path) -> Path:
    return make(folder / "plain.mp4", *picture(), *tone(), *H264, "-c:a", "aac")


def hertz(found: Demuxed) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(found.samples[:16_000]))))


def test_the_sound_is_16_khz_mono_and_as_long_as_the_film(plain: Path, tmp_path: Path) -> None:
    found = Demuxed(plain, tmp_path / "work")
    assert found.format == ("pcm_s16le", 16_000, 1)
    assert found.seconds == pytest.approx(3, abs=0.03)
    assert found.first_sound_s() < 0.01
    assert found.media.duration == pytest.approx(3, abs=0.05)
    assert found.media.integrated_lufs == pytest.approx(-21.8, abs=0.3)
    assert (found.media.width, found.media.height, found.media.frame_rate) == (320, 180, "25")
    assert found.result.warnings == ()


def test_the_same_film_gives_the_same_bytes(plain: Path, tmp_path: Path) -> None:
    one, two = (Demuxed(plain, tmp_path / name).result.outputs for name in "ab")
    assert all(one[name].path.read_bytes() == two[name].path.read_bytes() for name in one)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov"])
def test_sound_that_starts_later_is_heard_later(suffix: str, folder: Path, tmp_path: Path) -> None:
    path = make(folder / f"late{suffix}", *picture(), *tone(1.5, delay_s=1.2), *H264, "-c:a", "aac")
    found = Demuxed(path, tmp_path / "work")
    assert found.first_sound_s() == pytest.approx(1.2, abs=0.03)
    assert found.result.metadata["audio_delay_s"] == pytest.approx(1.2, abs=0.03)


def test_a_broadcast_that_starts_at_1_4_s_counts_from_its_first_stream(folder: Path, tmp_path: Path) -> None:
    path = make(folder / "late.ts", *picture(), *tone(1.5, delay_s=1.2), *H264, "-c:a", "aac")
    found = Demuxed(path, tmp_path / "work")
    assert found.first_sound_s() == pytest.approx(1.2, abs=0.03)
    assert found.media.tracks[0].start == pytest.approx(0, abs=0.001)


def test_a_picture_that_starts_after_the_sound_does_not_move_it(folder: Path, tmp_path: Path) -> None:
    late = ("-itsoffset", "0.8", *picture(2))
    path = make(folder / "late-picture.mkv", *late, *tone(3), *H264, "-c:a", "aac")
    found = Demuxed(path, tmp_path / "work")
    assert found.first_sound_s() < 0.03
    assert found.media.tracks[0].start == pytest.approx(0.8, abs=0.03)


def test_a_gap_in_the_sound_stays_a_gap(folder: Path, tmp_path: Path) -> None:
    gap = ("-af", "aselect='not(between(t,1,2))'", "-c:a", "pcm_s16le")
    found = Demuxed(make(folder / "gap.mkv", *picture(), *tone(), *H264, *gap), tmp_path / "work")
    assert found.seconds == pytest.approx(3, abs=0.03)
    assert not found.samples[18_000:30_000].any()
    assert np.abs(found.samples[34_000:]).max() > 1000


def test_speech_in_the_middle_of_5_1_keeps_its_loudness(folder: Path, tmp_path: Path) -> None:
    middle = ("-af", "pan=5.1|FC=c0", "-c:a", "ac3")
    one = Demuxed(make(folder / "round.mkv", *picture(2), *tone(2), *H264, *middle), tmp_path / "one")
    stereo = ("-af", "pan=stereo|FL=c0|FR=c0", "-c:a", "ac3")
    two = Demuxed(make(folder / "stereo.mkv", *picture(2), *tone(2), *H264, *stereo), tmp_path / "two")
    assert one.media.tracks[1].channels == 6
    assert one.level_dbfs() == pytest.approx(two.level_dbfs(), abs=0.5)


def test_what_is_loud_on_all_channels_is_not_cut_off(folder: Path, tmp_path: Path) -> None:
    loud = ("-af", "volume=18dB,pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0", "-c:a", "pcm_s16le")
    found = Demuxed(make(folder / "loud.mkv", *picture(2), *tone(2), *H264, *loud), tmp_path / "work")
    assert np.abs(found.samples.astype(int)).max() < 32_700


@pytest.fixture(scope="session")
def tongues(folder: Path) -> Path:
    """German by default, then English, then English comments."""
    names = (
        "-metadata:s:a:0",
        "language=ger",
        "-metadata:s:a:1",
        "language=eng",
        "-metadata:s:a:2",
        "language=eng",
    )
    flags = ("-disposition:a:0", "default", "-disposition:a:2", "comment")
    maps = tuple(part for number in range(4) for part in ("-map", str(number)))
    return make(folder / "tongues.mkv", *TONGUES, *maps, *H264, "-c:a", "aac", *names, *flags)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, 300),
        ({"language": "en"}, 600),
        ({"language": "de-AT"}, 300),
        ({"language": "fr"}, 300),
        ({"language": "de", "audio_language": "en"}, 600),
        ({"audio_language": "deu"}, 300),
    ],
)
def test_the_track_is_chosen_by_language_and_is_never_the_comments(
    options: dict[str, str], wanted: int, tongues: Path, tmp_path: Path
) -> None:
    found = Demuxed(tongues, tmp_path / "work", options)
    assert hertz(found) == pytest.approx(wanted, abs=5)
    assert found.media.audio_track == {300: 1, 600: 2}[wanted]


def test_a_language_that_the_film_lacks_is_refused_with_those_it_has(tongues: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InvalidAssets, match=r"no sound in 'fr', only in ger, eng, eng; change audio_language"
    ):
        Demuxed(tongues, tmp_path / "work", {"audio_language": "fr"})


def test_a_track_that_says_no_language_is_taken_for_the_wanted_one(plain: Path, tmp_path: Path) -> None:
    [warning] = Demuxed(plain, tmp_path / "work", {"audio_language": "fr"}).result.warnings
    assert "taken for 'fr'" in warning


def test_cuts_are_found_to_the_frame_at_23_976(folder: Path, tmp_path: Path) -> None:
    rate = "24000/1001"
    sources = (
        *picture(2, rate=rate),
        *("-f", "lavfi", "-i", f"color=red:s=320x180:r={rate}:d=1"),
        *("-f", "lavfi", "-i", f"mandelbrot=s=320x180:r={rate}"),
        *tone(4),
    )
    joined = ("-filter_complex", "[2]trim=end=1[m];[0][1][m]concat=n=3[v]", "-map", "[v]", "-map", "3")
    path = make(folder / "cuts.mkv", *sources, *joined, *H264, "-c:a", "aac")
    media = Demuxed(path, tmp_path / "work").media
    assert media.frame_rate == rate
    assert not media.is_variable
    assert [round(cut * 24000 / 1001) for cut in media.cuts] == [48, 72]


def test_a_flash_is_no_two_cuts(folder: Path, tmp_path: Path) -> None:
    flash = ("-vf", "drawbox=t=fill:c=white:enable='between(n,30,31)'")
    media = Demuxed(make(folder / "flash.mp4", *picture(), *tone(), *flash, *H264), tmp_path / "work").media
    assert len(media.cuts) <= 1


def test_a_variable_frame_rate_is_noticed(folder: Path, tmp_path: Path) -> None:
    uneven = ("-vf", "select='not(mod(n,3))+gt(random(0),0.5)'", "-fps_mode", "vfr")
    media = Demuxed(make(folder / "uneven.mp4", *picture(), *tone(), *uneven, *H264), tmp_path / "work").media
    assert media.is_variable
    assert media.duration == pytest.approx(3, abs=0.1)


def test_a_phone_held_upright_films_upright(plain: Path, folder: Path, tmp_path: Path) -> None:
    path = make(folder / "phone.mov", "-display_rotation", "90", "-i", str(plain), "-c", "copy")
    media = Demuxed(path, tmp_path / "work").media
    assert (media.width, media.height, media.rotation) == (180, 320, 90)


@pytest.mark.parametrize(
    ("suffix", "codecs"),
    [
        (".ts", ("libx264", "aac")),
        (".m2ts", ("libx264", "ac3")),
        (".avi", ("mpeg4", "mp3")),
        (".webm", ("libvpx", "libopus")),
        (".mpg", ("mpeg2video", "mp2")),
        (".ogv", ("libtheora", "libvorbis")),
    ],
)
def test_films_of_all_kinds_are_heard_from_their_start(
    suffix: str, codecs: tuple[str, str], folder: Path, tmp_path: Path
) -> None:
    path = make(folder / f"kind{suffix}", *picture(2), *tone(2), *seen(codecs[0]), "-c:a", codecs[1])
    found = Demuxed(path, tmp_path / "work")
    assert found.seconds == pytest.approx(2, abs=0.1)
    assert found.first_sound_s() < 0.06
    assert found.media.frame_rate == "25"


@pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".wav", ".flac", ".ogg", ".opus", ".mka", ".wma", ".aac"])
def test_sound_alone_is_taken_too(suffix: str, folder: Path, tmp_path: Path) -> None:
    found = Demuxed(make(folder / f"talk{suffix}", *tone(2)), tmp_path / "work")
    assert found.seconds == pytest.approx(2, abs=0.1)
    assert (found.media.width, found.media.frame_rate, found.media.cuts) == (None, "25", ())


def test_a_cover_is_no_picture_of_a_film(folder: Path, tmp_path: Path) -> None:
    cover = ("-map", "0", "-map", "1", "-c:v", "mjpeg", "-frames:v", "1", "-disposition:v", "attached_pic")
    media = Demuxed(make(folder / "song.mp3", *picture(1), *tone(2), *cover), tmp_path / "work").media
    assert media.width is None


def test_a_film_of_ten_seconds_with_subtitles_lists_them(folder: Path, tmp_path: Path) -> None:
    (folder / "in.srt").write_text(SRT)
    text = (
        "-i",
        str(folder / "in.srt"),
        "-metadata:s:s:0",
        "language=fra",
        "-metadata:s:s:0",
        'title=L\'été 🎬 "x"',
    )
    path = make(folder / "ten.mkv", *picture(10), *tone(10), *text, *H264, "-c:s", "ass")
    found = Demuxed(path, tmp_path / "work")
    track = found.media.tracks[2]
    assert (track.kind, track.codec, track.language, track.title) == (
        "subtitle",
        "ass",
        "fra",
        'L\'été 🎬 "x"',
    )
    assert found.seconds == pytest.approx(10, abs=0.05)


def test_silence_is_no_loudness_and_is_said(folder: Path, tmp_path: Path) -> None:
    silence = ("-f", "lavfi", "-i", "anullsrc=d=2")
    found = Demuxed(make(folder / "mute.mp4", *picture(2), *silence, *H264), tmp_path / "work")
    assert found.media.integrated_lufs is None
    assert "its sound is silent" in found.result.warnings[0]


def test_a_film_without_sound_is_refused_with_the_remedy(folder: Path, tmp_path: Path) -> None:
    path = make(folder / "no-sound.mp4", *picture(1), *H264)
    with pytest.raises(InvalidAssets, match=r"assets/film.mp4: has no sound.* put a film with sound"):
        Demuxed(path, tmp_path / "work")


def test_an_empty_file_and_one_without_its_index_are_refused(plain: Path, tmp_path: Path) -> None:
    empty, cut = tmp_path / "empty.mp4", tmp_path / "cut.mp4"
    empty.touch()
    cut.write_bytes(plain.read_bytes()[: plain.stat().st_size // 2])
    with pytest.raises(InvalidAssets, match=r"film\.mp4: is empty; put the whole film there"):
        Demuxed(empty, tmp_path / "work")
    with pytest.raises(InvalidAssets, match=r"can't be read .*: it is incomplete") as refused:
        Demuxed(cut, tmp_path / "again")
    assert str(tmp_path) not in str(refused.value)


def test_text_that_calls_itself_a_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.ts"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n/etc/hostname\n#EXT-X-ENDLIST\n")
    with pytest.raises(InvalidAssets, match="can't be read"):
        Demuxed(path, tmp_path / "work")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_film_that_breaks_off_is_used_as_far_as_it_goes(suffix: str, folder: Path, tmp_path: Path) -> None:
    flags = ("-movflags", "+faststart") if suffix == ".mp4" else ()
    whole = make(folder / f"whole{suffix}", *picture(10), *tone(10), *H264, *flags)
    part = tmp_path / f"part{suffix}"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found = Demuxed(part, tmp_path / "work")
    assert 3 < found.seconds < 7
    assert found.media.duration < 7
    assert "ends after" in found.result.warnings[0]
    assert "of its 10." in found.result.warnings[0]


def test_work_ends_soon_after_a_stop(plain: Path, tmp_path: Path) -> None:
    def stop() -> None:
        if progress.step.fraction >= 0.01:  # it has begun
            raise Stopped("SIGTERM")

    progress = Progress(stop)
    with pytest.raises(Stopped):
        demux.STAGE.run(context_of(creation_of(plain), tmp_path / "work", progress))


def test_another_speaking_language_makes_the_sound_anew_and_another_profile_does_not(plain: Path) -> None:
    facts = [
        demux.STAGE.facts(creation_of(plain, options))
        for options in ({}, {"profile": "bbc"}, {"audio_language": "de"})
    ]
    assert facts[0] == facts[1] != facts[2]
    assert json.loads(facts[2])["audio_language"] == "de"
