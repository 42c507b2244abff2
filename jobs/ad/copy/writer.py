"""What every writer is: the protocol, what it is asked for, and what it writes."""

from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Orientation = Literal["vertical", "square", "widescreen"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProductAnalysis(_Record):
    """What a picture of a product tells."""

    product_description: str
    key_benefits: tuple[str, ...] = Field(min_length=1, max_length=5)
    target_audience: str
    unique_selling_points: tuple[str, ...] = Field(min_length=1, max_length=5)
    emotional_appeal: str
    colours: tuple[str, ...] = ()
    """Dominant colours of the picture as #RRGGBB, the most frequent first; empty without a picture."""


class SceneBrief(_Record):
    """A scene that needs words."""

    id: int
    seconds: float
    """How long the words may take to say, at the style's pace."""
    most_words: int
    purpose: str
    """What the scene is for, e.g. `opening`, `benefit`, `social proof`, `closing`."""
    template: str
    """The style's own words, with `{product_name}` and `{cta_text}`; may hold `[benefit statement]` and
    `[social proof]`, to be written."""
    picture_template: str
    """What the scene shows, the same way."""


class AdBrief(_Record):
    """All that a writer of an ad gets."""

    product_name: str
    style: str
    lines: str = Field(exclude=True)
    """Whose sentences of `lines.yaml` the built-in writer has; no model is asked with it."""
    tone: str
    """How the style sounds, in a few words."""
    cta_text: str
    scenes: tuple[SceneBrief, ...]
    variation: int = 0
    """Another number asks for another text."""
    proof: str | None = None
    """What others say of the product, as the asker has it, e.g. `4.8 stars from 2,100 reviews`."""
    latin_only: bool = False
    """Whether the voice that will speak reads no other letters in an English text: it would spell them."""
    orientation: Orientation = "vertical"
    """Of the ad's frame."""


class SceneCopy(_Record):
    """The words of one scene."""

    id: int
    voiceover_text: str = Field(min_length=1, max_length=600)
    text_overlay: str = Field(max_length=60)
    """At most six words on the picture; empty for none."""
    video_prompt: str = Field(min_length=1, max_length=1500)
    """What a text-to-video model is told."""


class AdCopy(_Record):
    """The words of an ad; one entry for each scene of the brief, in its order."""

    hook: str = Field(min_length=1, max_length=200)
    scenes: tuple[SceneCopy, ...]
    cta_image_prompt: str = Field(min_length=1, max_length=1500)
    """What a text-to-image model is told for the background of the call to action; no text in it."""
    warnings: tuple[str, ...] = ()
    """What the asker should know of how these words came about."""


class TextProvider(Protocol):
    """Who writes. Safe to use from several threads; the account keeps what was paid for."""

    name: str
    version: str
    """Changes whenever the same brief would be answered otherwise: part of a stage's fingerprint."""

    def analyse(self, picture: Path | None, *, product_name: str) -> ProductAnalysis:
        """What the picture (of any type that is taken; None when there is none) shows of the product."""

    def write(self, brief: AdBrief, analysis: ProductAnalysis) -> AdCopy:
        """The ad's words. Every voice-over fits its scene's `most_words`; the call to action is the brief's
        own and not the writer's to change. They claim nothing that the brief does not hold
        (`truth.untruths` finds none), and hold its proof word for word where that can be said.

        Raises `ProviderDenied`, `ProviderRefused`, `ProviderBusy` or `ProviderFailed`.
        """

    def estimate_usd(self, brief: AdBrief, *, with_picture: bool) -> float:
        """About what `analyse` and `write` cost together, list price. Asks nothing of the network."""
