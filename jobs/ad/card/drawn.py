"""Backdrops drawn by code: no key, no network, the same bytes for the same order."""

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.ad.card.painter import PictureOrder

if TYPE_CHECKING:
    import numpy as np


class DrawnProvider:
    """Who paints where nobody is paid."""

    name = "drawn"
    version = "1"

    def paint(self, order: PictureOrder, target: Path) -> None:
        """Write the style's backdrop, and the product in its upper part where there is a picture of it."""
        from jobs.ad.card.brush import finished, saved
        from jobs.ad.looks import drawing_named

        random, drawing = _random(order), drawing_named(order.look.name)
        picture = drawing.ground(order.width, order.height, order.look, random)
        if order.product:
            from jobs.ad.card.shown import with_product

            picture = with_product(picture, order.product, order.look, drawing.stand)
        saved(finished(picture, random, grain=order.look.energy), target)

    def cancel(self) -> None:
        """Nothing is under way elsewhere."""

    def estimate_usd(self) -> float:
        return 0.0


def _random(order: PictureOrder) -> "np.random.Generator":
    import numpy as np

    return np.random.default_rng([order.variation, zlib.crc32(order.look.name.encode())])
