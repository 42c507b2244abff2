"""The still of a talk: its first slide with content, in every theme, however little is there."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from jobs.presenter.drawing.themes import theme_names
from jobs.presenter.film import still
from jobs.presenter.film.still import draw_still
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore
from shared.video.colour import parse_colour
from tests.shared.video.clip_makers import numbered_clip

SMALL = {"size": "320x180", "language": "en"}
TEXT = """# Tides

A few words to begin with.

## The question

Why does the sea rise twice a day?

- One Moon
- Two tides
"""


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "tides")


@pytest.fixture
def tides(creation: Creation) -> Creation:
    creation.write("assets/talk.md", TEXT.encode())
    return creation


def drawn(creation: Creation, **parameters: Any) -> NDArray[np.int16]:
    with Image.open(io.BytesIO(draw_still(creation, SMALL | parameters))) as found:
        assert found.format == "JPEG"
        return np.asarray(found).astype(np.int16)


def differ(one: NDArray[np.int16], other: NDArray[np.int16]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The rows and the columns, in parts of the frame, in which two pictures clearly differ."""
    clearly = np.abs(one - other).max(axis=2) > 60
    rows, columns = np.flatnonzero(clearly.any(axis=1)), np.flatnonzero(clearly.any(axis=0))
    return rows / one.shape[0], columns / one.shape[1]


def plain(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 300), colour).save(file, "PNG")
    return file.getvalue()


def test_every_theme_looks_different_before_anything_is_there(creation: Creation) -> None:
    seen = [drawn(creation, theme=theme) for theme in theme_names()]
    assert all(picture.shape == (180, 320, 3) for picture in seen)
    for number, one in enumerate(seen):
        assert all(len(differ(one, other)[0]) > 40 for other in seen[number + 1 :])


def test_it_is_640_pixels_wide_in_the_films_shape(creation: Creation) -> None:
    for size, shape in (("landscape", (360, 640)), ("portrait", (1138, 640))):
        assert drawn(creation, size=size).shape[:2] == shape


def test_the_slide_is_the_first_with_content_of_the_own_text(
    tides: Creation, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []

    def noted(slide: Any, *rest: Any, **more: Any) -> Any:
        bullets = [bullet.text for bullet in slide.bullets]
        shown.append((slide.title, bullets, more["shown"] + 1, slide.states))
        return draw_state(slide, *rest, **more)

    draw_state = still.__dict__["draw_state"]
    monkeypatch.setattr(still, "draw_state", noted)
    drawn(tides)
    (title, bullets, state, states), *_ = shown
    assert (title, bullets) == ("The question", ["One Moon", "Two tides"])
    assert state == states


def test_the_presenter_stands_where_the_options_say(tides: Creation) -> None:
    nobody = drawn(tides, avatar_place="off")
    tides.write("assets/avatar.png", plain("#FF00FF"))
    for place, left, top in (("bottom-left", True, False), ("top-right", False, True)):
        pixels = drawn(tides, avatar_place=place)
        pink = (pixels[..., 0] > 200) & (pixels[..., 1] < 80) & (pixels[..., 2] > 200)
        rows, columns = np.nonzero(pink)
        assert pink.sum() > 800
        assert ((columns.mean() < 160), (rows.mean() < 90)) == (left, top)
    assert len(differ(nobody, drawn(tides, avatar_place="beside"))[1]) > 40


def test_initials_stand_for_a_presenter_without_a_picture(tides: Creation) -> None:
    rows, columns = differ(drawn(tides), drawn(tides, name="Ada Sample"))
    assert rows.min() > 0.6
    assert columns.min() > 0.7


def test_a_clip_of_the_presenter_is_shown(tides: Creation, tmp_path: Path) -> None:
    clip = numbered_clip(tmp_path / "avatar.mp4", 45)
    tides.write("assets/avatar.mp4", clip.read_bytes())
    dark = drawn(tides, avatar_place="bottom-left").max(axis=2) < 30  # as its first frame is
    assert dark[100:, :90].sum() > 800


def test_captions_are_the_slides_own_words(tides: Creation, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []

    def paced(caption: Any) -> Any:
        said.append(caption.text)
        return pace(caption)

    pace = still.__dict__["pace_for_reading"]
    monkeypatch.setattr(still, "pace_for_reading", paced)
    off, plain_look, lit = (drawn(tides, captions=look) for look in ("off", "plain", "highlight"))
    assert set(said) == {"Why does the sea rise twice a day?"}
    assert differ(off, plain_look)[0].max() > 0.8
    assert 0 < len(differ(plain_look, lit)[0]) < 20


def test_of_a_long_text_the_beginning_is_read(tides: Creation, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def noted(talk: Any, skills: Any) -> Any:
        read.append(talk.text)
        return compose(talk, skills)

    compose = still.__dict__["compose"]
    monkeypatch.setattr(still, "compose", noted)
    monkeypatch.setattr(still, "_READ_CHARACTERS", len(TEXT) + 30)
    tides.write("assets/talk.md", (TEXT + "\n## More\n\nMuch more is said here.\n" * 50).encode())
    drawn(tides)
    assert read == [TEXT + "\n## More"]


@pytest.mark.parametrize(
    ("assets", "parameters", "named"),
    [
        ({}, {"theme": "neon"}, "theme"),
        ({}, {"shoe_size": 43}, "shoe_size"),
        ({"talk.json": b"["}, {}, "talk.json"),
        ({"talk.md": b"..."}, {}, "talk.md"),
        ({"avatar.png": b"not a picture"}, {}, "avatar.png"),
        ({"avatar.mp4": b"not a clip"}, {}, "avatar.mp4"),
    ],
)
def test_what_cannot_be_used_is_named(
    creation: Creation, assets: dict[str, bytes], parameters: dict[str, Any], named: str
) -> None:
    for name, data in assets.items():
        creation.write(f"assets/{name}", data)
    with pytest.raises(InvalidAssets, match=named):
        draw_still(creation, SMALL | parameters)


def test_stored_options_count_until_they_are_overridden(tides: Creation) -> None:
    by_default = drawn(tides)
    tides.write("assets/talk.json", b'{"theme": "night"}')
    assert np.allclose(drawn(tides)[5, 5], parse_colour("#0B1026"), atol=24)
    assert (drawn(tides, theme="paper") == by_default).all()
