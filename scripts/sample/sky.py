"""What is above the horizon: sun, moon, rays, clouds, stars, aurora."""

import numpy as np

from scripts.sample.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    Point,
    Real,
    blurred,
    glow,
    light,
    noise,
    paint,
    resized,
    rgb,
    sampled,
    smoothstep,
)


def disc(picture: Array, at: Point, radius: float, colour: str, opacity: float = 1.0) -> None:
    """A filled circle with a crisp edge."""
    top, bottom = max(int(at[1] - radius) - 2, 0), int(at[1] + radius) + 3
    distance = np.hypot(COLUMNS - at[0], ROWS[top:bottom] - at[1])
    paint(picture, rgb(colour), np.clip(radius - distance + 0.5, 0, 1) * np.float32(opacity), top)


def sun(picture: Array, at: Point, radius: float, *, core: str, halo: str) -> None:
    """A disc in three glows, the widest over most of the sky."""
    glow(picture, at, radius * 5.5, halo, 0.62)
    glow(picture, at, radius * 2.2, halo, 0.5)
    disc(picture, at, radius, core)
    glow(picture, at, radius * 0.9, core, 0.75)


def moon(picture: Array, rng: np.random.Generator, at: Point, radius: float, colour: str) -> None:
    """A full moon with faint seas."""
    glow(picture, at, radius * 3.0, colour, 0.42)
    glow(picture, at, radius * 1.2, colour, 0.5)
    disc(picture, at, radius, colour)
    top, bottom = int(at[1] - radius), int(at[1] + radius)
    seas = smoothstep(0.1, 1.3, noise(rng, (radius * 0.9, radius * 0.9), 4, rows=bottom - top))
    inside = np.clip(radius - 3 - np.hypot(COLUMNS - at[0], ROWS[top:bottom] - at[1]), 0, 1)
    paint(picture, rgb("#9fb2cf"), seas * inside * np.float32(0.45), top)


def crescent(picture: Array, at: Point, radius: float, colour: str) -> None:
    """A young moon, lit from below right, with its dark side faintly seen."""
    glow(picture, at, radius * 1.7, colour, 0.35)
    top, bottom = int(at[1] - radius) - 2, int(at[1] + radius) + 3
    whole = np.clip(radius - np.hypot(COLUMNS - at[0], ROWS[top:bottom] - at[1]) + 0.5, 0, 1)
    hidden = np.hypot(COLUMNS - at[0] + radius * 0.34, ROWS[top:bottom] - at[1] + radius * 0.22)
    bright = whole * np.clip(hidden - radius * 0.98 + 0.5, 0, 1)
    light(picture, rgb(colour), np.maximum(bright, whole * np.float32(0.06)), top)


def rays(picture: Array, rng: np.random.Generator, at: Point, colour: str, strength: float) -> None:
    """Beams that fan out from a light behind clouds."""
    coarse = 4
    across = COLUMNS[:, ::coarse] - np.float32(at[0])
    down = ROWS[::coarse] - np.float32(at[1])
    angle = (np.arctan2(down, across) / np.float32(2 * np.pi) + 0.5) * 720
    fan = blurred(rng.standard_normal((1, 720)).astype(np.float32), 3.5)
    fan += 0.6 * blurred(rng.standard_normal((1, 720)).astype(np.float32), 1.6)
    fan = smoothstep(-0.1, 0.75, fan)[0]
    beams = np.interp(angle, np.arange(720), fan).astype(np.float32)
    fall = smoothstep(1500, 80, np.hypot(across, down))
    light(picture, rgb(colour), resized(beams * fall, HEIGHT, WIDTH) * np.float32(strength))


