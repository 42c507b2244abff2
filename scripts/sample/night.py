"""From nightfall to morning: the woods, the northern light, the lighthouse."""

from dataclasses import replace

import numpy as np

from scripts.sample import figures, land, people, sky, water
from scripts.sample.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    Array,
    blank,
    chaikin,
    glow,
    gradient,
    light,
    noise,
    outline,
    paint,
    placed,
    rectangle,
    rgb,
    shape,
    smoothstep,
)
from scripts.sample.land import Ridge


def woods(rng: np.random.Generator) -> Array:
    """Night: snow in the forest."""
    picture = blank(
        gradient((0, "#0a1536"), (500, "#173061"), (900, "#355a92"), (1300, "#7fa3c9"), (1600, "#b8cfe6"))
    )
    sky.stars(picture, rng, 900, 380, 0.7)
    sky.moon(picture, rng, (820, 600), 118, "#f3f6ff")
    sky.streaks(picture, rng, (420, 900), body="#3c5f96", rim="#dbe8ff", cover=0.42)
    planes = (
        ((1150, 1100, 1160, 1120, 1090, 1130, 1150), 130, (80, 190), "#6f95c0", "#a9c4e0"),
        ((1240, 1260, 1290, 1310, 1290, 1240, 1210), 95, (160, 330), "#46699e", "#8fb0d4"),
        ((1330, 1370, 1420, 1440, 1430, 1380, 1320), 56, (260, 520), "#2a4679", "#6f93bf"),
    )
    for rows, count, tall, ink, fog in planes:
        line = land.rolling(rows)
        trees = land.forest(rng, line, count, tall, 0.7)
        low, high = int(line.mean()) - 260, int(line.mean()) + 20
        land.planted(picture, trees, gradient((low, ink), (high, fog)))
        land.ridge(picture, rng, Ridge(line=line, crest=fog, foot="#c3d6ea", fade=260), 1700)
        land.mist(picture, rng, int(line.mean()) + 10, 70, "#b6cde6", 0.6)
    _clearing(picture, rng)
    figures.snowfall(picture, rng, 1700)
    return picture


def _clearing(picture: Array, rng: np.random.Generator) -> None:
    snow = land.rolling((1470, 1490, 1520, 1530, 1515, 1480, 1460))
    land.ridge(picture, rng, Ridge(line=snow, crest="#a3bcdb", foot="#5b7db2", fade=330))
    top = 1500
    drifts = noise(rng, (60, 420), 4, rows=HEIGHT - top)
    light(picture, rgb("#dfeaff"), smoothstep(0.3, 1.8, drifts) * np.float32(0.15), top)
    paint(picture, rgb("#274377"), smoothstep(0.4, 2.0, -drifts) * np.float32(0.30), top)
    feet = (640.0, 1600.0)
    glow(picture, (700, 1570), 190, "#ff9c3f", 0.55)
    people.traveller(picture, feet, 168, cloak="#131a36", rim="#ffb469", reach=3.2)
    fog = gradient((400, "#12234d"), (1700, "#2c4a80"))
    for side, trees in (
        (4, [(90, 1700, 1180), (250, 1640, 760)]),
        (-4, [(1225, 1720, 1260), (1075, 1640, 700)]),
    ):
        mask = land.grove(rng, trees)
        land.planted(picture, mask, fog)
        land.rimmed(picture, mask, "#4d6ea8", side)
    land.mist(picture, rng, 1670, 60, "#8fabd2", 0.4)
    drift = land.rolling((1610, 1640, 1700, 1735, 1700, 1630, 1600))
    land.ridge(picture, rng, Ridge(line=drift, crest="#94b1d5", foot="#385a90", fade=300), 2100, 300)
    for step in range(15):
        share = step / 15
        place = (628 - 90 * np.sin(share * 2.4) + (9 + 9 * share) * (-1) ** step, 1615 + 660 * share**1.5)
        hollow = placed(chaikin(rectangle(-1, -0.42, 1, 0.42), 2), place, 5 + 12 * share)
        shape(picture, hollow, rgb("#40619a"), 0.55)
    near = [(-20, 2360, 900), (150, 2400, 560), (1320, 2380, 820), (1180, 2420, 520)]
    land.planted(picture, land.grove(rng, near), rgb("#0a1432"))


