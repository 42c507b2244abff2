"""The script, which script_gen writes for the later stages."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from jobs.ad.copy import ProductAnalysis
from jobs.ad.plan.frame import Frame
from shared.records.creation import Creation

SCRIPT_NAME: Final = "assets/script.json"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class Scene(_Data):
    """One of the four scenes."""

    id: int
    """1 to 4."""
    duration: float
    """Seconds, as planned."""
    type: Literal["video"] = "video"
    voiceover_template: str
    voiceover_text: str
    video_prompt_template: str
    video_prompt: str
    """The template, filled in for this product."""
    use_product_image: bool
    text_overlay: str
    """Words on the picture; may be empty."""


class CtaScene(_Data):
    """The still at the end, over which the fourth voice-over continues."""

    duration: float
    text: str
    """The call to action, as given in the brief."""
    image_prompt: str


class Script(_Data):
    """`assets/script.json`."""

    total_duration: float
    style: str
    product_name: str
    hook: str
    cta: str
    style_keywords: tuple[str, ...]
    product_analysis: ProductAnalysis
    scenes: tuple[Scene, ...] = Field(min_length=4, max_length=4)
    cta_scene: CtaScene
    variation: int = 0
    captions: bool = False
    frame: Frame = Frame()
    """Left out if it is the default, so that such scripts keep their bytes."""
    product_image: str | None
    """Name of the product's picture below the creation."""
    providers: dict[str, str] = {}
    """The provider for each kind of work."""

    @model_serializer(mode="wrap")
    def _without_the_usual_frame(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        if self.frame == Frame():
            del found["frame"]
        return found


def read_script(creation: Creation) -> Script:
    """The script; raises `ObjectNotFound` before script_gen has run."""
    return Script.model_validate_json(creation.read(SCRIPT_NAME)[0])
