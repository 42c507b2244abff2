"""Stories with hostile text, names at their limits, odd shapes, and a disk that is full."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.__main__ import main
from jobs.fused import run_fused
from shared.errors import StoreError
from shared.storage import ObjectInfo, ObjectStore
from shared.storage.memory import MemoryStore
from shared.video.captions.subtitle_text import as_written
from tests.support.faces import make_font, use_fonts
from tests.support.films import frames, soft_captions, srt_captions, tracks, vtt_captions
from tests.support.shards import EXTENTS, Extent, in_turn, of_extent
from tests.support.stories import (
    ID,
    OUTPUTS,
    SETTINGS,
    Hum,
    data,
    here,
    names,
    new_story,
    outputs,
    picture,
    put,
    put_options,
    put_story,
    record,
    signals_restored,
    told,
    wav,
)

HOSTILE = (
    "He said \"no\", twice: 'never'.",
    "100%{n} %{pts\\:hms} %d %s",
    r"a\Nb \n \h c:d",
    r"{\b1}bold{\b0} {\an8}top",
    "<b>bold</b> & <i>x</i> &amp; &lt;",
    "'; rm -rf /tmp/x; $(id) `id` | cat",
    "a,b;c[d]e=f",
    "42",
    "00:00:01,000 --> 00:00:02,000",
    "\\",
    "{",
    "-vf drawtext=text=x",
    "../../etc/passwd",
    "NOTE not a comment",
)


@pytest.mark.parametrize("look", in_turn([("highlight",), ("karaoke",), ("plain",)], kind=lambda _case: ""))
def test_text_is_shown_literally_and_reaches_no_command_line(look: str) -> None:
    store = new_story([HOSTILE], captions=look, size="640x360")
    told(store)
    film = data(store, "assets/video.mp4")
    found = srt_captions(data(store, "assets/captions.srt").decode())
    srt = [(start, end, as_written(text)) for start, end, text in found]
    assert [text.replace("\n", " ") for *_, text in srt] == list(HOSTILE)
    assert vtt_captions(data(store, "assets/captions.vtt").decode()) == srt == soft_captions(film)
    assert len(frames(film)) == record(store, "narrate").metadata["frames"]


def test_lines_and_controls_in_a_caption_become_spaces() -> None:
    store = new_story([["one\r\ntwo\n\n2\n00:00:00,000 --> 00:00:09,000\nthree\x07\u202efour\x00"]])
    told(store)
    (shown,) = [text for *_, text in soft_captions(data(store, "assets/video.mp4"))][:1]
    assert shown.startswith("one two 2")
    assert vtt_captions(data(store, "assets/captions.vtt").decode()) == soft_captions(
        data(store, "assets/video.mp4")
    )


@pytest.mark.parametrize(
    "creation_id",
    in_turn(
        [("a" * 128,), ("2025/10/30/1/20251030-001",), ("a/b/c/d/e/f",), ("x-",), ("a.b_c-d",), ("CON",)],
        kind=lambda case: "/" in case[0],
    ),
)
def test_creation_ids_at_their_limits_work_on_disk(creation_id: str, tmp_path: Path) -> None:
    store = here((tmp_path / "with space, and: colon's").as_uri())
    put_story(store, [["One."]], creation_id=creation_id, narration=False)
    told(store, creation_id=creation_id)
    assert data(store, "assets/video.mp4", creation_id=creation_id)


def test_names_at_their_limits_work(tmp_path: Path) -> None:
    store = here(tmp_path.as_uri())
    folder, line = "0" * 200 + "1", "0" * 200 + "7"
    put(store, f"{folder}/image.JPEG", picture(1, kind="JPEG"))
    put(store, f"{folder}/{line}.txt", "One.")
    put_options(store)
    told(store)
    assert [text for *_, text in soft_captions(data(store, "assets/video.mp4"))] == ["One."]


@pytest.mark.parametrize(
    "text",
    in_turn([("A",), ("…",), ("😀",), ("42",), ("あ",), ("א",)], kind=lambda case: case[0].isalpha()),
)
def test_a_story_of_one_part_and_one_word_is_a_film(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_fonts(monkeypatch, make_font(tmp_path / "Kana.ttf", "あ"))
    store = new_story([[text]], music=wav(1200))
    told(store)
    assert len(frames(data(store, "assets/video.mp4"))) == record(store, "narrate").metadata["frames"]


def test_shots_of_any_few_frames_can_be_joined(voice: Hum) -> None:
    """Segments of one or two frames have other decoding times than longer ones."""
    parts = [["word " * count] for count in range(1, 9)]
    store = new_story(parts, motion="none", captions="off")
    told(store)
    video = tracks(data(store, "assets/video.mp4"))["video"]
    assert {step * video.tick_s * 12 for step in video.steps} == {1}
    assert len(frames(data(store, "assets/video.mp4"))) == record(store, "narrate").metadata["frames"]


def test_pictures_of_every_shape_are_shown() -> None:
    store = new_story([["One."], ["Two."], ["Three."], ["Four."]], narration=False, transition="slide")
    for number, size in enumerate([(284, 160), (1, 1), (3, 900), (900, 3)], 1):
        put(store, f"{number}/image.png", picture(number, size=size))
    told(store)
    fits = [shot["fit"] for shot in json.loads(data(store, "assets/timeline.json"))["shots"]]
    assert fits == ["blur"] * 4


@pytest.mark.moviepy
def test_both_engines_tell_the_same_story() -> None:
    stores = {engine: new_story([["One."], ["Two."]], engine=engine) for engine in ("native", "moviepy")}
    for store in stores.values():
        told(store)
    native, moviepy = (data(store, "assets/video.mp4") for store in stores.values())
    assert soft_captions(native) == soft_captions(moviepy)
    assert len(frames(native)) == len(frames(moviepy))


class FullDisk(MemoryStore):
    """Refuses every write after so many, until it is given room."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.room = 1 << 30

    def write(self, key: str, data: object, *, expect: str | None = None) -> ObjectInfo:
        self.writes += 1
        if self.writes > self.room:
            raise StoreError("write", key, "No space left on device: free some space on its disk")
        return super().write(key, data, expect=expect)  # type: ignore[arg-type] # as it came

    def upload(self, path: Path, key: str, *, expect: str | None = None) -> ObjectInfo:
        return self.write(key, path.read_bytes(), expect=expect)


