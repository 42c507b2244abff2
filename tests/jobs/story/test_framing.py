"""Fit or fill, and a motion that keeps what matters in sight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.story.framing import Framing, framed
from shared.video.frames.motion import keeping, snapped, window_at
from shared.video.subjects.boxes import Box
from shared.video.timeline import Motion

PORTRAIT, LANDSCAPE = (1080, 1920), (1920, 1080)
unit = st.floats(0, 1).map(lambda part: round(part, 3))
boxes = st.tuples(unit, unit, unit, unit).map(
    lambda at: Box(left=min(at[:2]), right=max(at[:2]), top=min(at[2:]), bottom=max(at[2:]))
)
things = boxes.filter(lambda box: min(box.right - box.left, box.bottom - box.top) >= 0.01)
sizes = st.tuples(st.integers(1, 4000), st.integers(1, 4000))


def face(x: float, y: float, wide: float = 0.1) -> Box:
    return Box(left=x - wide / 2, right=x + wide / 2, top=y - wide / 2, bottom=y + wide / 2)


def shown_of(picture: tuple[int, int], frame: tuple[int, int], framing: Framing) -> Box:
    """The part of the picture that a crop shows."""
    shape = frame[0] * picture[1] / (frame[1] * picture[0])
    wide, tall = min(1, shape), min(1, 1 / shape)
    left, top = framing.anchor_x * (1 - wide), framing.anchor_y * (1 - tall)
    return Box(left=left, top=top, right=left + wide, bottom=top + tall)


@pytest.mark.parametrize(
    ("picture", "frame", "subjects", "fit", "anchor"),
    [
        ((3, 4), PORTRAIT, [], "cover", (0.5, 0.5)),
        ((3, 4), PORTRAIT, [face(0.5, 0.3), face(0.3, 0.3)], "cover", (0.5, 0.5)),
        ((3, 4), PORTRAIT, [face(0.06, 0.3), face(0.94, 0.3)], "blur", (0.5, 0.5)),
        ((4, 5), PORTRAIT, [face(0.06, 0.3), face(0.94, 0.3)], "blur", (0.5, 0.5)),
        ((3, 4), PORTRAIT, [face(0.05, 0.3)], "cover", (0.0, 0.5)),
        ((3, 4), PORTRAIT, [face(0.95, 0.3)], "cover", (1.0, 0.5)),
        ((3, 4), PORTRAIT, [face(0.5, 0.4, wide=0.8)], "blur", (0.5, 0.5)),
        ((4, 3), LANDSCAPE, [face(0.5, 0.1)], "cover", (0.5, 0.08)),
        ((4, 3), LANDSCAPE, [face(0.5, 0.1), face(0.5, 0.9)], "blur", (0.5, 0.5)),
        ((3, 4), LANDSCAPE, [face(0.5, 0.3)], "blur", (0.5, 0.5)),
        ((9, 16), PORTRAIT, [face(0.02, 0.3, wide=0.04)], "cover", (0.5, 0.5)),
    ],
)
def test_a_picture_is_cropped_where_nothing_that_matters_is_lost(
    picture: tuple[int, int],
    frame: tuple[int, int],
    subjects: list[Box],
    fit: str,
    anchor: tuple[float, float],
) -> None:
    framing = framed(picture, frame, subjects)
    assert framing.fit == fit
    assert (framing.anchor_x, framing.anchor_y) == pytest.approx(anchor, abs=0.005)


@given(sizes, sizes, st.lists(things, max_size=4))
def test_what_matters_is_in_every_crop_that_nobody_asked_for(
    picture: tuple[int, int], frame: tuple[int, int], subjects: list[Box]
) -> None:
    framing = framed(picture, frame, subjects)
    shown = shown_of(picture, frame, framing)
    assert framing.fit == "blur" or all(
        shown.left - 0.002 <= box.left <= box.right <= shown.right + 0.002
        and shown.top - 0.002 <= box.top <= box.bottom <= shown.bottom + 0.002
        for box in subjects
    )
    assert (framing.kept is None) == (not subjects)


def test_a_crop_that_was_asked_for_shows_as_many_as_it_can() -> None:
    group = [face(0.1, 0.3), face(0.7, 0.3), face(0.9, 0.3)]
    framing = framed((4, 3), PORTRAIT, group, fit="cover")
    shown = shown_of((4, 3), PORTRAIT, framing)
    assert [box.left >= shown.left and box.right <= shown.right for box in group] == [False, True, True]
    assert framing.kept is not None


@pytest.mark.parametrize(("focus", "anchor"), [((0.0, 0.0), 0.0), ((0.5, 0.9), 0.5), ((0.55, 0.2), 0.7)])
def test_a_focus_of_ones_own_is_where_the_crop_is(focus: tuple[float, float], anchor: float) -> None:
    framing = framed((3, 4), PORTRAIT, [face(0.9, 0.5)], focus=focus)
    assert framing.fit == "cover"
    assert framing.anchor_x == pytest.approx(anchor)
    assert framed((3, 4), PORTRAIT, [], fit="contain", focus=focus).fit == "blur"


motions = st.one_of(
    st.builds(
        lambda zooms, focus: Motion(
            kind="zoom", zoom_from=zooms[0], zoom_to=zooms[1], focus_x=focus[0], focus_y=focus[1]
        ),
        st.sampled_from([(1.0, 1.18), (1.06, 1.0), (1.0, 1.03)]),
        st.tuples(unit, unit),
    ),
    st.builds(
        lambda x, y: Motion(kind="pan", zoom_from=1.1, focus_x=x, focus_y=y), st.sampled_from([0, 1]), unit
    ),
)


@given(motions, boxes, st.floats(0, 1))
def test_what_is_kept_is_in_sight_at_every_moment(motion: Motion, kept: Box, part: float) -> None:
    moved = snapped(keeping(motion, kept), 1080, 1920)
    window = window_at(moved, round(part * 90), 91)
    off = 0.005  # at the picture's very edge, where the fixed point is moved to whole pixels
    assert window.left <= kept.left + off
    assert window.top <= kept.top + off
    assert window.left + 1 / window.zoom >= kept.right - off
    assert window.top + 1 / window.zoom >= kept.bottom - off


def test_a_motion_is_about_what_it_keeps_and_goes_as_far_as_it_can() -> None:
    zoom = Motion(kind="zoom", zoom_to=1.18, focus_x=0.1, focus_y=0.9)
    about = keeping(zoom, face(0.6, 0.3))
    assert (about.focus_x, about.focus_y, about.zoom_to) == pytest.approx((0.6, 0.3, 1.18))
    assert keeping(zoom, face(0.5, 0.5, wide=0.9)).zoom_to == 1.08
    assert keeping(zoom, face(0.5, 0.5, wide=1)).kind == "none"
