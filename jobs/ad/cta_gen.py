"""cta_gen: orders a painted background and draws the product's name and the call to action over it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs.ad import PIPELINE_FILE
from jobs.ad.card import ImageProvider, PictureOrder, image_provider
from jobs.ad.card.sheet import sheet_size
from jobs.ad.plan.scenes import CTA_NAME
from jobs.ad.plan.script import SCRIPT_NAME, Script, read_script
from jobs.ad.styles import style_named
from shared.errors import InvalidAssets, OutOfTime, ProviderFailed, Stopped
from shared.providers.account import Account
from shared.records.creation import Creation
from shared.settings import Settings
from shared.stages.stage import Context, Output, Result, Stage
from shared.text.guessing import Guesser
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jobs.ad.card.card import Words

    Plane = NDArray[np.uint8]

_LEAST_SIDE: Final = 512
"""In pixels; a smaller painting would look coarse."""


def run(context: Context) -> Result:
    """The stage's work."""
    from jobs.ad.card.card import draw_card

    script = read_script(context.creation)
    _check_letters(script)
    provider = image_provider(context.settings, context.account)
    context.progress.update(0.05, "painting the background")
    background = _painted(context, provider, _order(context, script))
    context.progress.update(0.8, "laying the words over it")
    frame, style = script.frame, style_named(script.style)
    card = draw_card(background, _words(script), style, width=frame.width, height=frame.height)
    return Result(
        outputs={
            "cta": Output(name=CTA_NAME, path=_saved(context, card.picture), description="the last scene")
        },
        metadata={
            "image": provider.name,
            "width": frame.width,
            "height": frame.height,
            "contrast": round(card.contrast, 2),
        },
        warnings=card.warnings,
    )


def _check_letters(script: Script) -> None:
    """Raises `InvalidAssets` if the name or the call can't be drawn, before a picture is paid for."""
    from shared.video.lettering.font_check import check_fonts

    texts = {"product_name": script.product_name, "cta_scene.text": script.cta_scene.text}
    shown = {f"{SCRIPT_NAME}: {place}": text for place, text in texts.items()}
    check_fonts(shown, "und", otherwise="write the words in another script", none_empty=True)


def _words(script: Script) -> "Words":
    """The name and the call, whose language may differ from the ad's."""
    from jobs.ad.card.card import Words

    guesser = Guesser()
    language = guesser.guess([scene.voiceover_text for scene in script.scenes]).language
    name, call = script.product_name, script.cta_scene.text
    return Words(
        name=name,
        name_language=guesser.within(name, language),
        call=call,
        call_language=guesser.within(call, language),
        with_product=script.product_image is not None,
    )


def _order(context: Context, script: Script) -> PictureOrder:
    product = None
    if script.product_image:
        product = context.creation.download(script.product_image, context.scratch / "product")
    width, height = sheet_size(script.frame.width, script.frame.height)
    return PictureOrder(
        prompt=script.cta_scene.image_prompt,
        width=width,
        height=height,
        look=style_named(script.style).look,
        product=product,
        variation=script.variation,
    )


def _painted(context: Context, provider: ImageProvider, order: PictureOrder) -> "Plane":
    """The background, RGB; raises `ProviderFailed` if the painting is unusable."""
    from shared.video.frames.pictures import load_picture

    path = context.scratch / "background"
    try:
        provider.paint(order, path)
    except (Stopped, OutOfTime):
        if context.abandoned():
            provider.cancel()
        raise
    try:
        picture = load_picture(path, name="the painted background")
    except (InvalidAssets, FileNotFoundError) as error:
        raise ProviderFailed(
            provider.name, f"painted a picture that can't be shown: {error}; run again"
        ) from error
    height, width = picture.shape[:2]
    if min(width, height) < _LEAST_SIDE:
        reason = f"painted {width}x{height} where {order.width}x{order.height} was ordered; run again"
        raise ProviderFailed(provider.name, reason)
    return picture


def _saved(context: Context, picture: "Plane") -> Path:
    from PIL import Image

    path = context.scratch / "cta.png"
    Image.fromarray(picture).save(path, "PNG", compress_level=4)
    return path


def _inputs(creation: Creation) -> list[str]:
    picture = read_script(creation).product_image
    return [SCRIPT_NAME, picture] if picture else [SCRIPT_NAME]


def _painter(settings: Settings) -> str:
    provider = image_provider(settings, Account.closed())
    return f"{provider.name} {provider.version}"


STAGE: Final = Stage(
    pipeline="ad",
    name="cta_gen",
    version=2,
    inputs=_inputs,
    run=run,
    salt=_painter,
    runs_in_thread=True,
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
