"""Filming by models at Replicate: MiniMax's Hailuo, and Lightricks' LTX-Video."""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jobs.ad.scenery.cinematographer import ClipOrder
from shared.errors import ProviderFailed
from shared.providers.account import Account, key_of
from shared.providers.replicate.api import NAME, Model, ratio_like
from shared.providers.replicate.predictions import Kind, PredictionOrder, Predictions
from shared.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

_RECIPE: Final = 1
"""Raise it when the same order is asked for in another way."""
_MOST_BYTES: Final = 100_000_000
_SHORTEST_S: Final = 1.0
_LONGER_SIDE: Final = 1280
"""Pixels at most of the picture that a clip begins with."""
_MOST_PICTURE_BYTES: Final = 250_000
"""Replicate wants larger files as URLs: https://replicate.com/docs/topics/predictions/input-files"""
_QUALITIES: Final = (90, 80, 70, 60, 45, 30)
_LTX_LENGTHS: Final = (97, 129, 161, 193, 225, 257)
_LTX_RATE: Final = 24
_LTX_RATIOS: Final = ("1:1", "9:16", "16:9", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:21", "21:9")


@dataclass(frozen=True, kw_only=True)
class _Film:
    """A model that films, and how it is asked."""

    model: Model
    picture: str
    """The input field for the first frame."""
    input_of: Callable[[ClipOrder, float, int], dict[str, Any]]
    """Without the picture, from the order, its seconds and a seed."""
    usd_of: Callable[[float], float]
    """List price of a clip that is wanted this long, in US dollars."""
    as_of: date
    source: str


def _hailuo_input(order: ClipOrder, seconds: float, _seed: int) -> dict[str, Any]:
    """https://replicate.com/minimax/hailuo-2.3: 10 s are to be had at 768p; the shape is the picture's."""
    return {
        "prompt": order.prompt,
        "duration": 6 if seconds <= 6 else 10,
        "resolution": "768p",
        "prompt_optimizer": True,
    }


def _ltx_input(order: ClipOrder, seconds: float, seed: int) -> dict[str, Any]:
    """https://replicate.com/lightricks/ltx-video: lengths in frames, 24 a second."""
    wanted = math.ceil(seconds * _LTX_RATE)
    return {
        "prompt": order.prompt,
        "negative_prompt": "low quality, worst quality, deformed, distorted, text, watermark",
        "aspect_ratio": ratio_like(order.width, order.height, _LTX_RATIOS),
        "target_size": 960,
        "length": next((length for length in _LTX_LENGTHS if length >= wanted), _LTX_LENGTHS[-1]),
        "steps": 30,
        "cfg": 3,
        "seed": seed,
    }


_FILMS: Final[Mapping[str, _Film]] = {
    "minimax": _Film(
        model=Model(name="minimax/hailuo-2.3"),
        picture="first_frame_image",
        input_of=_hailuo_input,
        usd_of=lambda seconds: 0.28 if seconds <= 6 else 0.56,
        as_of=date(2026, 5, 25),
        source="https://replicate.com/minimax/hailuo-2.3 (per clip of 6 or 10 s at 768p)",
    ),
    "ltx": _Film(
        model=Model(
            name="lightricks/ltx-video",
            version="8c47da666861d081eeb4d1261853087de23923a268a69b63febdf5dc1dee08e4",
        ),
        picture="image",
        input_of=_ltx_input,
        usd_of=lambda seconds: round(0.06 * max(1.0, seconds / 4), 4),
        as_of=date(2025, 10, 1),
        source="https://replicate.com/lightricks/ltx-video (by GPU time, about a minute for 4 s)",
    ),
}


class ReplicateVideoProvider:
    """A `VideoProvider`."""

    name = NAME
    concurrency = 4
    warnings: tuple[str, ...] = ()

    def __init__(self, settings: Settings, account: Account) -> None:
        """Raises `ProviderDenied` when there is no key."""
        self._film = _FILMS[settings.video_model]
        model = self._film.model
        self.version = "-".join(filter(None, (model.name, model.version[:8], f"r{_RECIPE}")))
        self._predictions = Predictions(settings, account, component="replicate-video")

    def film(self, order: ClipOrder, target: Path, *, on_progress: Callable[[float], None]) -> None:
        seconds = float(order.frames / order.frame_rate)
        seed = int(key_of({"prompt": order.prompt, "variation": order.variation})[:7], 16)
        wanted = PredictionOrder(
            model=self._film.model,
            input=self._film.input_of(order, seconds, seed),
            pictures={self._film.picture: order.product} if order.product else {},
            send=partial(first_frame, shape=(order.width, order.height)),
            variation=order.variation,
            usd=self._film.usd_of(seconds),
        )
        kind = Kind(types=("video/", *_ANY_BYTES), most_bytes=_MOST_BYTES, check=check_clip)
        self._predictions.make(wanted, kind, target, on_progress=on_progress)

    def cancel(self) -> None:
        self._predictions.cancel_running()

    def estimate_usd(self, seconds: float) -> float:
        return self._film.usd_of(seconds)


_ANY_BYTES: Final = ("application/octet-stream", "binary/octet-stream")
"""What hosts of files say when they don't look into them."""


def first_frame(picture: Path, *, shape: tuple[int, int]) -> str:
    """The picture as a data URI: a JPEG of this shape, whose proportions the clip will have, with the whole
    picture in it before a blurred copy of itself."""
    from PIL import Image, ImageFilter, ImageOps

    from shared.video.frames.pictures import load_picture

    image = Image.fromarray(load_picture(picture, name="the product's picture", max_side=_LONGER_SIDE))
    size = _within(shape)
    ground = (
        ImageOps.fit(image, (size[0] // 8, size[1] // 8)).filter(ImageFilter.GaussianBlur(5)).resize(size)
    )
    whole = ImageOps.contain(image, size)
    ground.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
    return "data:image/jpeg;base64," + base64.b64encode(_small_jpeg(ground)).decode()


def _within(shape: tuple[int, int]) -> tuple[int, int]:
    """This shape with a longer side of `_LONGER_SIDE` at most, in even numbers."""
    scale = min(1.0, _LONGER_SIDE / max(shape))
    return round(shape[0] * scale / 2) * 2, round(shape[1] * scale / 2) * 2


def _small_jpeg(image: "Image") -> bytes:
    data = b""
    for quality in _QUALITIES:
        file = BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True)
        data = file.getvalue()
        if len(data) <= _MOST_PICTURE_BYTES:
            break
    return data


def check_clip(path: Path) -> None:
    """Decode all of a film; raises `ProviderFailed` unless every frame is there, for a second at least."""
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ProviderFailed(NAME, "the film has no picture")
            stream = container.streams.video[0]
            promised, rate = stream.frames, float(stream.average_rate or 0)
            frames = sum(1 for _ in container.decode(stream))
    except av.FFmpegError as error:
        raise ProviderFailed(NAME, f"the film can't be decoded ({error.strerror or error})") from error
    if frames < promised:
        raise ProviderFailed(NAME, f"the film ends after {frames} of {promised} frames")
    if not rate or frames / rate < _SHORTEST_S:
        raise ProviderFailed(NAME, f"the film has only {frames} frames at {rate:g} a second")
