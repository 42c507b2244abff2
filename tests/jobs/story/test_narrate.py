"""narrate: bad input ends it with one clear error and nothing published; good input becomes a plan."""

import io
import json
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image

from jobs.story.narrate import STAGE
from shared.errors import InvalidAssets, ProviderFailed
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import Record
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from shared.video.timeline import Timeline
from shared.worker.box import run_task
from tests.shared.video.subjects.faces import people
from tests.support.faces import make_font, use_fonts
from tests.support.stories import (
    ID,
    PIPELINE,
    SETTINGS,
    Hum,
    command,
    data,
    here,
    names,
    new_story,
    picture,
    put,
    put_options,
    put_story,
    wav,
)


def narrate(store: ObjectStore) -> Record:
    return run_task(STAGE, PIPELINE, Creation(store, ID), Task(), SETTINGS)


def timeline(store: ObjectStore) -> Timeline:
    return Timeline.model_validate_json(data(store, "assets/timeline.json"))


def remove(store: ObjectStore, name: str) -> None:
    store.delete(f"{ID}/assets/{name}")


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that unfolds to side x side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def long_wav(*, days: int) -> bytes:
    """One sample a second."""
    samples = days * 86_400
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 1, 1, 1, 8)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + samples)
        + b"WAVE"
        + head
        + b"data"
        + struct.pack("<I", samples)
        + b"\x80" * samples
    )


def drawn(heads: Sequence[tuple[float, float]], *, turned: bool = False, faces: bool = True) -> bytes:
    """A JPEG of three to four of people; `turned` lies on its side and says so in EXIF."""
    image = Image.fromarray(people((360, 480), heads, radius=28, faces=faces))
    exif = Image.Exif()
    if turned:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[274] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    return file.getvalue()


def add_two_pieces_of_music(store: ObjectStore) -> None:
    put(store, "music.wav", wav(2000))
    put(store, "music.mp3", wav(2000))


Spoil = Callable[[ObjectStore], None]

BAD: dict[str, tuple[Spoil, str]] = {
    "a gap": (lambda store: put(store, "4/image.png", picture(4)), "part 3"),
    "no picture": (lambda store: remove(store, "2/image.png"), "assets/2/"),
    "two pictures": (lambda store: put(store, "2/image.jpg", picture(2, kind="JPEG")), "assets/2/image.jpg"),
    "a caption in Latin-1": (lambda store: put(store, "2/1.txt", b"caf\xe9"), "assets/2/1.txt"),
    "a caption of 100,000 characters": (
        lambda store: put(store, "2/1.txt", "word " * 20_000),
        "assets/2/1.txt",
    ),
    "a caption of megabytes": (lambda store: put(store, "2/1.txt", b" " * (2 << 20)), "assets/2/1.txt"),
    "options of megabytes": (
        lambda store: put(store, "story.json", b"{}" + b" " * (2 << 20)),
        "assets/story.json",
    ),
    "music of days": (lambda store: put(store, "music.wav", long_wav(days=2)), "assets/music.wav"),
    "a picture cut short": (
        lambda store: put(store, "1/image.png", picture(1)[:30_000]),
        "assets/1/image.png",
    ),
    "an empty picture": (lambda store: put(store, "1/image.png", b""), "assets/1/image.png"),
    "a text named picture": (
        lambda store: put(store, "1/image.png", "a picture, really"),
        "assets/1/image.png",
    ),
    "a bomb": (lambda store: put(store, "1/image.png", bomb(60_000)), "assets/1/image.png"),
    "unknown options": (lambda store: put_options(store, sise="portrait"), "sise"),
    "an odd size": (lambda store: put_options(store, size="161x284"), "161x284"),
    "options that are not JSON": (lambda store: put(store, "story.json", "size: big"), "assets/story.json"),
    "options in a list": (lambda store: put(store, "story.json", "[1]"), "assets/story.json"),
    "broken music": (
        lambda store: put(store, "music.wav", wav(2000)[:9] + b"noise" * 99),
        "assets/music.wav",
    ),
    "two pieces of music": (add_two_pieces_of_music, "assets/music.mp3, assets/music.wav"),
}


