"""Measures a product's picture: its colours, its light and its shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.intp]

Shape = Literal["upright", "wide", "square"]

_LOOKED_AT: Final = 96
"""Pixels of the longer side: enough for colours, and fast."""
_CLUSTERS: Final = 7
_ROUNDS: Final = 16
_EDGE: Final = 0.09
"""OKLab distance to a neighbour above which a pixel lies on an edge, where colours are mixed."""
_SAME: Final = 0.07
"""OKLab distance below which the eye sees two colours as one."""
_LEAST_SHARE: Final = 0.03
_MOST_COLOURS: Final = 5
_OBLONG: Final = 1.2

_NAMES: Final = {
    "black": "#0B0B0C",
    "charcoal": "#36393D",
    "grey": "#85888B #5D6064",
    "silver": "#C3C6C9 #DADCDE",
    "white": "#F7F7F6",
    "cream": "#F1E6CF #F5F2DE",
    "sand": "#D3BC97",
    "tan": "#B88A5C",
    "brown": "#6B4327 #4B3621 #8A5A36",
    "copper": "#B5652F",
    "gold": "#CFA23A #E0B84C",
    "yellow": "#F5D82E",
    "orange": "#F0801C",
    "coral": "#F4796B",
    "red": "#CF1F26 #E8352E",
    "burgundy": "#6A1527 #8B0000",
    "pink": "#F08DB4 #FFB6C6",
    "blush": "#EFCFC9",
    "magenta": "#C51F86",
    "purple": "#67349A #4A2370",
    "lavender": "#BBA7E2",
    "navy": "#17264F #1E3566",
    "blue": "#2260C9 #224488 #3F7FD6",
    "sky blue": "#8CC4EC #ADD8E6",
    "slate": "#5B6B7D",
    "teal": "#14757A",
    "turquoise": "#35C4C0",
    "green": "#2B9348 #4FB062",
    "forest green": "#1C4A2E",
    "olive": "#737434",
    "mint": "#AEE3C6",
    "lime": "#A6D733",
}
"""Common names of colours, each with some clear examples."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What was seen."""

    colours: tuple[str, ...]
    """#RRGGBB, the most frequent first, at most five, without the backdrop if it can be recognised."""
    shape: Shape
    """Of what is in front of the backdrop, or of the whole picture if it has none."""


@dataclass(frozen=True, kw_only=True)
class Light:
    """How colours feel, the most frequent counting most."""

    level: Literal["dark", "light", "even"]
    temperature: Literal["warm", "cool", "neutral"]


def look_at(picture: Path) -> Sight:
    """Depends on the pixels only. Raises `InvalidAssets` for a picture that can't be decoded."""
    import numpy as np

    from shared.video.frames.pictures import load_picture

    pixels = load_picture(picture, name=picture.name, max_side=_LOOKED_AT)
    height, width = pixels.shape[:2]
    flat = pixels.reshape(-1, 3)
    lab = _oklab(flat.astype(np.float64) / 255)
    pure = _pure(lab.reshape(height, width, 3)).ravel()
    centres, labels = _clustered(lab, pure)
    shown = ~np.isin(labels, _backdrop(labels.reshape(height, width), len(centres)))
    counted = shown & pure if (shown & pure).any() else shown
    shares = np.bincount(labels[counted], minlength=len(centres)) / counted.sum()
    order = [int(i) for i in np.argsort(-shares, kind="stable") if shares[i] >= _LEAST_SHARE]
    # The median, channel by channel: a mean is pulled away by what is at the cluster's rim.
    colours = [np.median(flat[counted & (labels == i)], axis=0) for i in order[:_MOST_COLOURS]]
    return Sight(
        colours=tuple("#{:02X}{:02X}{:02X}".format(*map(int, colour)) for colour in colours),
        shape=_shape(shown.reshape(height, width)),
    )


def colour_name(colour: str) -> str:
    """The plain word nearest to #RRGGBB."""
    import numpy as np

    known = [(name, value) for name, values in _NAMES.items() for value in values.split()]
    places = _oklab(np.array([_rgb(value) for _, value in known]))
    distances = np.linalg.norm(places - _oklab(np.array([_rgb(colour)])), axis=1)
    return known[int(np.argmin(distances))][0]


def light_of(colours: Sequence[str]) -> Light:
    """The mood of colours (#RRGGBB, the most frequent first); a neutral one without colours."""
    import numpy as np

    if not colours:
        return Light(level="even", temperature="neutral")
    weights = 0.5 ** np.arange(len(colours))
    lightness, _, yellowness = np.average(
        _oklab(np.array([_rgb(colour) for colour in colours])), axis=0, weights=weights
    )
    return Light(
        level="dark" if lightness < 0.42 else "light" if lightness > 0.78 else "even",
        temperature="warm" if yellowness > 0.045 else "cool" if yellowness < -0.035 else "neutral",
    )


