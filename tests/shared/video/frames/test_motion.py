"""How much of a picture is seen when: pure numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.video.frames.motion import Window, ease, most_zoom, snapped, window_at
from shared.video.timeline import Motion

zooms = st.floats(1, 2)
units = st.floats(0, 1)
motions = st.builds(
    Motion,
    kind=st.sampled_from(["none", "zoom", "pan"]),
    zoom_from=zooms,
    zoom_to=zooms,
    focus_x=units,
    focus_y=units,
)


@given(motions, st.integers(1, 400), units)
def test_what_is_seen_is_always_inside_the_picture(motion: Motion, frames: int, part: float) -> None:
    window = window_at(motion, round(part * (frames - 1)), frames)
    assert 1 - 1e-9 <= window.zoom <= most_zoom(motion) + 1e-9
    for place in (window.left, window.top):
        assert -1e-9 <= place <= 1 - 1 / window.zoom + 1e-9


@given(zooms, zooms, units, units, st.integers(2, 300))
def test_a_zoom_goes_all_the_way_and_never_back(a: float, b: float, x: float, y: float, frames: int) -> None:
    motion = Motion(kind="zoom", zoom_from=a, zoom_to=b, focus_x=x, focus_y=y)
    seen = [window_at(motion, frame, frames).zoom for frame in range(frames)]
    assert seen[0] == pytest.approx(a)
    assert seen[-1] == pytest.approx(b)
    assert seen in (pytest.approx(sorted(seen)), pytest.approx(sorted(seen, reverse=True)))


@given(zooms, zooms, units, units, st.integers(0, 99))
def test_the_focus_of_a_zoom_stays_where_it_is(a: float, b: float, x: float, y: float, frame: int) -> None:
    window = window_at(Motion(kind="zoom", zoom_from=a, zoom_to=b, focus_x=x, focus_y=y), frame, 100)
    assert (x - window.left) * window.zoom == pytest.approx(x)
    assert (y - window.top) * window.zoom == pytest.approx(y)


def test_a_zoom_that_goes_back_is_the_same_zoom_seen_backwards() -> None:
    there = Motion(kind="zoom", zoom_from=1, zoom_to=1.2, focus_x=0.3, focus_y=0.6)
    back = there.model_copy(update={"zoom_from": 1.2, "zoom_to": 1})
    for frame in range(50):
        one, two = window_at(there, frame, 50), window_at(back, 49 - frame, 50)
        assert (one.zoom, one.left, one.top) == pytest.approx((two.zoom, two.left, two.top))


def test_a_pan_ends_at_its_focus() -> None:
    motion = Motion(kind="pan", zoom_from=1.25, focus_x=1, focus_y=0.25)
    first, last = window_at(motion, 0, 80), window_at(motion, 79, 80)
    assert [first.left, last.left] == pytest.approx([0, 0.2])
    assert [first.top, last.top] == pytest.approx([0.15, 0.05])
    assert first.zoom == last.zoom == 1.25


def test_without_motion_or_for_a_single_frame_nothing_moves() -> None:
    assert window_at(Motion(), 17, 30) == Window(zoom=1, left=0, top=0)
    assert window_at(Motion(kind="zoom", zoom_from=1.1, zoom_to=1.3), 0, 1).zoom == pytest.approx(1.1)


@given(units, units)
def test_easing_goes_from_start_to_end_without_turning_back(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= ease(low) <= ease(high) <= 1
    assert ease(1 - a) == pytest.approx(1 - ease(a), abs=1e-9)
    assert (ease(0), ease(1)) == (0, 1)


@given(
    motions,
    st.integers(32, 2048).map(lambda half: 2 * half),
    st.integers(32, 2048).map(lambda half: 2 * half),
)
def test_a_snapped_focus_moves_by_three_hundredths_at_most_and_is_an_even_pixel(
    motion: Motion, width: int, height: int
) -> None:
    moved = snapped(motion, width, height)
    if motion.kind != "zoom":
        assert moved == motion
        return
    for before, after, length in (
        (motion.focus_x, moved.focus_x, width),
        (motion.focus_y, moved.focus_y, height),
    ):
        assert 0 <= after <= 1
        assert abs(after - before) * length <= max(2, 0.03 * length) + 2
        assert after * length / 2 == pytest.approx(round(after * length / 2))
