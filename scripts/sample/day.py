"""From dawn to dusk: the mountains, the river, the dunes, the lake."""

import numpy as np

from scripts.sample import figures, land, people, sky, water
from scripts.sample.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Array,
    blank,
    blurred,
    chaikin,
    glow,
    gradient,
    light,
    noise,
    paint,
    placed,
    rectangle,
    rgb,
    shape,
    smoothstep,
)
from scripts.sample.land import Dune, Ridge


def mountains(rng: np.random.Generator) -> Array:
    """Dawn: a hut above seas of mist."""
    picture = blank(
        gradient(
            (0, "#24315f"),
            (380, "#5a5390"),
            (720, "#b5709a"),
            (980, "#f39c86"),
            (1160, "#ffd09a"),
            (1400, "#ffe8c2"),
        )
    )
    sky.stars(picture, rng, 620, 260, 0.5)
    sky.streaks(picture, rng, (330, 900), body="#7d5f98", rim="#ffb38f", cover=0.5)
    place = (850.0, 985.0)
    sky.sun(picture, place, 74, core="#fff3d6", halo="#ffb877")
    planes = (
        ((1080, 1010, 1060, 930, 1075, 1040, 1090), "#d98f98", "#ffd3ae", 260, "#ffc4a0"),
        ((1160, 960, 900, 1090, 1130, 1180, 1060, 1130), "#b5769a", "#f9bfa6", 380, "#f2a392"),
        ((1130, 1190, 1240, 1200, 1100, 1010, 1150), "#8a6197", "#eaa9a4", 380, "#d58a95"),
        ((1190, 1260, 1330, 1360, 1290, 1210, 1150), "#634f8b", "#c98ba0", 380, "#a86e93"),
        ((1350, 1300, 1360, 1440, 1460, 1400, 1420), "#43406f", "#9a7299", 420, "#74588c"),
    )
    for number, (rows, crest, foot, fade, lit) in enumerate(planes):
        line = land.crest(rng, rows, jag=0.34, rough=0.52)
        land.ridge(picture, rng, Ridge(line=line, crest=crest, foot=foot, fade=fade, lit=lit), 1900)
        if number == 1:
            sky.rays(picture, rng, place, "#ffd9a6", 0.2)
        land.mist(picture, rng, int(line.mean()) + 190, 46, foot, 0.75)
    _near_slopes(picture, rng)
    glow(picture, place, 330, "#ffb877", 0.3)
    for x, y, span, lift in (
        (330, 830, 44, 0.2),
        (395, 795, 36, 0.05),
        (438, 850, 30, 0.24),
        (270, 868, 26, 0.1),
    ):
        figures.bird(picture, (x, y), span, lift, "#3a3560", 0.85)
    return picture


def _near_slopes(picture: Array, rng: np.random.Generator) -> None:
    line = land.crest(rng, (1480, 1520, 1560, 1640, 1700, 1640, 1570), jag=0.2)
    trees = land.forest(rng, line + 8, 210, (46, 92))
    land.planted(picture, trees, gradient((1420, "#3a3466"), (1760, "#6b558a")))
    land.ridge(picture, rng, Ridge(line=line, crest="#37325f", foot="#6b558a", fade=330))
    land.mist(picture, rng, 1800, 60, "#a97f9f", 0.55)
    hill = land.rolling((1512, 1510, 1560, 1700, 1840, 1930, 1960))
    figures.smoke(picture, (257, 1402), 250, "#f0c4bd")
    land.planted(
        picture, land.forest(rng, hill + 8, 60, (70, 130), 0.9, smoothstep(430, 520, COLUMNS)), rgb("#221f44")
    )
    land.ridge(picture, rng, Ridge(line=hill, crest="#262350", foot="#1b1a3c", fade=240))
    figures.hut(picture, (225, 1518), 120, wall="#1c1936", roof="#14122a")
    near = land.crest(rng, (1990, 2060, 2130, 2170, 2120, 2010, 1930), jag=0.12)
    land.planted(picture, land.forest(rng, near + 10, 46, (150, 330), 1.3), rgb("#12122c"))
    land.ridge(picture, rng, Ridge(line=near, crest="#12122c", foot="#0c0c20", fade=200))