@pytest.mark.logs_errors
@pytest.mark.parametrize("spoilt", BAD, ids=str)
def test_bad_input_gives_one_clear_error_and_publishes_nothing(
    spoilt: str, voice: Hum, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, named = BAD[spoilt]
    store = here(f"memory://{spoilt}".replace(" ", "-"))
    put_story(store)
    spoil(store)
    before = names(store, "assets/")
    assert command(store.url) == 2
    said = capsys.readouterr()
    assert said.out == "{}\n"
    assert said.err.count("narrate: failed") == 1
    assert named in said.err
    assert "Traceback" not in said.err
    assert names(store, "assets/") == before
    assert names(store, "cache/") == []
    assert voice.asked == []


@pytest.mark.logs_errors
def test_once_the_input_is_mended_the_same_command_completes() -> None:
    store = here("memory://mended")
    put_story(store)
    put(store, "1/1.txt", b"{\\rtf1 A boat.}")
    assert command(store.url) == 2
    put(store, "1/1.txt", "A boat.")
    assert command(store.url) == 0
    assert "assets/video.mp4" in names(store, "assets/")


@pytest.mark.logs_errors
def test_problems_in_different_objects_are_all_named_in_one_error() -> None:
    store = new_story(music=b"no music", sise=1)
    put(store, "1/1.txt", b"\xff")
    put(store, "2/2.txt", b"%PDF-1.7")
    put(store, "1/image.png", b"GIF89a")
    put(store, "2/image.webp", picture(2, kind="WEBP"))
    put(store, "3/1.txt", "")
    with pytest.raises(InvalidAssets) as caught:
        narrate(store)
    named = ["2/", "3/", "story.json", "1/1.txt", "2/2.txt", "1/image.png", "music.wav"]
    assert len(caught.value.problems) == len(named)
    for name in named:
        assert any(f"assets/{name}" in problem for problem in caught.value.problems), name


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    "creation_id",
    [
        "..",
        "a/../b",
        "/tale",
        "tale/",
        "a//b",
        "ta\0le",
        "ta\nle",
        "ta le",
        "tále",
        "t" * 500,
        "",
        "tale/assets",
        "a/b/c/d/e/f/g",
    ],
)
def test_a_creation_id_that_names_no_folder_is_refused_before_anything_is_read(
    creation_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = here("memory://ids")
    assert command(store.url, creation_id) == 2
    assert "creation ID" in capsys.readouterr().err
    assert list(store.list("")) == []


@pytest.mark.logs_errors
def test_no_assets_at_all_are_refused_with_the_place_to_put_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("memory://nothing") == 2
    assert "tale/assets/" in capsys.readouterr().err
    assert list(here("memory://nothing").list("")) == []


def test_the_parts_are_told_in_numeric_order() -> None:
    store = new_story([[f"Part {number}."] for number in range(1, 12)])
    put(store, "2/2.txt", "Two, second.")
    put(store, "2/10.txt", "Two, tenth.")
    narrate(store)
    texts = [cue.text for cue in timeline(store).cues]
    assert texts == [
        "Part 1.",
        "Part 2.",
        "Two, second.",
        "Two, tenth.",
        *(f"Part {n}." for n in range(3, 12)),
    ]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("extension", ["lower", "upper"])
def test_pictures_of_every_kind_are_taken(kind: str, extension: str) -> None:
    store = new_story([["One."]])
    remove(store, "1/image.png")
    name = f"1/image.{kind.lower() if extension == 'lower' else kind}"
    put(store, name, picture(1, kind=kind))
    narrate(store)
    assert timeline(store).shots[0].picture == f"assets/{name}"


@pytest.mark.parametrize(
    ("size", "frame"), [((90, 160), (1080, 1920)), ((160, 90), (1920, 1080)), ((100, 100), (1080, 1080))]
)
def test_the_frame_has_the_shape_of_the_pictures(size: tuple[int, int], frame: tuple[int, int]) -> None:
    store = new_story([["One."]], size="auto")
    put(store, "1/image.png", picture(1, size=size))
    narrate(store)
    assert (timeline(store).width, timeline(store).height) == frame


def test_a_photograph_that_lies_on_its_side_counts_as_it_is_seen() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (160, 90), "teal").save(buffer, "JPEG", exif=exif)
    store = new_story([["One."]], size="auto")
    remove(store, "1/image.png")
    put(store, "1/image.jpg", buffer.getvalue())
    narrate(store)
    assert (timeline(store).width, timeline(store).height) == (1080, 1920)