def streaks(
    picture: Array,
    rng: np.random.Generator,
    rows: tuple[int, int],
    *,
    body: str,
    rim: str,
    cover: float = 0.5,
) -> None:
    """Long thin clouds between two rows, lit along their lower rims."""
    top, bottom = rows
    density = noise(rng, (46, 520), 5, rows=bottom - top)
    fade = np.abs(np.sin(np.linspace(0, np.pi, bottom - top, dtype=np.float32)))[:, None] ** 0.7
    density += np.float32(1.3 * cover - 1.4) + fade
    mask = smoothstep(0.2, 1.3, density)
    under = np.roll(density, -7, axis=0)
    lit = smoothstep(0.0, 0.5, density - under) * mask
    paint(picture, rgb(body), mask * np.float32(0.7) * fade, top)
    light(picture, rgb(rim), lit * fade * np.float32(0.8), top)


def cumulus(
    picture: Array,
    rng: np.random.Generator,
    at: Point,
    size: tuple[float, float],
    colours: tuple[str, str, str],
) -> None:
    """A heaped cloud with a flat base at `at`, lit from above right; colours: light, body, shadow."""
    tall = size[1]
    top = max(int(at[1] - tall * 1.35), 0)
    rows = int(at[1] + tall * 0.3) - top
    field = _heap(rng, (at[0], at[1] - top), size, rows)
    turned = sampled(field, *_shifted(rows, tall * 0.10, -tall * 0.13))
    lit = smoothstep(-0.05, 0.34, field - turned)
    below = smoothstep(at[1] - top - tall * 0.75, at[1] - top, ROWS[:rows])
    mask = smoothstep(0.42, 0.51, field)
    bright, body, shadow = (rgb(colour) for colour in colours)
    shaded = body + (shadow - body) * below
    paint(picture, shaded + (bright - shaded) * (lit * (1 - 0.55 * below)), mask, top)


def _shifted(rows: int, right: float, down: float) -> tuple[Array, Array]:
    x = np.broadcast_to(COLUMNS + np.float32(right), (rows, WIDTH)).copy()
    return x, np.broadcast_to(ROWS[:rows] + np.float32(down), (rows, WIDTH)).copy()


def _heap(rng: np.random.Generator, at: Point, size: tuple[float, float], rows: int) -> Array:
    """Density of round puffs, large in the middle, torn by noise; over 0.5 is cloud."""
    width, tall = size
    field = np.zeros((rows, WIDTH), np.float32)
    for _ in range(26):
        along = float(np.clip(rng.normal(0, 0.24), -0.5, 0.5))
        radius = tall * rng.uniform(0.16, 0.34) * (1.15 - abs(along) * 1.5)
        x = at[0] + along * width
        y = at[1] - rng.uniform(0.1, 1.0) ** 1.3 * tall * (1 - (2 * along) ** 2) * 0.8 - radius * 0.2
        square = ((COLUMNS - x) ** 2 + (ROWS[:rows] - y) ** 2) / np.float32(radius * radius)
        np.maximum(field, 1.1 - 0.55 * square, out=field)
    field += np.float32(0.12) * noise(rng, (tall * 0.3, tall * 0.38), 5, rows=rows)
    return field * smoothstep(at[1] + tall * 0.16, at[1] - tall * 0.14, ROWS[:rows])


def stars(picture: Array, rng: np.random.Generator, horizon: int, count: int, strength: float = 1.0) -> None:
    """Few bright and many faint stars, thinning out toward the horizon."""
    x = rng.uniform(2, WIDTH - 3, count)
    y = rng.uniform(2, horizon, count) ** 1.12 / horizon**0.12
    bright = 0.07 / rng.uniform(0.035, 1, count)
    field = _points(x, y, bright * (1 - 0.8 * y / horizon), horizon)
    sky = blurred(field, 0.9) * 4.2
    big = np.where(bright > 0.9, bright, 0)
    sky += blurred(_points(x, y, big, horizon), 3.2) * 9
    light(picture, rgb("#e6efff"), np.clip(sky * np.float32(strength), 0, 1))


