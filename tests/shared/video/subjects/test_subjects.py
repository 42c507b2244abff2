"""What matters in a picture: faces, or what stands out, and nothing where nothing does."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import pytest

from shared.video.subjects.boxes import Box
from shared.video.subjects.faces import faces_in
from shared.video.subjects.standing_out import standing_out_in
from shared.video.subjects.subjects import what_matters
from tests.shared.video.scenes import Plane, detailed_picture
from tests.shared.video.subjects.faces import SKIN, people

ROW = [(0.1, 0.3), (0.5, 0.3), (0.9, 0.3)]


@pytest.fixture
def threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def middles(boxes: Sequence[Box]) -> list[tuple[float, float]]:
    return [((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in boxes]


def slope(width: int, height: int) -> Plane:
    """A sky: light below, dark above."""
    levels = np.linspace(40, 220, height, dtype=np.uint8)[:, None, None]
    return np.ascontiguousarray(np.broadcast_to(levels, (height, width, 3)))


def test_each_face_is_found_whole_where_it_is() -> None:
    radius = 30
    found = faces_in(people((360, 480), ROW, radius=radius))
    assert len(found) == 3
    for (x, y), box in zip(ROW, sorted(found, key=lambda box: box.left), strict=True):
        assert box.left < x - 0.8 * radius / 360
        assert box.right > x + 0.8 * radius / 360
        assert box.top < y - radius / 480
        assert box.bottom > y + 0.8 * radius / 480


def test_a_face_that_is_very_small_beside_another_is_passed_over() -> None:
    alone = people((480, 480), [(0.88, 0.5)], radius=28)
    both = alone.copy()
    both[:, :350] = people((480, 480), [(0.3, 0.35)], radius=120)[:, :350]
    assert middles(faces_in(alone)) == [pytest.approx((0.88, 0.5), abs=0.05)]
    assert middles(faces_in(both)) == [pytest.approx((0.3, 0.35), abs=0.05)]


@pytest.mark.parametrize("shirts", [((60, 60, 120),), ((200, 40, 40), (40, 60, 200), (230, 210, 60))])
def test_heads_without_faces_stand_out(shirts: Sequence[tuple[int, int, int]]) -> None:
    picture = people((360, 480), ROW, radius=28, faces=False, shirts=shirts)
    assert faces_in(picture) == []
    assert middles(what_matters(picture)) == [pytest.approx(head, abs=0.02) for head in ROW]


def test_a_bright_thing_before_a_sky_stands_out() -> None:
    picture = slope(480, 320)
    cv2.circle(picture, (400, 100), 25, SKIN, -1, cv2.LINE_AA)
    assert middles(standing_out_in(picture)) == [pytest.approx((400 / 480, 100 / 320), abs=0.02)]


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((480, 270, 3), np.uint8),
        np.full((300, 480, 3), 255, np.uint8),
        slope(270, 480),
        np.kron(np.indices((12, 16)).sum(axis=0) % 2, np.ones((30, 30)))[..., None]
        .repeat(3, 2)
        .astype(np.uint8)
        * 255,
        np.ascontiguousarray(detailed_picture(480, 320)),
        *(
            np.zeros((height, width, 3), np.uint8) + 9
            for width, height in ((1, 1), (480, 2), (2, 480), (7, 9))
        ),
    ],
    ids=["black", "white", "sky", "pattern", "detail", "dot", "line", "upright line", "tiny"],
)
def test_nothing_is_made_up_where_nothing_stands_out(picture: Plane) -> None:
    assert what_matters(picture) == ()


@pytest.mark.usefixtures("threads")
def test_the_answer_is_the_same_on_any_number_of_threads() -> None:
    heads = [(0.06 + 0.22 * number, 0.2 + 0.15 * (number % 3)) for number in range(5)]
    pictures = people((480, 360), heads, radius=26), people((480, 360), heads, radius=26, faces=False)
    answers = []
    for count in (1, 2, 5):
        cv2.setNumThreads(count)
        answers.append([what_matters(picture) for picture in pictures])
    assert answers[0] == answers[1] == answers[2]
    assert [len(found) for found in answers[0]] == [5, 5]