def river(rng: np.random.Generator) -> Array:
    """Noon: swallows over a winding river."""
    picture = blank(
        gradient((0, "#1f6fb0"), (500, "#56a9d6"), (900, "#a9d9e2"), (1180, "#eef3dc"), (1300, "#f7f2d8"))
    )
    sky.streaks(picture, rng, (120, 520), body="#b9dcec", rim="#ffffff", cover=0.35)
    inks = ("#fffdf2", "#dfe9ef", "#93b3cd")
    sky.cumulus(picture, rng, (1010, 1020), (760, 300), ("#fffbe9", "#e4ece9", "#b7cfd6"))
    sky.cumulus(picture, rng, (330, 880), (980, 520), inks)
    far = land.crest(rng, (1120, 1040, 1110, 1000, 1080, 1030, 1120), jag=0.4)
    land.ridge(picture, rng, Ridge(line=far, crest="#86b4cb", foot="#dcebdc", fade=240, lit="#f4f6ee"), 1500)
    middle = land.crest(rng, (1060, 1130, 1190, 1160, 1180, 1120, 1050), jag=0.3)
    land.ridge(
        picture, rng, Ridge(line=middle, crest="#5b98a8", foot="#bfdcc0", fade=250, lit="#a9cdb8"), 1500
    )
    _valley(picture, rng)
    for x, y, span, turn in (
        (850, 560, 150, 0.9),
        (1010, 690, 104, 0.6),
        (690, 720, 84, 1.1),
        (900, 830, 62, 0.8),
    ):
        figures.swallow(picture, (x, y), span, turn, "#173350")
    return picture


def _valley(picture: Array, rng: np.random.Generator) -> None:
    shore = 1230
    floor = gradient((shore, "#c3dfa8"), (1420, "#8cc479"), (1750, "#4f9d60"), (HEIGHT, "#1c5f4c"))[:, shore:]
    middle, width = _course(shore)
    rows = HEIGHT - shore
    fields = smoothstep(-0.15, 0.15, noise(rng, (90, 640), 3, rows=rows) + (COLUMNS - middle) / 1400)
    colour = floor + (rgb("#f2e58a") - floor) * (fields * smoothstep(700, 60, ROWS[:rows]) * np.float32(0.22))
    colour *= 1 - np.float32(0.20) * smoothstep(0.1, 1.0, noise(rng, (170, 900), 3, rows=rows, coarse=4))
    colour += _grass(rng, rows)
    paint(picture, colour, np.ones((rows, WIDTH), np.float32), shore)
    away = np.abs(COLUMNS - middle) - width
    sand = smoothstep(1, 0, away / (2 + width * 0.16)) * np.float32(0.85)
    paint(picture, rgb("#efe3b0"), sand, shore)
    depth = gradient((shore, "#f4f5e2"), (1420, "#a9dbe6"), (1800, "#4aa3d2"), (HEIGHT, "#17609c"))[:, shore:]
    paint(picture, depth, np.clip(0.5 - away, 0, 1), shore)
    inside = np.clip(-away / (1 + width * 0.1), 0, 1)
    waves = water.surface(rng, shore)
    light(picture, rgb("#ffffff"), smoothstep(0.7, 2.2, waves) * inside * np.float32(0.45), shore)
    paint(picture, rgb("#2d7fae"), smoothstep(0.7, 2.2, -waves) * inside * np.float32(0.30), shore)
    _wooded(picture, rng)


def _grass(rng: np.random.Generator, rows: int) -> Array:
    """Tufts, larger toward the viewer."""
    fine = water.surface(rng, HEIGHT - rows)
    return np.asarray(fine * np.float32(0.020), np.float32)


def _course(shore: int) -> tuple[Array, Array]:
    """The river's middle and half width for each row below the horizon, seen in perspective."""
    down = np.arange(HEIGHT - shore, dtype=np.float32)[:, None]
    way = np.sqrt([0, 40, 90, 160, 260, 400, 560, 760, 1074])
    turns = np.interp(np.linspace(0, way[-1], 400), way, (720, 780, 690, 870, 800, 630, 700, 900, 700))
    smooth = blurred(turns[None].astype(np.float32), 17)[0]
    middle = np.interp(np.sqrt(down), np.linspace(0, way[-1], 400), smooth)
    return np.asarray(middle, np.float32), np.asarray(4 + 112 * ((down + 6) / 600) ** 1.25, np.float32)


