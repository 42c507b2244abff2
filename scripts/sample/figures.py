"""What people built and what moves: the hut, the lighthouse, sails, birds, snow, reeds."""

import numpy as np

from scripts.sample.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    Point,
    blurred,
    chaikin,
    fill,
    glow,
    light,
    outline,
    paint,
    placed,
    rectangle,
    resized,
    rgb,
    shape,
    smoothstep,
)
from scripts.sample.people import FLAME


def mirrored(
    picture: Array, row: int, height: int, columns: tuple[int, int], strength: float, waves: Array
) -> None:
    """Reflect what stands on water at `row` between two columns, broken by the ripples below it."""
    left, right = max(columns[0], 0), min(columns[1], WIDTH)
    push = waves[row - (HEIGHT - waves.shape[0]) :][:height, left:right]
    down = np.arange(height)[:, None]
    x = np.clip(np.arange(left, right)[None] + (push * (2 + down * 0.06)).astype(int), 0, WIDTH - 1)
    y = np.broadcast_to(row - 1 - down, x.shape)
    seen = picture[:, y, x]
    edge = smoothstep(0, 60, np.minimum(COLUMNS[:, left:right] - left, right - COLUMNS[:, left:right]))
    part = picture[:, row : row + height, left:right]
    part += (seen - part) * (edge * smoothstep(height, 0, ROWS[:height]) * np.float32(strength))


def hut(picture: Array, at: Point, size: float, *, wall: str, roof: str) -> None:
    """A cabin with a lit window; `at` is the middle of its floor, `size` its width."""
    glow(picture, (at[0], at[1] - size * 0.23), size * 1.0, FLAME, 0.6)
    shape(picture, placed(rectangle(0.2, -0.98, 0.32, -0.5), at, size), rgb(roof))
    shape(picture, placed(outline("-50,10 -50,-42 0,-86 50,-42 50,10", 0), at, size), rgb(wall))
    shape(picture, placed(outline("-66,-34 0,-98 66,-34 58,-28 0,-84 -58,-28", 0), at, size), rgb(roof))
    pane = rectangle(-0.17, -0.40, 0.17, -0.06)
    glow(picture, (at[0], at[1] - size * 0.23), size * 0.42, FLAME, 0.62)
    shape(picture, placed(pane, at, size), rgb("#ffdf94"))
    shape(picture, placed(rectangle(-0.02, -0.40, 0.02, -0.06), at, size), rgb(wall))
    shape(picture, placed(rectangle(-0.17, -0.25, 0.17, -0.215), at, size), rgb(wall))
    glow(picture, (at[0], at[1] - size * 0.23), size * 0.22, "#fff0c0", 0.55)


