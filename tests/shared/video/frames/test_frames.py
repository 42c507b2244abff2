from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.video.captions.bitmaps import CaptionBitmap
from shared.video.colour import to_planes
from shared.video.frames.canvas import draw_canvas
from shared.video.frames.frames import CaptionPatch, Frame, Picture, blend, prepare
from shared.video.frames.motion import most_zoom, snapped, window_at
from shared.video.timeline import Motion, Shot, Timeline
from tests.shared.video.scenes import Plane, detailed_picture, shot_of, timeline_of

Floats = NDArray[np.float64]
BLACK = (16, 128, 128)


def frame_of(picture: Picture, number: int, timeline: Timeline) -> Frame:
    frame = Frame.blank(timeline.width, timeline.height)
    picture.draw(number, frame)
    return frame


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> Frame:
    """A frame of one Y'CbCr colour."""
    frame = Frame.blank(*size)
    frame.luma[...], frame.chroma[...] = colour[0], colour[1:]
    return frame


def colours_of(frame: Frame) -> set[tuple[int, ...]]:
    wide = np.dstack([frame.luma[::2, ::2], frame.chroma])
    return {tuple(int(level) for level in pixel) for pixel in np.unique(wide.reshape(-1, 3), axis=0)}


def sampled(plane: Plane, along_x: Floats, along_y: Floats) -> Floats:
    """Bilinear samples of a plane, exact; beyond its edge it goes on as it is there."""
    rows = _between_rows(plane.astype(np.float64), along_y)
    return _between_rows(rows.swapaxes(0, 1), along_x).swapaxes(0, 1)


def _between_rows(plane: Floats, places: Floats) -> Floats:
    inside = places.clip(0, plane.shape[0] - 1)
    first = np.floor(inside).astype(int).clip(0, max(0, plane.shape[0] - 2))
    part = (inside - first).reshape(-1, *[1] * (plane.ndim - 1))
    return np.asarray(plane[first] * (1 - part) + plane[(first + 1).clip(0, plane.shape[0] - 1)] * part)


def assert_like(drawn: Plane, wanted: Floats, *, most: float, psnr_db: float) -> None:
    """Compared inside of the outermost pixels, where what lies beyond is missing."""
    error = (drawn - wanted)[1:-1, 1:-1]
    assert np.abs(error).max() <= most
    assert 10 * np.log10(255**2 / max(float((error**2).mean()), 1e-9)) > psnr_db


def prepared(shot: Shot, timeline: Timeline, visible: int, picture: Plane) -> tuple[Motion, Plane, Picture]:
    """The motion and the canvas that a shot gets, and what draws it."""
    motion = snapped(shot.motion, timeline.width, timeline.height)
    canvas = draw_canvas(shot, timeline, picture, most_zoom(motion))
    return motion, canvas, prepare(shot, timeline, picture, visible)