TINY: Sequence[Sequence[str]] = [["One."], ["Two."]]
HASTY = replace(SETTINGS, heartbeat_s=0.05, stale_after_s=0.15)
"""A second run in the same process can't see that the first one is gone, only that it fell silent."""


def writes_of_a_run() -> tuple[int, dict[str, bytes]]:
    store = FullDisk()
    put_story(store, TINY)
    before = store.writes
    told(store)
    return store.writes - before, outputs(store)


def hastily(store: ObjectStore) -> str:
    return run_fused("story", ID, store, HASTY, sleep=lambda _s: time.sleep(0.02)).status


@pytest.mark.logs_errors
@pytest.mark.parametrize("extent", EXTENTS)
def test_a_disk_that_fills_up_is_told_of_and_running_again_completes(
    extent: Extent, caplog: pytest.LogCaptureFixture
) -> None:
    count, wanted = writes_of_a_run()
    assert count > 25
    for room in of_extent(extent, range(count - 2)):
        store = FullDisk()
        put_story(store, TINY)
        store.room = store.writes + room
        caplog.clear()
        told_of = ""
        try:
            assert hastily(store) == "failed"
        except StoreError as error:
            told_of = str(error)
        assert "No space left on device: free some space" in told_of + caplog.text
        made = [name for name in names(store, "assets/") if name in OUTPUTS]
        assert {name: data(store, name) for name in made} == {name: wanted[name] for name in made}
        store.room = 1 << 30
        assert hastily(store) == "completed"
        assert outputs(store) == wanted


@pytest.mark.logs_errors
def test_a_folder_that_can_only_be_read_ends_the_command_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = FullDisk()
    put_story(store, TINY)
    store.room = 0
    before = names(store)
    monkeypatch.setattr("jobs.__main__.open_store", lambda _url, _settings: store)
    with signals_restored():
        assert main(["story", ID], {"SPEECH_PROVIDER": "hum"}) == 1
    assert "could not write '_active/tale/1': No space left" in capsys.readouterr().err
    assert names(store) == before
