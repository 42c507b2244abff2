"""The still of a story: a frame of the film that these options would make, however little is there."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from jobs.story import still
from jobs.story.input.options import StoryOptions, with_parameters
from jobs.story.still import draw_still
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.stages.narration import pace_for_reading
from shared.storage.memory import MemoryStore
from tests.support.stories import picture

SMALL = {"size": "160x284"}
WORDS = b"The harbour wakes before the sun, and the boats go out."
YELLOW = "#FFFF00"


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "tale")


@pytest.fixture
def tale(creation: Creation) -> Creation:
    creation.write("assets/1/image.png", picture(1))
    creation.write("assets/1/1.txt", WORDS)
    return creation


def drawn(creation: Creation, **parameters: Any) -> NDArray[np.int16]:
    with Image.open(io.BytesIO(draw_still(creation, SMALL | parameters))) as found:
        assert found.format == "JPEG"
        return np.asarray(found).astype(np.int16)


def changed(one: NDArray[np.int16], other: NDArray[np.int16]) -> NDArray[np.bool_]:
    """The rows in which two pictures clearly differ."""
    found: NDArray[np.bool_] = (np.abs(one - other).max(axis=2) > 60).any(axis=1)
    return found


def yellow(pixels: NDArray[np.int16]) -> int:
    red, green, blue = np.moveaxis(pixels, 2, 0)
    return int(((red > 170) & (green > 170) & (blue < 110)).sum())


def test_of_nothing_there_is_a_plain_picture_with_a_sentence(creation: Creation) -> None:
    without, words = drawn(creation, captions="off"), drawn(creation)
    assert without.shape == (284, 160, 3)
    assert np.abs(np.diff(without, axis=1)).max() < 12  # a gradient downwards
    assert 5 < changed(without, words).sum() < 100


def test_captions_are_where_the_options_say(tale: Creation) -> None:
    without = drawn(tale, captions="off")
    places = {
        position: np.flatnonzero(changed(without, drawn(tale, captions={"position": position}))).mean() / 284
        for position in ("top", "middle", "bottom")
    }
    assert places["top"] < 0.3 < 0.4 < places["middle"] < 0.6 < places["bottom"]


def test_the_looks_differ_by_the_words_in_the_highlights_colour(creation: Creation) -> None:
    creation.write("assets/1/1.txt", WORDS)
    lit = {
        look: yellow(drawn(creation, captions={"look": look, "highlight": YELLOW, "size": 2.0}))
        for look in ("plain", "highlight", "karaoke")
    }
    assert lit["plain"] == 0
    assert 0 < lit["highlight"] < lit["karaoke"]


def test_own_words_take_the_sentences_place(tale: Creation, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []

    def paced(caption: Any) -> Any:
        shown.append(caption.text)
        return pace_for_reading(caption)

    monkeypatch.setattr(still, "pace_for_reading", paced)
    drawn(tale)
    tale.write("assets/1/1.txt", b"**Bold** words")
    drawn(tale, captions={"markup": "markdown"})
    tale.write("assets/1/1.txt", b" ")
    drawn(tale)
    assert shown == [WORDS.decode(), "Bold words", "This is how your words will look."]


def test_the_part_with_words_comes_first(tale: Creation) -> None:
    with_words = drawn(tale, captions="off")
    tale.write("assets/2/image.png", picture(2))
    assert (drawn(tale, captions="off") == with_words).all()
    tale.write("assets/2/1.txt", tale.read("assets/1/1.txt")[0])
    tale.delete("assets/1/1.txt")
    assert (drawn(tale, captions="off") != with_words).any()


def test_stored_options_count_until_they_are_overridden(tale: Creation) -> None:
    plain = drawn(tale, captions="off")
    tale.write("assets/story.json", b'{"captions": "off", "size": "64x64"}')
    assert (drawn(tale) == plain).all()
    assert changed(plain, drawn(tale, captions="plain")).any()


def test_a_frame_is_at_most_640_pixels_wide_whatever_its_shape(creation: Creation) -> None:
    sizes = {}
    for size in ("landscape", "4096x64", "auto"):
        with Image.open(io.BytesIO(draw_still(creation, {"size": size, "captions": "off"}))) as found:
            sizes[size] = found.size
    assert sizes == {"landscape": (640, 360), "4096x64": (640, 10), "auto": (640, 1138)}


@pytest.mark.parametrize(
    ("name", "data", "parameters", "named"),
    [
        ("assets/1/image.png", b"GIF89a, not a picture", {}, "image.png"),
        ("assets/1/1.txt", b"x" * 6000, {}, "1.txt"),
        ("assets/story.json", b"{", {}, "story.json"),
        ("assets/story.json", b"{}", {"captions": {"colour": "mauvish"}}, "colour"),
    ],
)
def test_what_cannot_be_used_is_named(
    tale: Creation, name: str, data: bytes, parameters: dict[str, Any], named: str
) -> None:
    tale.write(name, data)
    with pytest.raises(InvalidAssets, match=named):
        draw_still(tale, parameters)


def test_an_effect_is_left_out(creation: Creation, monkeypatch: pytest.MonkeyPatch) -> None:
    options = with_parameters(StoryOptions(), SMALL | {"captions": "off"})
    wobbly = options.model_copy(update={"effect": "wobble", "engine": "moviepy"})
    monkeypatch.setattr(still, "with_parameters", lambda *_: wobbly)
    assert drawn(creation).shape == (284, 160, 3)