def _wooded(picture: Array, rng: np.random.Generator) -> None:
    hills = (
        ((1210, 1196, 1225, 1275, 1290, 1300, 1300), "#86bd92", "#b9d9a4", 34, (16, 34)),
        ((1330, 1330, 1310, 1290, 1250, 1205, 1190), "#67a883", "#9ccb8b", 60, (26, 52)),
        ((1322, 1362, 1430, 1530, 1600, 1600, 1600), "#428a6b", "#74b472", 44, (50, 96)),
    )
    for rows, dark, foot, count, tall in hills:
        line = land.rolling(rows)
        edge = smoothstep(1540, 1430, line)
        land.planted(picture, land.forest(rng, line + 6, count, tall, 1.2, edge), rgb(dark))
        hill = Ridge(line=line, crest=dark, foot=foot, fade=150)
        land.ridge(picture, rng, hill, int(line.min()) + 240, 110)
    stands = [(985, 1480, 110), (1030, 1492, 140), (1075, 1485, 100)]
    stands += [(1210, 1560, 180), (1262, 1574, 150), (1150, 1545, 96)]
    stands += [(40, 1610, 210), (112, 1622, 170), (170, 1606, 120), (-6, 1625, 160)]
    land.planted(picture, land.grove(rng, stands), gradient((1380, "#2a7560"), (1620, "#2f8159")))
    people.traveller(picture, (420, 1580), 132, cloak="#27324f", rim="#f3f0d0", reach=1.2)
    near = land.crest(rng, (2010, 2110, 2200, 2250, 2250, 2180, 2050), jag=0.12)
    edge = smoothstep(330, 200, COLUMNS) + smoothstep(1060, 1160, COLUMNS)
    land.planted(picture, land.forest(rng, near + 10, 44, (130, 340), 1.0, edge), rgb("#0f4440"))
    land.ridge(picture, rng, Ridge(line=near, crest="#0f4440", foot="#0a3030", fade=200))


def dunes(rng: np.random.Generator) -> Array:
    """Late afternoon: long shadows on the sand."""
    picture = blank(
        gradient(
            (0, "#1d5580"),
            (400, "#5c9aa8"),
            (740, "#cfc39c"),
            (1000, "#f6c786"),
            (1180, "#ffdc9c"),
            (1400, "#ffe3ad"),
        )
    )
    sky.streaks(picture, rng, (180, 760), body="#8f9a95", rim="#ffd9a0", cover=0.45)
    sky.sun(picture, (300, 940), 92, core="#fff6da", halo="#ffc46b")
    for rows, ink in (
        ((1150, 1110, 1112, 1120, 1100, 1105, 1150), "#e5b07f"),
        ((1190, 1180, 1150, 1080, 1085, 1150, 1170), "#cf9270"),
    ):
        line = land.crest(rng, rows, jag=0.12)
        land.ridge(picture, rng, Ridge(line=line, crest=ink, foot="#ffd89a", fade=150), 1400)
    sky.rays(picture, rng, (300, 960), "#ffe2a6", 0.16)
    for sand in _sands():
        land.dune(picture, rng, sand)
        land.mist(picture, rng, int(sand.line.min()) + 150, 60, "#ffd79c", 0.16)
    _walker(picture)
    glow(picture, (300, 960), 420, "#ffb45e", 0.34)
    return picture


