"""The avatar that people give: cut to a square around the face; a clip plays while there is speech."""

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jobs.presenter.film.avatar import SIDE_PX, plays_of, prepare_avatar, prepare_clip
from shared.errors import InvalidAssets
from shared.video.subjects.faces import faces_in
from shared.video.timeline import Play
from tests.shared.video.clip_makers import filmed_clip
from tests.shared.video.scenes import Plane
from tests.shared.video.subjects.faces import people


def prepared(folder: Path, picture: Plane) -> Plane:
    path = folder / "avatar.png"
    Image.fromarray(picture).save(path)
    return np.asarray(Image.open(io.BytesIO(prepare_avatar(path, name="assets/avatar.png"))))


@pytest.mark.parametrize(
    ("size", "at"), [((900, 600), (0.25, 0.4)), ((600, 1000), (0.5, 0.7)), ((1400, 500), (0.85, 0.45))]
)
def test_the_square_shows_the_face_in_its_middle(
    tmp_path: Path, size: tuple[int, int], at: tuple[float, float]
) -> None:
    made = prepared(tmp_path, people(size, [at], radius=90))
    assert made.shape[0] == made.shape[1] <= SIDE_PX
    (face,) = faces_in(made)
    assert 0.45 < (face.left + face.right) / 2 < 0.55
    assert 0.35 < (face.top + face.bottom) / 2 < 0.6
    assert 0.3 < face.bottom - face.top < 0.85


@pytest.mark.parametrize(("apart", "shown"), [(0.08, 2), (0.3, 1)])
def test_two_faces_are_both_shown_if_the_circle_has_room(tmp_path: Path, apart: float, shown: int) -> None:
    heads = [(0.5 - apart, 0.45), (0.5 + apart, 0.45)]
    made = prepared(tmp_path, people((1200, 600), heads, radius=70))
    whole = [face for face in faces_in(made) if face.left > 0.05 and face.right < 0.95]
    assert len(whole) == shown


def test_a_picture_without_anything_special_shows_its_middle(tmp_path: Path) -> None:
    picture = np.zeros((300, 500, 3), np.uint8)
    picture[..., 0] = np.linspace(0, 250, 500, dtype=np.uint8)
    made = prepared(tmp_path, picture)
    assert made.shape == (300, 300, 3)
    assert np.array_equal(made, picture[:, 100:400])


def test_a_tiny_picture_is_enlarged(tmp_path: Path) -> None:
    assert prepared(tmp_path, people((40, 60), [(0.5, 0.5)], radius=12)).shape == (240, 240, 3)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InvalidAssets, match=r"assets/avatar\.png"):
        prepare_avatar(tmp_path / "a.png", name="assets/avatar.png")


def test_a_clip_becomes_a_square_without_sound_at_the_films_rate(tmp_path: Path) -> None:
    given = filmed_clip(tmp_path / "given.mp4", 1.5, size=(160, 90))
    facts = prepare_clip(given, tmp_path / "made.mp4", name="a", frame_rate=Fraction(30), side_px=96)
    assert (facts.width, facts.height, facts.frame_rate, facts.frames) == (96, 96, Fraction(30), 45)
    assert not facts.has_sound


def test_a_clip_plays_while_there_is_speech_and_goes_on_where_it_stopped() -> None:
    levels = "0000" + "5" * 20 + "0" * 4 + "3" * 6 + "0" * 30 + "9" * 10 + "0" * 6
    assert plays_of(levels, [0], Fraction(30)) == (
        Play(at_frame=4, frames=30),
        Play(at_frame=64, frames=10, clip_from=30),
    )


def test_each_slide_plays_the_clip_from_its_beginning() -> None:
    one = plays_of("0" + "5" * 39 + "0" * 20 + "7" * 20, [0, 20, 60, 500], Fraction(30))
    assert one == (
        Play(at_frame=1, frames=19),
        Play(at_frame=20, frames=20),
        Play(at_frame=60, frames=20),
    )


@pytest.mark.parametrize("levels", ["", "0000", "12211"])
def test_in_silence_nothing_plays(levels: str) -> None:
    assert plays_of(levels, [0], Fraction(30)) == ()