def northern_light(rng: np.random.Generator) -> Array:
    """Deep night: the sky on fire over a fjord."""
    picture = blank(gradient((0, "#050a20"), (500, "#0a1838"), (900, "#123052"), (1300, "#1f4f66")))
    sky.milky_way(picture, rng, (900, 300), -0.75, 0.6)
    sky.stars(picture, rng, 1300, 1700)
    far = "-300,560 0,600 260,500 520,560 760,470 1000,500 1300,380 1500,380"
    near = "-400,1090 0,1075 330,1010 700,985 960,900 900,790 560,745 520,660 880,600 1180,590 1500,520"
    for hem, strength in ((far, 0.8), (near, 2.1)):
        sky.aurora(picture, rng, outline(hem, 0) * 100, strength)
    shore = 1390
    planes = (
        ((1250, 1150, 1080, 1210, 1260, 1180, 1240), "#24506a", "#3d8285", "#58a79b"),
        ((1120, 1010, 1180, 1310, 1330, 1230, 1060), "#173a57", "#2c6573", "#4d9c95"),
        ((1290, 1340, 1370, 1385, 1370, 1290, 1180), "#0d2440", "#1c4a5c", "#2f7377"),
    )
    for rows, crest, foot, lit in planes:
        line = land.crest(rng, rows, jag=0.45)
        land.ridge(
            picture,
            rng,
            Ridge(line=line, crest=crest, foot=foot, fade=420, lit=lit, detail=0.45, creases=(220, 110)),
            shore + 2,
        )
        land.mist(picture, rng, shore - 26, 36, "#4f9a96", 0.35)
    waves = water.reflected(picture, rng, shore, tint="#07142c", clear=0.35, calm=1.3)
    land.mist(picture, rng, shore + 4, 14, "#8fe3c4", 0.35)
    water.glints(picture, waves, "#7ff0c4", 0.16, 1.1)
    _lookout(picture, rng)
    return picture


def _lookout(picture: Array, rng: np.random.Generator) -> None:
    rock = land.crest(rng, (1560, 1590, 1620, 1700, 1830, 1960, 2010), jag=0.12)
    rock = np.minimum(rock, land.rolling((1600, 1600, 1640, 1760, 1900, 2000, 2040)))
    land.planted(picture, land.forest(rng, rock + 6, 16, (60, 150), 1.5) * (COLUMNS > 560), rgb("#08152c"))
    land.ridge(
        picture, rng, Ridge(line=rock, crest="#0c1d36", foot="#060d20", fade=320, lit="#2a6a70", detail=0.28)
    )
    feet = (300.0, float(rock[280:330].min()) + 8)
    glow(picture, (feet[0] + 60, feet[1]), 110, "#ff9c3f", 0.35)
    people.traveller(picture, feet, 176, cloak="#0a1020", rim="#6ff0c0", reach=2.6)
    near = [(1190, 2420, 620), (1300, 2400, 820), (1090, 2440, 430), (20, 2420, 380)]
    land.planted(picture, land.grove(rng, near), rgb("#040a18"))