def _rgb(colour: str) -> list[float]:
    """0 to 1 each."""
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _oklab(rgb: "Floats") -> "Floats":
    """sRGB (n, 3), 0 to 1, in OKLab: lightness, green to red, blue to yellow (B. Ottosson, 2020)."""
    import numpy as np

    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    lab: Floats = np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )
    return lab


def _pure(lab: "Floats") -> "NDArray[np.bool_]":
    """Which pixels (height, width) are not on an edge; all, if every pixel is on one."""
    import numpy as np

    pure = np.ones(lab.shape[:2], dtype=bool)
    for axis in (0, 1):
        steep = np.linalg.norm(np.diff(lab, axis=axis), axis=2) > _EDGE
        before = [slice(None), slice(None)]
        after = [slice(None), slice(None)]
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        pure[tuple(before)] &= ~steep
        pure[tuple(after)] &= ~steep
    return pure if pure.mean() > 0.2 else np.ones_like(pure)


def _clustered(lab: "Floats", pure: "NDArray[np.bool_]") -> tuple["Floats", "Labels"]:
    """Centres of the `pure` pixels, and the centre of every pixel. K-means starts at frequent colours that
    are far apart, so it is deterministic; centres that look alike are merged."""
    import numpy as np

    bins, inverse, counts = np.unique(
        np.round(lab[pure] * 25), axis=0, return_inverse=True, return_counts=True
    )
    points = np.zeros_like(bins)
    np.add.at(points, inverse.ravel(), lab[pure])
    points /= counts[:, None]
    centres = _starts(points, counts)
    for _ in range(_ROUNDS):
        nearest = _nearest(points, centres)
        weights = np.bincount(nearest, weights=counts, minlength=len(centres))
        sums = np.stack([np.bincount(nearest, points[:, i] * counts, len(centres)) for i in range(3)], axis=1)
        centres = np.where(weights[:, None] > 0, sums / np.maximum(weights, 1)[:, None], centres)
    centres = _merged(centres, weights)
    return centres, _nearest(lab, centres)


def _starts(points: "Floats", counts: "NDArray[np.int64]") -> "Floats":
    import numpy as np

    chosen = [int(np.argmax(counts))]
    while len(chosen) < min(_CLUSTERS, len(points)):
        gaps = ((points[:, None] - points[chosen][None]) ** 2).sum(axis=2).min(axis=1)
        chosen.append(int(np.argmax(gaps * counts)))
    return points[chosen]


def _nearest(points: "Floats", centres: "Floats") -> "Labels":
    nearest: Labels = ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
    return nearest


def _merged(centres: "Floats", weights: "NDArray[Any]") -> "Floats":
    """Without those that look like a more frequent one."""
    import numpy as np

    kept: list[int] = []
    for i in np.argsort(-weights, kind="stable"):
        if all(float(np.linalg.norm(centres[i] - centres[j])) >= _SAME for j in kept):
            kept.append(int(i))
    return centres[kept]


def _backdrop(grid: "Labels", clusters: int) -> list[int]:
    """The clusters that make up the picture's rim and are rarer in its middle; none if they are the whole
    picture, or if the rim shows many things."""
    import numpy as np

    height, width = grid.shape
    ring = max(1, min(height, width) // 16)
    inner = np.zeros(grid.shape, dtype=bool)
    inner[ring : height - ring, ring : width - ring] = True
    middle = grid[height // 4 : height - height // 4, width // 4 : width - width // 4]
    rim_shares = np.bincount(grid[~inner], minlength=clusters) / max(1, int((~inner).sum()))
    middle_shares = np.bincount(middle.ravel(), minlength=clusters) / max(1, middle.size)
    found = [i for i in range(clusters) if rim_shares[i] > 0.1 and rim_shares[i] > 1.4 * middle_shares[i]]
    left = 1 - np.isin(grid, found).mean()
    return found if rim_shares[found].sum() >= 0.75 and left >= 0.04 else []


def _shape(shown: "NDArray[np.bool_]") -> Shape:
    """Of the box that holds nearly all of what is shown."""
    import numpy as np

    rows, columns = np.nonzero(shown)
    height, width = (float(np.ptp(np.percentile(places, (2, 98)))) + 1 for places in (rows, columns))
    if height > _OBLONG * width:
        return "upright"
    return "wide" if width > _OBLONG * height else "square"