def _sands() -> list[Dune]:
    skylines = (
        (1225, 1200, 1240, 1255, 1215, 1190, 1235),
        (1290, 1330, 1345, 1300, 1240, 1290, 1350),
        (1330, 1395, 1470, 1500, 1490, 1450, 1440),
        (1960, 1900, 1850, 1900, 2010, 2100, 2160),
    )
    crests = ((980, (-0.9, 60, 200)), (850, (-0.7, 90, 260)), (130, (1.5, 110, 420)), (470, (0.9, 70, 300)))
    inks = (
        ("#f6b96c", "#b9695a", "#ffd692", 160),
        ("#f0a355", "#96505a", "#ffcb82", 260),
        ("#e28a45", "#743d53", "#fbb869", 420),
        ("#c96d3c", "#4f2c49", "#ec9a52", 420),
    )
    return [
        Dune(
            line=land.rolling(rows), top=top, winding=winding, sunny=sunny, shady=shady, haze=haze, fade=fade
        )
        for rows, (top, winding), (sunny, shady, haze, fade) in zip(skylines, crests, inks, strict=True)
    ]


def _walker(picture: Array) -> None:
    feet = (858.0, 1246.0)
    for step in range(16):
        down = 14 + 9.0 * step + 0.25 * step * step
        x = 850 - 0.7 * down + 90 * np.sin(down / 260 * 2 * np.pi) * min(down / 260, 1) - 14 - 7 * (step % 2)
        mark = chaikin(rectangle(-1, -0.45, 1, 0.45), 2)
        shape(picture, placed(mark, (x, 1243 + down), 3 + 0.16 * step), rgb("#a5583c"), 0.6)
    shade = [(0.0, 0.0), (0.10, -0.03), (2.6, 0.22), (2.75, 0.30), (2.5, 0.32), (0.0, 0.05)]
    shape(picture, placed(shade, feet, 104), rgb("#6d3a48"), 0.55)
    people.traveller(picture, feet, 118, cloak="#40243f", rim="#ffd9a0", flip=True, reach=1.8)


def lake(rng: np.random.Generator) -> Array:
    """Dusk: a boat with a lantern on still water."""
    picture = blank(
        gradient(
            (0, "#151a45"),
            (300, "#2f2c6b"),
            (640, "#7b4289"),
            (900, "#d0607f"),
            (1080, "#ff9a6b"),
            (1220, "#ffc987"),
        )
    )
    sky.stars(picture, rng, 800, 420, 0.8)
    sky.crescent(picture, (905, 430), 62, "#fff2d8")
    sky.streaks(picture, rng, (480, 1120), body="#6b3b80", rim="#ff9f7c", cover=0.62)
    shore = 1290
    planes = (
        ((1150, 1060, 980, 1120, 1150, 1100, 1150), "#a4557f", "#e58a7c", "#d97a7a"),
        ((1020, 960, 1120, 1200, 1190, 1060, 930), "#6d3d78", "#bf6a80", "#a1557c"),
        ((1130, 1180, 1250, 1270, 1262, 1200, 1110), "#3f2c63", "#84507e", "#663f72"),
    )
    for rows, crest, foot, lit in planes:
        line = land.crest(rng, rows, jag=0.4)
        land.ridge(picture, rng, Ridge(line=line, crest=crest, foot=foot, fade=300, lit=lit), shore + 2)
        land.mist(picture, rng, shore - 20, 42, "#f29a86", 0.35)
    bank = land.crest(rng, (1235, 1262, 1282, 1292, 1290, 1270, 1225), jag=0.05)
    land.planted(picture, land.forest(rng, bank + 4, 120, (30, 96), 1.4), rgb("#201a45"))
    land.ridge(picture, rng, Ridge(line=bank, crest="#201a45", foot="#201a45"), shore + 2)
    waves = water.reflected(picture, rng, shore, tint="#161a48", clear=0.25, calm=1.5)
    land.mist(picture, rng, shore + 6, 16, "#ffb59a", 0.5)
    water.glints(picture, waves, "#ff9d86", 0.20, 1.0)
    row = 1540
    hung = people.boat(picture, (600, row), 160, hull="#1a1230", rim="#ffb06a", reach=5.0)
    figures.mirrored(picture, row + 12, 240, (380, 900), 0.75, waves)
    water.path(picture, waves, (hung[0], row + 20), "#ffb052", width=34, strength=0.8)
    figures.reeds(picture, rng, (-10, 260), 34, 330)
    figures.reeds(picture, rng, (1090, 1310), 26, 280)
    return picture