def smoke(picture: Array, at: Point, tall: float, colour: str) -> None:
    """A thread of smoke that drifts to the right and widens."""
    plane = np.zeros((HEIGHT // 2, WIDTH // 2), np.float32)
    for share in np.linspace(0, 1, 90):
        x = at[0] + tall * (0.42 * share**1.6 + 0.07 * np.sin(share * 9 + 0.6) * share)
        y, wide = at[1] - tall * share, 5 + 15 * share
        left, top = int((x - 3 * wide) / 2), int((y - 3 * wide) / 2)
        right, bottom = int((x + 3 * wide) / 2), int((y + 3 * wide) / 2)
        square = (COLUMNS[:, left:right] * 2 - x) ** 2 + (ROWS[top:bottom] * 2 - y) ** 2
        plane[top:bottom, left:right] += np.exp(-square / wide**2) * np.float32(0.07 * (1 - share) ** 0.7)
    paint(picture, rgb(colour), np.clip(resized(plane, HEIGHT, WIDTH), 0, 0.6))


def bird(picture: Array, at: Point, span: float, lift: float, colour: str, opacity: float = 1.0) -> None:
    """A gliding bird; `lift` over 0 raises its wings, below lowers them."""
    wing = [(0.0, 0.05), (0.16, -0.02 - lift * 0.5), (0.34, -0.03 - lift * 0.8), (0.5, 0.06 - lift * 0.7)]
    back = [(0.34, -0.075 - lift * 0.85), (0.15, -0.085 - lift * 0.6), (0.0, -0.03)]
    right = wing + back
    left = [(-x, y) for x, y in reversed(right)]
    shape(picture, placed(chaikin(right + left[1:-1], 2), at, span), rgb(colour), opacity)


def swallow(picture: Array, at: Point, span: float, turn: float, colour: str) -> None:
    """A swallow seen from below with its forked tail, turned by `turn` radians."""
    half = outline("0,-17 5,-11 20,-15 36,-8 52,10 34,0 16,-1 5,7 4,16 14,40 0,22", 0)
    whole = np.concatenate([half, half[-2:0:-1] * np.array([-1, 1], np.float32)])
    c, s = np.cos(turn), np.sin(turn)
    shape(picture, placed(whole @ np.array([[c, s], [-s, c]], np.float32), at, span), rgb(colour))


def sail(picture: Array, at: Point, size: float, *, cloth: str, hull: str) -> None:
    """A small sailing boat with a light at its mast."""
    x, y = at
    shape(picture, placed(outline("-50,-14 55,-18 36,5 -36,5"), at, size), rgb(hull))
    shape(picture, placed([(0.0, -1.25), (0.03, -1.25), (0.03, -0.1), (0.0, -0.1)], at, size), rgb(hull))
    main = chaikin([(-0.03, -1.2), (-0.03, -0.2), (-0.46, -0.22), (-0.26, -0.7)], 1)
    jib = chaikin([(0.06, -1.1), (0.5, -0.24), (0.06, -0.2)], 1)
    shape(picture, placed(main, at, size), rgb(cloth))
    shape(picture, placed(jib, at, size), rgb(cloth), 0.86)
    glow(picture, (x + size * 0.3, y - size * 0.22), size * 0.3, FLAME, 1.0)
    glow(picture, (x + size * 0.3, y - size * 0.22), size * 0.07, "#fff3cf", 1.0)


def lighthouse(picture: Array, at: Point, tall: float, *, sunny: str, shady: str) -> Point:
    """A banded tower, lit from the left; `at` is the middle of its foot. Returns its lamp's place."""
    for number in range(5):
        bright, dark = (rgb(ink) for ink in (("#c24a3f", "#6d2b3a") if number % 2 else (sunny, shady)))
        for step in range(6):
            band = _band(number / 5, (number + 1) / 5, step / 3 - 1)
            shape(picture, placed(band, at, tall), bright + (dark - bright) * np.float32((step / 6) ** 0.8))
    for up in (0.176, 0.4, 0.6):
        slit = rectangle(-0.021, -up - 0.021, -0.003, -up + 0.021)
        shape(picture, placed(slit, at, tall), rgb("#2a2337"))
    return _lamp(picture, (at[0], at[1] - tall * 0.8), tall, dark="#2c2740")


def _band(low: float, high: float, left: float) -> list[Point]:
    """Part of a tower 1 tall: from `low` to `high` of its wall, from `left` (-1 to 1) to its right edge."""
    (wide, row), (narrow, above) = ((0.135 - 0.05 * share, -0.8 * share) for share in (low, high))
    return [(wide, row), (narrow, above), (narrow * left, above), (wide * left, row)]


def _lamp(picture: Array, at: Point, tall: float, *, dark: str) -> Point:
    unit = tall * 0.1
    gallery = [(-1.25, 0.05), (1.25, 0.05), (1.05, 0.28), (-1.05, 0.28)]
    shape(picture, placed(gallery, at, unit), rgb(dark))
    shape(picture, placed(rectangle(-0.62, -1.0, 0.62, 0.05), at, unit), rgb("#ffe7a6"))
    for post in (-0.62, -0.22, 0.18, 0.56):
        shape(picture, placed(rectangle(post, -1.0, post + 0.06, 0.05), at, unit), rgb(dark))
    for post in np.linspace(-1.2, 1.14, 9):
        shape(picture, placed(rectangle(post, -0.4, post + 0.05, 0.05), at, unit), rgb(dark))
    shape(picture, placed(rectangle(-1.22, -0.42, 1.22, -0.35), at, unit), rgb(dark))
    dome = chaikin([(-0.85, -0.98), (-0.6, -1.4), (0, -1.75), (0.6, -1.4), (0.85, -0.98)], 2)
    shape(picture, placed(dome, at, unit), rgb("#8f3340"))
    shape(picture, placed(rectangle(-0.04, -2.2, 0.04, -1.5), at, unit), rgb(dark))
    return at[0], at[1] - unit * 0.5


def beam(picture: Array, at: Point, toward: float, spread: float, strength: float) -> None:
    """A lighthouse's beam from `at`, in radians counted clockwise from the right."""
    across, down = COLUMNS - np.float32(at[0]), ROWS - np.float32(at[1])
    distance = np.hypot(across, down)
    c, s = np.float32(np.cos(toward)), np.float32(np.sin(toward))
    along, aside = across * c + down * s, down * c - across * s
    wide = 12 + np.clip(along, 0, None) * np.float32(np.tan(spread))
    cone = np.exp(-((aside / wide) ** 2) * 1.6) + 0.8 * np.exp(-((aside / wide) ** 2) * 9)
    mask = cone * smoothstep(-4, 40, along) * np.exp(-distance / 1050)
    light(picture, rgb("#ffe9b8"), np.clip(mask * np.float32(strength), 0, 1))


def snowfall(picture: Array, rng: np.random.Generator, count: int) -> None:
    """Flakes at three distances: many fine, some, a few large and out of focus."""
    for share, size, soft, bright in ((1.0, 1.0, 0.8, 0.55), (0.22, 2.4, 1.1, 0.85), (0.035, 8.0, 3.4, 0.34)):
        plane = np.zeros((HEIGHT, WIDTH), np.uint8)
        for x, y, scale in rng.uniform((0, 0, 0.7), (WIDTH, HEIGHT, 1.5), (int(count * share), 3)):
            ball = chaikin(rectangle(-1, -1.25, 1, 1.25), 2)
            fill(plane, placed(ball, (x, y), size * scale * 1.25))
        light(picture, rgb("#eef4ff"), blurred(plane * np.float32(bright / 255), soft))


def reeds(
    picture: Array, rng: np.random.Generator, columns: tuple[float, float], count: int, tall: float
) -> None:
    """Bent blades of grass at the picture's foot, some with a cattail."""
    colour, foot = "#0c0d28", HEIGHT + 26
    for x in rng.uniform(*columns, count):
        height, lean = tall * rng.uniform(0.5, 1.1), rng.uniform(-0.28, 0.28)
        share = np.linspace(0, 1, 9)
        spine = np.stack([x + lean * height * share**2, foot - height * share], 1)
        wide = np.stack([4.2 * (1 - share) + 0.6, np.zeros(9)], 1)
        shape(picture, np.concatenate([spine - wide, (spine + wide)[::-1]]).astype(np.float32), rgb(colour))
        if rng.random() < 0.3:
            tip = (float(spine[-1, 0]), float(spine[-1, 1]))
            shape(picture, placed(outline("-16,-100 16,-100 16,0 -16,0"), tip, 46), rgb(colour))
