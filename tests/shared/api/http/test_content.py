import wave
from pathlib import Path

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from shared.accepted import FILM_TYPES, SOUND_TYPES
from shared.api.http.content import UNKNOWN_MEDIA_TYPE, check_content, kind_of, looks_like, media_type
from shared.errors import BadRequest
from shared.machine.ffmpeg import run
from shared.pipelines.definition import Taken
from tests.support.api import STORY

AUDIO = ("mp3", "m4a", "ogg", "flac", "aiff", "opus", "webm", "wav")
PICTURES = ("png", "jpg", "webp", "avif", "gif", "bmp", "tiff", "jfif")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short file of each type, as real encoders write them."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("media")
    with wave.open(str(folder / "a.wav"), "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(b"\0\1" * 4000)
    outputs = [argument for suffix in AUDIO[:-1] for argument in ("-map", "0:a", folder / f"a.{suffix}")]
    bare = ("-map", "0:a", "-write_xing", "0", "-id3v2_version", "0", folder / "bare.mp3")
    run(["-i", folder / "a.wav", *outputs, *bare])
    for suffix in PICTURES:
        Image.new("RGB", (16, 16), "teal").save(folder / f"a.{suffix}")
    (folder / "a.txt").write_text("Naïve 🎬", "utf-8")
    (folder / "a.json").write_text('{"title": "Ὀ"}', "utf-8")
    return folder


@pytest.mark.parametrize("suffix", AUDIO)
def test_sound_is_told_by_what_it_decodes_as(media: Path, suffix: str) -> None:
    check_content(media / f"a.{suffix}", "music.mp3", "audio")


def test_what_a_file_of_music_begins_with_does_not_matter(media: Path, tmp_path: Path) -> None:
    dash, padded = tmp_path / "dash", tmp_path / "padded"
    run(["-i", media / "a.wav", "-brand", "dash", "-f", "mp4", f"file:{dash}"])
    padded.write_bytes(bytes(3000) + (media / "bare.mp3").read_bytes())
    for path in (dash, padded):
        check_content(path, "music.m4a", "audio")


def test_an_mp3_without_a_tag_is_told_by_its_frame(media: Path) -> None:
    assert (media / "bare.mp3").read_bytes()[:2] in (b"\xff\xfb", b"\xff\xf3")
    assert looks_like(media / "bare.mp3") == looks_like(media / "a.mp3")


@pytest.mark.parametrize("suffix", PICTURES)
def test_a_picture_may_be_of_another_format_than_its_name_says(media: Path, suffix: str) -> None:
    check_content(media / f"a.{suffix}", "1/image.png", "image")


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("mp3", "image"),
        ("txt", "image"),
        ("png", "audio"),
        ("gif", "audio"),
        ("png", "text"),
        ("mp3", "text"),
        ("txt", "json"),
        ("json", "image"),
    ],
)
def test_content_of_another_kind_is_refused_and_named(media: Path, suffix: str, kind: str) -> None:
    path = media / f"a.{suffix}"
    with pytest.raises(HTTPException) as caught:
        check_content(path, "given", kind)  # type: ignore[arg-type]
    assert caught.value.status_code == 415
    assert looks_like(path)[0] in caught.value.detail


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "image"),
        (b"", "audio"),
        (b"", "json"),
        (b"\x89PNG", "image"),
        (b"BMW builds cars.", "image"),
        (b"RIFF\0\0\0\0AVI ", "audio"),
        (b"RIFF\0\0\0\0WEBP", "audio"),
        (b"\xff\xfe\xff\xff", "audio"),
        (b"a\0b", "text"),
        ("ä".encode("latin-1"), "text"),
        ("é".encode()[:1], "text"),
        (b"[1]", "json"),
        (b"{", "json"),
        (b'{"a": ' * 100_000, "json"),
    ],
)
def test_broken_content_is_refused(tmp_path: Path, data: bytes, kind: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(HTTPException) as caught:
        check_content(tmp_path / "x", "given", kind)  # type: ignore[arg-type]
    assert caught.value.status_code == 415


@pytest.mark.parametrize(
    "text", ["", "GIF89a is old.", "%PDF-1.7", "ID3 tags\nand more", "\ufeffwith a mark", "日本語\r\n", "{}"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_captions_may_begin_like_a_file_format(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "x").write_bytes(text.encode(encoding))
    check_content(tmp_path / "x", "1/1.txt", "text")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_options_may_begin_with_the_mark_of_their_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x").write_bytes('{"voice": "Ὀ"}'.encode(encoding))
    check_content(tmp_path / "x", "story.json", "json")


def test_text_that_is_split_within_a_character_is_still_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes("é".encode() * (1 << 19))
    check_content(tmp_path / "x", "1/1.txt", "text")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("1/image.png", "image"),
        ("12/image.jpeg", "image"),
        ("1/IMAGE.JPG", "image"),
        ("01/Image.Png", "image"),
        ("1/01.TXT", "text"),
        ("1/0.txt", "text"),
        ("Music.MP3", "audio"),
        ("music.opus", "audio"),
        ("STORY.JSON", "json"),
        ("1/image.heic", "image"),
        ("1/image.jfif", "image"),
        ("1/image.tif", "image"),
        ("1/10.txt", "text"),
        ("music.flac", "audio"),
        ("story.json", "json"),
    ],
)
def test_names_of_the_story_layout_have_a_kind(name: str, kind: str) -> None:
    assert kind_of(name, [STORY]) == kind


@pytest.mark.parametrize(
    "name",
    [
        "",
        "image.png",
        "0/image.png",
        "00/image.png",
        "1/image.svg",
        "1/2/image.png",
        "1/image.png\n",
        "1/../2/image.png",
        "²/image.png",
        "9999999/1.txt",
        "1/ſ.txt",
        "muſic.mp3",
        "music.txt",
        "video.mp4",
        "timeline.json",
        "../story.json",
        "a" * 5000,
    ],
)
def test_other_names_have_none(name: str) -> None:
    with pytest.raises(BadRequest):
        kind_of(name, [STORY])


@given(st.one_of(st.text(), st.from_regex(r"[0-9a-z./_%\\-]{1,30}", fullmatch=True)))
def test_a_name_either_has_a_kind_or_is_a_bad_request(name: str) -> None:
    try:
        kind_of(name, [STORY])
    except BadRequest:
        return
    assert name.isascii()
    assert ".." not in name
    assert name.count("/") <= 1


@given(st.binary(max_size=80))
def test_any_bytes_look_like_something(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    looks, kind = looks_like(path)
    assert looks
    assert kind in {"image", "audio", "video", "document", "text", "other", "unknown"}


def test_media_types_are_never_ones_that_a_browser_runs() -> None:
    assert media_type("video.mp4") == "video/mp4"
    assert [media_type(f"1/image.{suffix}") for suffix in ("jfif", "heic", "avif", "tiff")] == [
        *("image/jpeg", "image/heic", "image/avif", "image/tiff"),
    ]
    assert {media_type(name) for name in ("x.html", "x.svg", "x.js", "x.xml", "x", ".")} == {
        "application/octet-stream"
    }


def test_text_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"a" * (3 << 20) + b"\0")
    with pytest.raises(HTTPException):
        check_content(tmp_path / "x", "1/1.txt", "text")


TAKES_A_FILM = STORY.model_copy(update={"takes": (Taken(name="film", kind="film"),)})


@pytest.mark.parametrize("ending", [*FILM_TYPES, *SOUND_TYPES])
def test_films_and_recordings_of_all_types_may_be_put(ending: str) -> None:
    assert kind_of(f"film{ending}", [TAKES_A_FILM]) == "film"
    assert media_type(f"film{ending}") != UNKNOWN_MEDIA_TYPE


@pytest.mark.parametrize(
    ("ending", "codecs"),
    [
        ("mp4", ("libx264", "aac")),
        ("mkv", ("libx264", "flac")),
        ("avi", ("mpeg4", "mp3")),
        ("ts", ("libx264", "aac")),
        ("mpg", ("mpeg2video", "mp2")),
        ("webm", ("libvpx", "libopus")),
    ],
)
def test_a_film_is_told_by_the_sound_in_it(ending: str, codecs: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / f"film.{ending}"
    made = ("-f", "lavfi", "-i", "testsrc=s=64x64:d=0.4", "-f", "lavfi", "-i", "sine=d=0.4")
    run([*made, "-c:v", codecs[0], "-c:a", codecs[1], path])
    check_content(path, path.name, "film")


def test_a_podcast_of_three_hours_is_a_film_too(media: Path, tmp_path: Path) -> None:
    path = tmp_path / "talk.flac"
    run(["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:n=8192:d=10900", path])
    check_content(path, "film.flac", "film")
    check_content(media / "a.mp3", "film.mp3", "film")


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\n#EXTINF:10,\n/etc/hostname\n", b"\0" * 5000])
def test_what_has_no_sound_is_no_film(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(content)
    with pytest.raises(HTTPException) as caught:
        check_content(path, "film.ts", "film")
    assert caught.value.status_code == 415
    assert str(tmp_path) not in caught.value.detail
