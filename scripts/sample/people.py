"""The traveller, on foot and in her boat, and the lantern that she carries."""

from typing import Final

from scripts.sample.canvas import Array, Point, chaikin, glow, outline, placed, rectangle, rgb, shape

FLAME: Final = "#ffb347"
"""The colour of the one light that is in every picture."""

_WALKING: Final = {
    "body": "-14,-86 -8,-94 4,-98 13,-93 13,-84 11,-77 13,-55 20,-10 16,-1 0,0 -20,-2 -36,-3 -22,-35 "
    "-14,-62 -13,-76",
    "face": "4,-91 11,-91 12.5,-86 12,-82 8,-79.5 4,-81 2,-86",
    "hair": "3,-92 11.5,-92 12.5,-88 8,-88.5 5,-84 3.5,-81 1.5,-86",
    "scarf": "12,-79 12,-72 -8,-70 -24,-61 -38,-68 -52,-60 -50,-67 -38,-75 -25,-68 -10,-76",
}
"""Her outlines: points as in SVG, in hundredths of her height, her feet at 0,0."""
_SITTING: Final = {
    "body": "-46,-10 -41,-42 -28,-62 -31,-74 -26,-86 -15,-90 -7,-85 -8,-76 -10,-68 -3,-44 10,-10",
    "face": "-15.5,-84 -9,-84 -7.5,-79 -8,-75 -12,-72.5 -16,-74 -18,-79",
    "hair": "-16.5,-85 -8.5,-85 -7.5,-81 -12,-81.5 -15,-77 -16.5,-74 -18.5,-79",
    "scarf": "-8,-72 -8,-65 -28,-61 -42,-53 -55,-59 -68,-52 -66,-59 -55,-66 -42,-60 -28,-68",
}
"""The same in hundredths of half the boat's length, its waterline at 0."""
_HULL: Final = "-105,-30 -85,-22 -30,-16 40,-16 85,-26 115,-46 100,-14 80,5 30,9 -40,9 -85,3"


def lantern(picture: Array, at: Point, size: float, *, reach: float) -> None:
    """A lit lantern hanging from `at`, `size` pixels tall; `reach` is its glow in sizes."""
    heart = (at[0], at[1] + size * 0.55)
    glow(picture, heart, size * reach, FLAME, 0.6)
    glow(picture, heart, size * 1.1, "#ffc766", 0.95)
    frame = rgb("#2a1a14")
    shape(picture, placed([(-0.08, 0.0), (0.08, 0.0), (0.3, 0.25), (-0.3, 0.25)], at, size), frame)
    shape(picture, placed(rectangle(-0.24, 0.25, 0.24, 0.85), at, size), rgb("#ffe9a8"))
    flame = chaikin([(0, 0.34), (0.15, 0.7), (0, 0.84), (-0.15, 0.7)])
    shape(picture, placed(flame, at, size), rgb("#fffbe8"))
    shape(picture, placed(rectangle(-0.3, 0.85, 0.3, 0.97), at, size), frame)
    glow(picture, heart, size * 0.35, "#fff1c9", 0.8)


def traveller(
    picture: Array, feet: Point, tall: float, *, cloak: str, rim: str, flip: bool = False, reach: float = 3.0
) -> None:
    """A hooded walker with a lantern on a staff; looks right unless flipped. `rim` edges her lit side."""
    ground = outline("-42,-3 0,-6 40,-2 38,4 0,6 -40,4")
    shape(picture, placed(ground, feet, tall, flip), rgb("#141a30"), 0.28)
    arm = "8,-66 30,-60 31,-54 6,-52"
    staff = "28.5,-106 31,-106 32.5,2 29.5,2"
    hook = "28.5,-106 45,-108 45,-105.5 30,-103"
    for part in (staff, hook, arm):
        shape(picture, placed(outline(part, 0), feet, tall, flip), rgb(cloak))
    _woman(picture, _WALKING, feet, (tall, flip), (cloak, rim))
    hung = (feet[0] + (-0.44 if flip else 0.44) * tall, feet[1] - 1.06 * tall)
    lantern(picture, hung, tall * 0.2, reach=reach)


def boat(picture: Array, at: Point, size: float, *, hull: str, rim: str, reach: float) -> Point:
    """A rowing boat of length `2 * size` with her in it, its waterline at `at`; the lantern's place."""
    for part in ("80,-102 83.5,-102 86,-20 82,-20", "80,-102 102,-105 102,-102 80,-98"):
        shape(picture, placed(outline(part, 0), at, size), rgb(hull))
    _woman(picture, _SITTING, at, (size, False), ("#1d1a2c", rim))
    shape(picture, placed(outline(_HULL), (at[0], at[1] - size * 0.018), size), rgb(rim))
    shape(picture, placed(outline(_HULL), at, size), rgb(hull))
    hung = (at[0] + size * 1.01, at[1] - size * 1.03)
    lantern(picture, hung, size * 0.24, reach=reach)
    return hung


def _woman(
    picture: Array, parts: dict[str, str], at: Point, scale: tuple[float, bool], inks: tuple[str, str]
) -> None:
    size, flip = scale
    cloak, rim = inks
    beside = (at[0] + (-size if flip else size) * 0.018, at[1])
    shape(picture, placed(outline(parts["body"]), beside, size, flip), rgb(rim))
    for part, ink in (("body", cloak), ("face", "#f0b183"), ("hair", "#5a2f25"), ("scarf", "#b8323a")):
        shape(picture, placed(outline(parts[part]), at, size, flip), rgb(ink))