def test_without_narration_nothing_is_spoken_and_captions_have_the_pace_of_a_reader(voice: Hum) -> None:
    store = new_story([["Boat.", "one two three four five six seven eight nine ten"]], narration=False)
    record = narrate(store)
    film = timeline(store)
    assert voice.asked == []
    assert names(store, "cache/speech/") == []
    assert (film.speech, record.metadata["narration"]) == ((), False)
    breath_ms = 280
    assert [cue.frames for cue in film.cues] == [-(-(ms + breath_ms) * 12 // 1000) for ms in (2000, 4500)]


def test_turning_narration_off_takes_the_speech_away() -> None:
    store = new_story()
    narrate(store)
    assert len(names(store, "cache/speech/")) == 6
    put_options(store, narration=False)
    narrate(store)
    assert names(store, "cache/speech/") == []


def test_a_picture_without_words_is_shown_for_its_time_and_nothing_is_said(voice: Hum) -> None:
    store = new_story([["One."], [""], []], picture_s=3, transition="cut")
    narrate(store)
    film = timeline(store)
    assert [shot.frames for shot in film.shots[1:]] == [36, 36]
    assert ([cue.text for cue in film.cues], len(film.speech), voice.asked) == (["One."], 1, ["One."])


def test_marks_are_shown_as_written_and_not_said_and_the_words_light_up_with_them(voice: Hum) -> None:
    store = new_story([["**Bold** and _it_", "Bold and it"]])
    narrate(store)
    first, second = timeline(store).cues
    assert voice.asked == ["Bold and it"]
    assert [first.text[word.start : word.end] for word in first.words] == ["**Bold**", "and", "_it_"]
    assert [word.start_ms for word in first.words] == [word.start_ms for word in second.words]
    assert "**Bold** and _it_" in data(store, "assets/captions.srt").decode()


def test_markdown_is_shown_as_it_is_meant() -> None:
    store = new_story([["# **Bold** and _it_", "---"]], captions={"markup": "markdown"})
    narrate(store)
    (cue,) = timeline(store).cues
    assert cue.text == "Bold and it"
    assert [(each.start, each.end, each.bold, each.italic) for each in cue.styles] == [
        (0, 11, True, False),
        (0, 4, True, False),
        (9, 11, False, True),
    ]


def test_a_caption_is_spoken_in_its_own_language() -> None:
    store = new_story([["The boat is at the shore."], ["Η βάρκα είναι στην ακτή."]], language=None)
    narrate(store)
    assert [cue.language for cue in timeline(store).cues] == ["en", "el"]


@pytest.mark.usefixtures("no_noto")
@pytest.mark.parametrize("text", ["你好，世界。", "你好 hello", "ひらがな", "한국어", "Look: 𓀀"])
@pytest.mark.logs_errors
def test_a_script_that_no_font_has_is_an_error_in_words_before_anything_is_spoken(
    voice: Hum, text: str
) -> None:
    store = new_story([["A boat."], [text]])
    with pytest.raises(InvalidAssets) as caught:
        narrate(store)
    (problem,) = caught.value.problems
    assert problem.startswith("assets/2/1.txt: no font has the ")
    assert "install" in problem
    assert "fonts-noto-" in problem
    assert '"captions": "off"' in problem
    assert voice.asked == []


@pytest.mark.usefixtures("no_noto")
@pytest.mark.logs_errors
def test_every_script_without_a_font_is_named_once_with_its_package() -> None:
    store = new_story([["你好 한국"], ["世界"]])
    with pytest.raises(InvalidAssets) as caught:
        narrate(store)
    chinese, korean = caught.value.problems
    assert chinese.startswith(
        "assets/1/1.txt and 1 more: no font has the Chinese (Hani) characters '你好世界'"
    )
    assert korean.startswith("assets/1/1.txt: no font has the Korean (Hang) characters")


def test_short_captions_are_spoken_in_the_language_that_they_have_together() -> None:
    store = new_story(
        [["Season on a plate."], ["Bake on a tray."], ["Serve on a bed of rice."]], language=None
    )
    record = narrate(store)
    assert {cue.language for cue in timeline(store).cues} == {"en"}
    assert (record.metadata["languages"], record.warnings) == (["en"], ())


def test_a_language_guessed_from_too_little_is_a_warning_that_says_how_to_set_it() -> None:
    store = new_story([["Sommer på stranden"]], language=None)
    (warning,) = narrate(store).warnings
    guessed = timeline(store).language
    assert repr(guessed) in warning
    assert f'"language": "{guessed}"' in warning
    put_options(store, language="nb")
    assert narrate(store).warnings == ()
    assert timeline(store).language == "nb"


def test_a_language_that_is_set_leaves_what_is_in_another_script_its_own() -> None:
    store = new_story([["Привет, мир"], ["The boat is at the shore."]], language="en-GB")
    narrate(store)
    assert timeline(store).language == "en-GB"
    assert [cue.language for cue in timeline(store).cues] == ["ru", "en-GB"]


@pytest.mark.usefixtures("no_noto")
def test_captions_that_are_not_burnt_in_need_no_font(voice: Hum) -> None:
    store = new_story([["你好 🎉"]], captions="off")
    record = narrate(store)
    assert (record.warnings, record.metadata["missing_scripts"]) == ((), [])
    assert voice.asked == ["你好 🎉"]
    assert "你好 🎉" in data(store, "assets/captions.srt").decode()


@pytest.mark.usefixtures("no_noto")
def test_a_font_that_lacks_a_rare_letter_draws_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_fonts(monkeypatch, make_font(tmp_path / "Some.ttf", "野家で昼食"))
    record = narrate(new_story([["𠮷野家で昼食"]]))
    (warning,) = record.warnings
    assert warning.startswith("assets/1/1.txt: no font has the Chinese (Hani) characters '𠮷'")
    assert record.metadata["fonts"] == ["Some"]


@pytest.mark.usefixtures("no_noto")
@pytest.mark.parametrize("text", ["A boat ⛵ sets out.", "⛵⛵", "⛵", "Loud ⹃ and clear"])
def test_an_emoji_or_mark_that_no_font_has_is_a_warning_that_names_it(text: str) -> None:
    record = narrate(new_story([[text]]))
    (warning,) = record.warnings
    assert warning.startswith("assets/1/1.txt: no font has the ")
    assert ("⹃" in warning) or ("emoji" in warning and "⛵" in warning)
    assert "install" in warning
    assert len(record.metadata["missing_scripts"]) == 1


def test_what_plays_no_part_is_a_warning_unless_it_is_hidden() -> None:
    store = new_story()
    for name in ("notes.md", ".DS_Store", "1/.DS_Store", ".git/HEAD"):
        put(store, name, "x")
    assert narrate(store).warnings == ("assets/notes.md: plays no part in the film",)


@pytest.mark.logs_errors
def test_a_voice_that_fails_is_named_and_a_resume_speaks_only_what_is_missing(voice: Hum) -> None:
    store = new_story([["One.", "Two.", "Three."]])
    voice.concurrency = 1
    voice.fails = {"Two."}
    with pytest.raises(ProviderFailed, match=r"hum: can't hum 'Two\."):
        narrate(store)
    assert "assets/timeline.json" not in names(store)
    spoken = set(voice.asked) - voice.fails
    voice.fails = set()
    voice.asked.clear()
    narrate(store)
    assert set(voice.asked) == {"One.", "Two.", "Three."} - spoken
    assert "One." in spoken


def test_an_unchanged_story_is_not_read_again(voice: Hum) -> None:
    store = new_story()
    first = narrate(store)
    again = narrate(store)
    assert again.reused
    assert again.outputs == first.outputs
    assert len(voice.asked) == 3


def test_another_version_of_the_voice_speaks_anew_and_the_old_speech_goes(voice: Hum) -> None:
    store = new_story()
    narrate(store)
    before = set(names(store, "cache/speech/"))
    voice.version = "2"
    assert not narrate(store).reused
    assert len(voice.asked) == 6
    times = {name for name in names(store, "cache/speech/") if name.endswith(".json")}
    assert not times & before


def test_the_plan_covers_the_film() -> None:
    store = new_story()
    record = narrate(store)
    plan = json.loads(data(store, "cache/plan.json"))
    assert sum(segment["frames"] for segment in plan) == record.metadata["frames"] == timeline(store).frames
    assert len(plan) == record.metadata["segments"]


def test_two_stories_in_two_stores_give_the_same_bytes() -> None:
    stores = [new_story(music=wav(1500)) for _ in range(2)]
    for store in stores:
        narrate(store)
    one, two = ({name: data(store, name) for name in outputs(store)} for store in stores)
    assert one == two


def outputs(store: MemoryStore) -> list[str]:
    return [name for name in names(store) if name.startswith(("assets/", "cache/"))]


def test_faces_decide_whether_and_where_a_picture_is_cropped() -> None:
    store = new_story([["One."], ["Two."], ["Three."], ["Four."], ["Five."]], narration=False)
    put_options(store, size="270x480", parts={"5": {"fit": "cover"}})
    at_both_sides = [(0.1, 0.3), (0.9, 0.3)]
    pictures = [
        drawn(at_both_sides),
        drawn(at_both_sides, faces=False),
        drawn([(0.1, 0.3)], turned=True),
        drawn([(0.5, 0.4)]),
        drawn(at_both_sides),
    ]
    for number, picture_ in enumerate(pictures, 1):
        remove(store, f"{number}/image.png")
        put(store, f"{number}/image.jpg", picture_)
    narrate(store)
    shots = timeline(store).shots
    assert [shot.fit for shot in shots] == ["blur", "blur", "cover", "cover", "cover"]
    assert shots[2].anchor_x < 0.2
    assert (shots[3].anchor_x, shots[3].anchor_y) == (0.5, 0.5)
    assert abs(shots[3].motion.focus_x - 0.5) < 0.05


@pytest.mark.logs_errors
def test_options_for_a_part_that_is_not_there_are_refused() -> None:
    store = new_story([["One."]])
    put_options(store, parts={"3": {"fit": "contain"}})
    with pytest.raises(InvalidAssets) as caught:
        narrate(store)
    assert caught.value.problems == ("assets/story.json: parts.3: there is no part 3; there are 1",)