@pytest.mark.parametrize("focus", [(0, 0), (0.5, 0.5), (1, 1), (0.37, 0.5), (0, 0.37), (1, 0.37)])
@pytest.mark.parametrize(("start", "end"), [(1, 1.08), (1.15, 1), (1, 1.37), (1.5, 1.1), (1, 2)])
@pytest.mark.parametrize("rate", ["30000/1001", "24000/1001"])
def test_a_zoom_samples_the_canvas_exactly(
    focus: tuple[float, float], start: float, end: float, rate: str
) -> None:
    motion = {"kind": "zoom", "zoom_from": start, "zoom_to": end, "focus_x": focus[0], "focus_y": focus[1]}
    visible = round(1.733 * Fraction(rate))
    timeline = timeline_of(shot_of(visible, motion=motion), size=(162, 286), rate=rate)
    snug, canvas, picture = prepared(timeline.shots[0], timeline, visible, detailed_picture(300, 500))
    fixed = [2 * round(side * part / 2) for side, part in ((162, snug.focus_x), (286, snug.focus_y))]
    cut = [2 * round((place * most_zoom(snug)) / 2) for place in fixed]
    for number in (0, 1, 2, visible // 2, visible - 3, visible - 2, visible - 1):
        frame = frame_of(picture, number, timeline)
        step = most_zoom(snug) / window_at(snug, number, visible).zoom
        for source, drawn, unit in zip(to_planes(canvas), frame.planes, (1, 2), strict=True):
            along_y, along_x = (
                (np.arange(side) + 0.5 - middle / unit) * step + at / unit - 0.5
                for side, middle, at in zip(drawn.shape, reversed(fixed), reversed(cut), strict=False)
            )
            assert_like(drawn, sampled(source, along_x, along_y), most=4, psnr_db=55)


@pytest.mark.parametrize("focus", [(0, 0), (0.5, 1), (1, 0.37)])
@pytest.mark.parametrize("zoom", [1.1, 1.37, 1.9])
def test_a_pan_samples_the_canvas_at_parts_of_a_pixel(focus: tuple[float, float], zoom: float) -> None:
    motion = {"kind": "pan", "zoom_from": zoom, "focus_x": focus[0], "focus_y": focus[1]}
    timeline = timeline_of(shot_of(29, motion=motion), size=(162, 286))
    pan, canvas, picture = prepared(timeline.shots[0], timeline, 29, detailed_picture(300, 500))
    for number in (0, 1, 13, 28):
        frame, window = frame_of(picture, number, timeline), window_at(pan, number, 29)
        for source, drawn in zip(to_planes(canvas), frame.planes, strict=True):
            along_y, along_x = (
                (np.arange(side) + 0.5) * (length / window.zoom / side) + start * length - 0.5
                for side, length, start in zip(
                    drawn.shape, source.shape, (window.top, window.left), strict=False
                )
            )
            assert_like(drawn, sampled(source, along_x, along_y), most=12, psnr_db=50)


@dataclass(frozen=True)
class Track:
    """Where a dot is in each frame, and where it should be: (frames, 2), x and y in pixels."""

    seen: Floats
    ideal: Floats

    @property
    def error(self) -> Floats:
        return self.seen - self.ideal


def tracked(motion: Motion, dot: tuple[float, float], *, frames: int = 75) -> Track:
    """Follow a small bright dot, at `dot` in parts of the picture."""
    shot = shot_of(frames).model_copy(update={"motion": motion})
    timeline = timeline_of(shot, size=(360, 640))
    zoom = most_zoom(motion)
    wide, tall = 2 * round(360 * zoom / 2), 2 * round(640 * zoom / 2)
    down, right = np.mgrid[0:tall, 0:wide] + 0.5
    square = (right - dot[0] * wide) ** 2 + (down - dot[1] * tall) ** 2
    light = np.rint(235 * np.exp(-square / (2 * 3.0**2))).astype(np.uint8)
    picture = prepare(shot, timeline, np.dstack([light] * 3), frames)
    snug = snapped(motion, 360, 640)
    windows = [window_at(snug, number, frames) for number in range(frames)]
    ideal = [
        ((dot[0] - window.left) * window.zoom * 360, (dot[1] - window.top) * window.zoom * 640)
        for window in windows
    ]
    seen = [centroid(frame_of(picture, number, timeline).luma) for number in range(frames)]
    return Track(np.array(seen), np.array(ideal))


def centroid(luma: Plane) -> tuple[float, float]:
    light = luma.astype(np.float64) - 16
    down, right = np.mgrid[0 : luma.shape[0], 0 : luma.shape[1]] + 0.5
    return float((light * right).sum() / light.sum()), float((light * down).sum() / light.sum())


@pytest.mark.parametrize(
    ("motion", "dot"),
    [
        (Motion(kind="zoom", zoom_to=1.05), (0.8, 0.85)),
        (Motion(kind="zoom", zoom_to=1.08), (0.3, 0.7)),
        (Motion(kind="zoom", zoom_from=1.2, focus_x=0.37, focus_y=0.3), (0.45, 0.6)),
        (Motion(kind="zoom", zoom_to=1.12, focus_x=1, focus_y=0), (0.6, 0.35)),
        (Motion(kind="pan", zoom_from=1.1, focus_x=1, focus_y=0.5), (0.5, 0.5)),
        (Motion(kind="pan", zoom_from=1.2, focus_x=0, focus_y=1), (0.5, 0.4)),
    ],
)
def test_motion_has_no_jitter(motion: Motion, dot: tuple[float, float]) -> None:
    error = tracked(motion, dot).error
    assert np.abs(np.diff(error, axis=0)).max() < 0.1
    assert np.sqrt(((error - error.mean(axis=0)) ** 2).mean(axis=0)).max() < 0.03
    assert np.abs(error).max() < 1  # the canvas and its fixed point are whole pixels


def test_a_pan_goes_one_way_softly() -> None:
    seen = tracked(Motion(kind="pan", zoom_from=1.2, focus_x=1, focus_y=0), (0.5, 0.5)).seen
    steps = np.diff(seen, axis=0)
    assert (steps[:, 0] < 0).all()  # the window goes right, so the dot goes left
    assert (steps[:, 1] > 0).all()
    assert np.abs(np.diff(steps, axis=0)).max() < 0.1
    assert abs(steps[0, 0]) < 0.8 * abs(steps[37, 0])


def test_a_zoom_keeps_its_focus_still() -> None:
    motion = Motion(kind="zoom", zoom_to=1.25, focus_x=0.4, focus_y=0.6)
    snug = snapped(motion, 360, 640)
    seen = tracked(motion, (snug.focus_x, snug.focus_y)).seen
    assert np.abs(seen - seen[0]).max() < 0.02


def test_a_still_shows_its_part_of_the_canvas_untouched() -> None:
    motion = {"kind": "zoom", "zoom_from": 1.5, "zoom_to": 1.5, "focus_x": 1, "focus_y": 0}
    timeline = timeline_of(shot_of(5, motion=motion), size=(100, 160))
    _, canvas, picture = prepared(timeline.shots[0], timeline, 5, detailed_picture(150, 240))
    wanted = to_planes(np.ascontiguousarray(canvas[:160, 50:]))
    for number in (0, 4):
        frame = frame_of(picture, number, timeline)
        assert all(np.array_equal(a, b) for a, b in zip(frame.planes, wanted, strict=True))


@pytest.mark.parametrize("kind", ["none", "zoom", "pan"])
@pytest.mark.parametrize("size", [(64, 64), (66, 118), (94, 70), (362, 202)])
@pytest.mark.parametrize("zoom", [1.0, 1.003, 1.07, 1.999])
def test_frames_of_any_even_size_are_filled(kind: str, size: tuple[int, int], zoom: float) -> None:
    motion = {"kind": kind, "zoom_from": 1, "zoom_to": zoom, "focus_x": 0.61, "focus_y": 0.13}
    for fit, picture in (("cover", (333, 777)), ("blur", (777, 333)), ("cover", (5, 3))):
        shot = shot_of(7, motion=motion, fit=fit)
        timeline = timeline_of(shot, size=size)
        drawing = prepare(shot, timeline, np.full((*picture[::-1], 3), 255, np.uint8), 7)
        for number in (0, 3, 6):
            frame = Frame(np.zeros(size[::-1], np.uint8), np.zeros((size[1] // 2, size[0] // 2, 2), np.uint8))
            drawing.draw(number, frame)
            assert (frame.chroma == 128).all()
            assert (frame.luma == 235).all() or (fit == "blur" and frame.luma.min() >= 16)


@pytest.mark.parametrize(
    ("rgb", "wanted"),
    [
        ("#000000", (16, 128, 128)),
        ("#ffffff", (235, 128, 128)),
        ("#808080", (126, 128, 128)),
        ("#ff0000", (63, 102, 240)),
        ("#00ff00", (173, 42, 26)),
        ("#0000ff", (32, 240, 118)),
        ("#ffff00", (219, 16, 138)),
        ("#00ffff", (188, 154, 16)),
        ("#ff00ff", (78, 214, 230)),
    ],
)
@pytest.mark.parametrize("kind", ["none", "zoom", "pan"])
def test_a_colour_is_the_one_of_bt709(rgb: str, wanted: tuple[int, int, int], kind: str) -> None:
    """Colour bars of ITU-R BT.709-6 in 8 bits, limited range."""
    shot = shot_of(5, None, colour=rgb, motion={"kind": kind, "zoom_to": 1.2})
    timeline = timeline_of(shot, size=(70, 66))
    picture = prepare(shot, timeline, None, 5)
    assert {pixel for number in range(5) for pixel in colours_of(frame_of(picture, number, timeline))} == {
        wanted
    }


@pytest.mark.parametrize("frames", [1, 3, 4, 7])
def test_a_dip_passes_through_black(frames: int) -> None:
    one, two, into = flat((200, 90, 160)), flat((120, 200, 60)), flat((0, 0, 0))
    lights = []
    for at in range(frames):
        blend(one, two, "dip", (at + 1) / (frames + 1), into)
        ((luma, *chroma),) = colours_of(into)
        lights.append(luma)
        assert (luma == 16) == (tuple(chroma) == (128, 128)) == (2 * at + 1 == frames)
    half = (frames + 1) // 2
    assert lights[:half] == sorted(lights[:half], reverse=True)
    assert lights[-half:] == sorted(lights[-half:])
    assert max(lights) < 200


@pytest.mark.parametrize("frames", [1, 2, 12])
def test_a_crossfade_has_no_pure_frame(frames: int) -> None:
    one, two, into = flat((40, 90, 160)), flat((200, 150, 100)), flat((0, 0, 0))
    seen = []
    for at in range(frames):
        blend(one, two, "crossfade", (at + 1) / (frames + 1), into)
        (colour,) = colours_of(into)
        wanted = [a + (b - a) * (at + 1) / (frames + 1) for a, b in ((40, 200), (90, 150), (160, 100))]
        assert np.abs(np.subtract(colour, wanted)).max() <= 0.51
        seen.append(colour[0])
    assert 40 < seen[0] <= seen[-1] < 200


def test_a_slide_moves_both_pictures_by_whole_chroma_pixels() -> None:
    left, right = (Frame(*to_planes(detailed_picture(96, 64, seed=seed))) for seed in (1, 2))
    into, shifts = Frame.blank(96, 64), []
    both = [np.concatenate(planes, axis=1) for planes in zip(left.planes, right.planes, strict=True)]
    for at in range(9):
        blend(left, right, "slide", (at + 1) / 10, into)
        (shift,) = [x for x in range(0, 97, 2) if np.array_equal(both[0][:, x : x + 96], into.luma)]
        assert np.array_equal(both[1][:, shift // 2 : shift // 2 + 48], into.chroma)
        shifts.append(shift)
    assert shifts == sorted(set(shifts))
    assert 0 < shifts[0] < shifts[-1] < 96


def bitmap_of(rgb: tuple[int, int, int], alpha: int, *, x: int = 4, y: int = 6) -> CaptionBitmap:
    """A rectangle of 20 x 10 pixels, as premultiplied RGBA."""
    levels = [round(level * alpha / 255) for level in rgb]
    return CaptionBitmap(x=x, y=y, rgba=np.full((10, 20, 4), (*levels, alpha), np.uint8))


def test_a_caption_that_is_clear_changes_nothing() -> None:
    frame = Frame(*to_planes(detailed_picture(64, 48)))
    frame.luma[:4] = np.arange(256, dtype=np.uint8).reshape(4, 64)
    before = [plane.copy() for plane in frame.planes]
    for y in (0, 6):
        CaptionPatch(bitmap_of((255, 0, 0), 0, y=y)).draw(frame)
    assert all(np.array_equal(a, b) for a, b in zip(frame.planes, before, strict=True))


@pytest.mark.parametrize("rgb", [(255, 255, 255), (0, 0, 0), (255, 210, 63), (16, 16, 24)])
def test_a_caption_that_is_solid_hides_what_is_under_it(rgb: tuple[int, int, int]) -> None:
    frame = Frame(*to_planes(detailed_picture(64, 48)))
    luma, chroma = to_planes(np.full((2, 2, 3), rgb, np.uint8))
    before = [plane.copy() for plane in frame.planes]
    CaptionPatch(bitmap_of(rgb, 255)).draw(frame)
    assert (frame.luma[6:16, 4:24] == luma[0, 0]).all()
    assert (frame.chroma[3:8, 2:12] == chroma[0, 0]).all()
    before[0][6:16, 4:24], before[1][3:8, 2:12] = luma[0, 0], chroma[0, 0]
    assert all(np.array_equal(a, b) for a, b in zip(frame.planes, before, strict=True))


@pytest.mark.parametrize("alpha", [1, 17, 64, 128, 200, 254])
def test_a_caption_that_is_half_clear_mixes(alpha: int) -> None:
    frame = flat((90, 100, 150))
    CaptionPatch(bitmap_of((250, 200, 50), alpha)).draw(frame)
    luma, chroma = to_planes(np.full((2, 2, 3), (250, 200, 50), np.uint8))
    seen = frame.luma[10, 10], *frame.chroma[5, 5]
    over = luma[0, 0], *chroma[0, 0]
    wanted = [a + (float(b) - a) * alpha / 255 for a, b in zip((90, 100, 150), over, strict=True)]
    assert np.abs(np.subtract(seen, wanted, dtype=np.float64)).max() <= 1.5


def test_black_is_black() -> None:
    shot = shot_of(1, None)
    timeline = timeline_of(shot, size=(64, 64))
    assert colours_of(frame_of(prepare(shot, timeline, None, 1), 0, timeline)) == {BLACK}