def lighthouse(rng: np.random.Generator) -> Array:
    """First light: the lamp is lit and the boats come home."""
    shore = 1330
    picture = blank(
        gradient(
            (0, "#101b48"),
            (360, "#2a3a75"),
            (700, "#5a5f9b"),
            (960, "#c78aa0"),
            (1160, "#ffb58a"),
            (shore, "#ffe0ab"),
        )
    )
    sky.stars(picture, rng, 820, 600, 0.9)
    sky.streaks(picture, rng, (420, 1180), body="#6a5f96", rim="#ffc09a", cover=0.55)
    glow(picture, (330, shore), 300, "#ffc27a", 0.75)
    for rows, ink, foot in (
        ((1290, 1265, 1280, 1310, 1335, 1340, 1340), "#c0879c", "#f5b898"),
        ((1330, 1330, 1325, 1300, 1270, 1240, 1230), "#94709a", "#e0a29a"),
    ):
        line = land.crest(rng, rows, jag=0.1)
        land.ridge(picture, rng, Ridge(line=line, crest=ink, foot=foot, fade=140), shore + 2)
    waves = water.reflected(picture, rng, shore, tint="#1d2c62", clear=0.3, calm=0.55)
    water.path(picture, waves, (330, shore), "#ffd9a0", width=120, strength=0.6)
    water.glints(picture, waves, "#ffd0b0", 0.3, 0.8)
    for x, y, size in ((470, 1372, 44), (180, 1410, 66), (620, 1450, 92)):
        figures.sail(picture, (x, y), size, cloth="#b04a5c", hull="#33244a")
        figures.mirrored(picture, y + 4, size * 2, (x - size, x + size), 0.55, waves)
    _headland(picture, rng)
    _tower(picture)
    return picture


def _headland(picture: Array, rng: np.random.Generator) -> None:
    stack = land.crest(rng, (2400, 2400, 2300, 1990, 1700, 1600, 1500, 1400, 1300, 1300), jag=0.5)
    rock = Ridge(line=stack, crest="#5a4f80", foot="#2a2a58", fade=800, lit="#d98f92", side=-1, detail=0.8)
    rock = replace(rock, creases=(340, 60))
    land.ridge(picture, rng, rock)
    places = (0, 0.40, 0.47, 0.50, 0.53, 0.555, 0.60, 0.66, 0.70, 0.80, 0.88, 1.0)
    heights = (2700, 2340, 2140, 1850, 1760, 1440, 1330, 1190, 1150, 1106, 1112, 1060)
    rows = np.interp(np.linspace(0, 1, 65), places, heights)
    cliff = land.crest(rng, [float(row) for row in rows], jag=1.1)
    flat = smoothstep(840, 930, COLUMNS)[0]
    cliff += (land.rolling((1116, 1116, 1116, 1116, 1114, 1110, 1096)) - cliff) * flat
    face = replace(rock, line=cliff, crest="#463d70", foot="#15173a", fade=1150, lit="#c98490", detail=0.7)
    land.ridge(picture, rng, face)
    top, bottom = int(cliff.min()), 1400
    sod = land.crest(rng, [34] * 40, jag=0.9) + 10 * flat
    depth = ROWS[top:bottom] - cliff
    turf = np.clip(depth + 0.5, 0, 1) * np.clip(sod - depth, 0, 1) * smoothstep(690, 860, COLUMNS)
    green = rgb("#6d6a7c") + (rgb("#3a4360") - rgb("#6d6a7c")) * smoothstep(0, 16, depth)
    paint(picture, green, turf, top)


def _tower(picture: Array) -> None:
    figures.hut(picture, (1190, 1108), 130, wall="#4b3f63", roof="#2f2746")
    lamp = figures.lighthouse(picture, (1010, 1120), 500, sunny="#fff0dc", shady="#8c7ea6")
    figures.beam(picture, lamp, np.pi + 0.10, 0.075, 0.95)
    figures.beam(picture, lamp, 0.10, 0.075, 0.5)
    glow(picture, lamp, 110, "#ffd98a", 0.8)
    glow(picture, lamp, 24, "#fff6dc", 1.0)
    for x, y, span, lift in (
        (560, 900, 58, 0.2),
        (640, 960, 44, 0.05),
        (470, 985, 36, 0.22),
        (740, 1040, 30, 0.1),
    ):
        figures.bird(picture, (x, y), span, lift, "#fff3e2", 0.9)
