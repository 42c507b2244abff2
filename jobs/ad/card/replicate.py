"""Painting by a model at Replicate: FLUX.1 [schnell]."""

from datetime import date
from pathlib import Path
from typing import Any, Final

from jobs.ad.card.painter import PictureOrder
from shared.providers.account import Account, key_of
from shared.providers.replicate.api import NAME, Model, ratio_like
from shared.providers.replicate.predictions import Kind, PredictionOrder, Predictions
from shared.settings import Settings

_RECIPE: Final = 1
"""Raise it when the same order is asked for in another way."""
_MODEL: Final = Model(name="black-forest-labs/flux-schnell")
_USD: Final = 0.003
_USD_AS_OF: Final = date(2026, 5, 25)
"""Per picture: https://replicate.com/black-forest-labs/flux-schnell"""
_MOST_BYTES: Final = 50_000_000
_RATIOS: Final = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
"""Width to height, of those that the model paints."""


class ReplicateImageProvider:
    """An `ImageProvider`."""

    name = NAME
    version = f"{_MODEL.name}-r{_RECIPE}"

    def __init__(self, settings: Settings, account: Account) -> None:
        """Raises `ProviderDenied` when there is no key."""
        self._predictions = Predictions(settings, account, component="replicate-image")

    def paint(self, order: PictureOrder, target: Path) -> None:
        wanted = PredictionOrder(model=_MODEL, input=_input_of(order), variation=order.variation, usd=_USD)
        kind = Kind(types=("image/", "application/octet-stream"), most_bytes=_MOST_BYTES, check=_check)
        painted = target.with_name(f"{target.name}.painted")
        try:
            self._predictions.make(wanted, kind, painted, on_progress=lambda _part: None)
            _fit(painted, target, (order.width, order.height))
        finally:
            painted.unlink(missing_ok=True)

    def cancel(self) -> None:
        self._predictions.cancel_running()

    def estimate_usd(self) -> float:
        return _USD


def _input_of(order: PictureOrder) -> dict[str, Any]:
    return {
        "prompt": order.prompt,
        "aspect_ratio": ratio_like(order.width, order.height, _RATIOS),
        "num_outputs": 1,
        "num_inference_steps": 4,
        "output_format": "png",
        "seed": int(key_of({"prompt": order.prompt, "variation": order.variation})[:7], 16),
    }


def _check(path: Path) -> None:
    from shared.video.frames.pictures import check_picture

    check_picture(path, name="the painted picture")


def _fit(painted: Path, target: Path, size: tuple[int, int]) -> None:
    """Cover the whole size, cut off what is over, evenly on both sides."""
    from PIL import Image, ImageOps

    from shared.video.frames.pictures import load_picture

    image = Image.fromarray(load_picture(painted, name="the painted picture"))
    ImageOps.fit(image, size, Image.Resampling.LANCZOS).save(target, "PNG")