def _points(x: Real, y: Real, value: Real, rows: int) -> Array:
    field = np.zeros((rows, WIDTH), np.float32)
    at = (np.minimum(y.astype(int), rows - 1), x.astype(int))
    np.add.at(field, at, value.astype(np.float32))
    return field


def milky_way(picture: Array, rng: np.random.Generator, start: Point, slope: float, strength: float) -> None:
    """A band of unresolved stars through `start`; `slope` is columns per row."""
    away = (COLUMNS - start[0] - (ROWS - start[1]) * np.float32(slope)) / np.float32(np.hypot(1, slope))
    away = away + noise(rng, (300, 300), 3, coarse=4) * 28
    cloud = noise(rng, (150, 150), 6)
    band = np.exp(-((away / 210) ** 2)) * smoothstep(-2.4, 1.6, cloud) * smoothstep(1150, 500, ROWS)
    core = np.exp(-((away / 90) ** 2))
    lane = noise(rng, (210, 210), 6) - np.abs(away + 12) / 48
    band *= 1 - np.float32(0.8) * smoothstep(-0.9, 0.7, lane)
    light(picture, rgb("#6f97e0"), band * np.float32(0.5 * strength))
    light(picture, rgb("#d9c9f5"), band * core * np.float32(0.36 * strength))
    speckle = rng.standard_normal((HEIGHT, WIDTH), np.float32)
    light(
        picture,
        rgb("#ffffff"),
        blurred(smoothstep(2.6, 4.2, speckle), 0.7) * band * np.float32(2.2 * strength),
    )


def aurora(picture: Array, rng: np.random.Generator, hem: Array, strength: float) -> None:
    """A curtain whose hem winds near the points `(n, 2)`, green below, violet where it fades above."""
    coarse = 4
    rows, columns = HEIGHT // coarse, WIDTH // coarse
    x, y = _wound(hem) / coarse
    flame = np.interp(
        np.arange(x.size), np.linspace(0, x.size, 900), 0.45 + smoothstep(-1.0, 2.6, _fine(rng, 900))
    )
    seen = (x > 0) & (x < columns - 1) & (y > 0) & (y < rows - 1)
    field = np.zeros((rows, columns), np.float32)
    ends = np.sin(np.linspace(0.12, np.pi - 0.12, x.size)) ** 0.6
    np.add.at(field, (y[seen].astype(int), x[seen].astype(int)), (flame * ends)[seen].astype(np.float32))
    field = blurred(field, 1.6, 2.5) * np.float32(0.6) + blurred(field, 4, 16) * np.float32(0.6)
    for colour, length, power in (("#35ff86", 60, 0.034), ("#2bc9c4", 120, 0.014), ("#a64dff", 210, 0.010)):
        veil = 1 - np.exp(-_smeared(field, length) * np.float32(power * strength))
        light(picture, rgb(colour), resized(veil, HEIGHT, WIDTH))


def _wound(points: Array) -> Array:
    """A smooth curve near the points, `(2, 8000)`."""
    at = np.clip(np.linspace(-0.5, len(points) - 0.5, 8000), 0, len(points) - 1)
    curve = [np.interp(at, np.arange(len(points)), axis) for axis in points.T]
    return blurred(np.asarray(curve, np.float32), 8000 / len(points) / 2.6, 0.01)


def _fine(rng: np.random.Generator, count: int) -> Array:
    raw = rng.standard_normal((1, count)).astype(np.float32)
    return np.asarray(blurred(raw, 2.0)[0] * 2.2 + blurred(raw, 9.0)[0] * 4, np.float32)


def _smeared(hem: Array, length: int) -> Array:
    """Light drawn upward from the hem, fading over `length` rows, by a one-pole filter run bottom up."""
    keep = np.float32(1 - 1 / length * 2.2)
    veil = np.empty_like(hem)
    row = np.zeros(hem.shape[1], np.float32)
    for at in range(hem.shape[0] - 1, -1, -1):
        row = row * keep + hem[at]
        veil[at] = row
    return veil
