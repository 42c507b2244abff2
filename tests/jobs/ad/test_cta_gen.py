"""cta_gen: a painted background, checked, with the words that were asked for."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jobs.ad import cta_gen
from jobs.ad.card import PictureOrder
from jobs.ad.card.card import Card, Words, draw_card
from jobs.ad.copy import ProductAnalysis
from jobs.ad.cta_gen import STAGE, run
from jobs.ad.plan.frame import Frame
from jobs.ad.plan.script import SCRIPT_NAME, CtaScene, Scene, Script
from jobs.ad.styles import Style
from shared.errors import InvalidAssets, ProviderBusy, ProviderFailed, Stopped
from shared.providers.account import Account
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.stages.progress import Progress
from shared.stages.stage import Context
from shared.storage.memory import MemoryStore


class Painter:
    """Paints one colour, or fails as told."""

    name = "painter"
    version = "7"

    def __init__(self, *, fails: Exception | None = None, data: bytes | None = None) -> None:
        self.fails = fails
        self.data = data
        self.orders: list[PictureOrder] = []
        self.cancelled = 0

    def paint(self, order: PictureOrder, target: Path) -> None:
        self.orders.append(order)
        if self.fails:
            raise self.fails
        target.write_bytes(self.data or picture())

    def cancel(self) -> None:
        self.cancelled += 1

    def estimate_usd(self) -> float:
        return 0.0


def picture(size: tuple[int, int] = (1080, 1920), colour: str = "#0B0908") -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def scene(number: int) -> Scene:
    return Scene(
        id=number,
        duration=8,
        voiceover_template="",
        voiceover_text="The watch is for you and for all of them.",
        video_prompt_template="",
        video_prompt="",
        use_product_image=False,
        text_overlay="",
    )


def script(**changes: object) -> Script:
    analysis = ProductAnalysis(
        product_description="a watch",
        key_benefits=("keeps time",),
        target_audience="all",
        unique_selling_points=("gold",),
        emotional_appeal="calm",
    )
    fields: dict[str, object] = {
        "total_duration": 30,
        "style": "luxury",
        "product_name": "Premium Watch",
        "hook": "",
        "cta": "Shop now",
        "style_keywords": (),
        "product_analysis": analysis,
        "scenes": tuple(scene(number) for number in range(1, 5)),
        "cta_scene": CtaScene(duration=4, text="Shop now", image_prompt="gold on black"),
        "variation": 3,
        "product_image": None,
    }
    return Script.model_validate(fields | changes)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    store = MemoryStore()
    creation = Creation(store, "watch")
    creation.write(SCRIPT_NAME, canonical_json(script().model_dump(mode="json")))
    return Context(
        creation=creation,
        parameters={},
        settings=Settings(),
        task_index=0,
        task_count=1,
        scratch=tmp_path,
        progress=Progress(),
        account=Account(store),
        abandoned=lambda: False,
    )


@pytest.fixture
def hire(monkeypatch: pytest.MonkeyPatch) -> Callable[[Painter], Painter]:
    def use(painter: Painter) -> Painter:
        monkeypatch.setattr(cta_gen, "image_provider", lambda settings, account: painter)
        return painter

    return use


Hire = Callable[[Painter], Painter]


def test_the_picture_is_a_png_of_the_ad_s_size(context: Context, hire: Hire) -> None:
    painter = hire(Painter())
    result = run(context)
    output = result.outputs["cta"]
    assert output.name == "assets/cta.png"
    with Image.open(output.path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (1080, 1920))
        assert np.ptp(np.asarray(image)) > 100
    (order,) = painter.orders
    assert (order.prompt, order.width, order.height, order.variation) == ("gold on black", 1080, 1920, 3)
    assert result.metadata["contrast"] >= 4.5
    assert result.warnings == ()


def test_a_card_has_the_script_s_frame_and_a_background_of_its_shape(context: Context, hire: Hire) -> None:
    painter = hire(Painter())
    changed = script(frame=Frame(width=128, height=72)).model_dump(mode="json")
    context.creation.write(SCRIPT_NAME, canonical_json(changed))
    with Image.open(run(context).outputs["cta"].path) as image:
        assert image.size == (128, 72)
    (order,) = painter.orders
    assert order.width / order.height == pytest.approx(128 / 72, rel=0.001)
    assert order.height > 1000  # letters are drawn at their full size


def test_the_words_are_the_user_s_own(context: Context, hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    hire(Painter())
    seen: list[Words] = []

    def noted(
        background: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]",
        words: Words,
        style: Style,
        **size: int,
    ) -> Card:
        seen.append(words)
        return draw_card(background, words, style, **size)

    monkeypatch.setattr("jobs.ad.card.card.draw_card", noted)
    run(context)
    assert [(words.name, words.call, words.with_product) for words in seen] == [
        ("Premium Watch", "Shop now", False)
    ]


def test_the_painter_gets_the_product_s_picture(context: Context, hire: Hire) -> None:
    painter = hire(Painter())
    context.creation.write("assets/product.jpg", picture((300, 200)))
    changed = script(product_image="assets/product.jpg").model_dump(mode="json")
    context.creation.write(SCRIPT_NAME, canonical_json(changed))
    run(context)
    assert painter.orders[0].product is not None
    assert painter.orders[0].product.read_bytes() == picture((300, 200))
    assert list(STAGE.inputs(context.creation)) == [SCRIPT_NAME, "assets/product.jpg"]


def test_a_picture_of_another_shape_is_made_to_cover(context: Context, hire: Hire) -> None:
    hire(Painter(data=picture((1024, 1024))))
    with Image.open(run(context).outputs["cta"].path) as image:
        assert image.size == (1080, 1920)


@pytest.mark.parametrize(
    "data", [b"no picture", picture()[:300], picture((64, 64))], ids=["text", "cut", "tiny"]
)
def test_what_is_no_such_picture_is_the_provider_s_failure(context: Context, hire: Hire, data: bytes) -> None:
    hire(Painter(data=data))
    with pytest.raises(ProviderFailed) as caught:
        run(context)
    assert caught.value.args[0] == "painter"


def test_the_provider_s_errors_come_through(context: Context, hire: Hire) -> None:
    painter = hire(Painter(fails=ProviderBusy("painter", "has too much to do")))
    with pytest.raises(ProviderBusy):
        run(context)
    assert painter.cancelled == 0


@pytest.mark.parametrize(("abandoned", "cancelled"), [(True, 1), (False, 0)])
def test_only_a_run_that_nobody_wants_any_more_cancels_what_is_being_painted(
    context: Context, hire: Hire, abandoned: bool, cancelled: int
) -> None:
    from dataclasses import replace

    painter = hire(Painter(fails=Stopped("a signal")))
    with pytest.raises(Stopped):
        run(replace(context, abandoned=lambda: abandoned))
    assert painter.cancelled == cancelled


def test_characters_that_no_font_has_are_warnings(context: Context, hire: Hire) -> None:
    hire(Painter())
    changed = script(product_name="Watch \U0001fbc5").model_dump(mode="json")
    context.creation.write(SCRIPT_NAME, canonical_json(changed))
    (warning,) = run(context).warnings
    assert "\U0001fbc5" in warning
    assert "install" in warning


@pytest.mark.parametrize("name", ["\U0001fbc5!\U0001fbc5", "Watch \U00013000", "\U0001fbc5", "\ue000."])
def test_a_name_that_cannot_be_drawn_is_refused_before_a_picture_is_paid_for(
    context: Context, hire: Hire, name: str
) -> None:
    painter = Painter()
    hire(painter)
    changed = script(product_name=name).model_dump(mode="json")
    context.creation.write(SCRIPT_NAME, canonical_json(changed))
    with pytest.raises(InvalidAssets, match=r"script\.json: product_name: no font has .*install"):
        run(context)
    assert painter.orders == []


def test_another_painter_or_version_makes_another_picture(hire: Hire) -> None:
    hire(Painter())
    assert STAGE.salt(Settings()) == "painter 7"
