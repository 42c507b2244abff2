"""The protocol of writers, with their input and output."""

from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Orientation = Literal["vertical", "square", "widescreen"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProductAnalysis(_Record):
    """What a writer learns from a product's picture."""

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
    """What others say about the product, in the advertiser's words, e.g. `4.8 stars from 2,100 reviews`."""
    latin_only: bool = False
    """Whether the voice can read only Latin letters in an English text and would spell out others."""
    orientation: Orientation = "vertical"
    """Of the ad's frame."""


class SceneCopy(_Record):
    """The words of one scene."""

    id: int
    voiceover_text: str = Field(min_length=1, max_length=600)
    text_overlay: str = Field(max_length=60)
    """At most six words on the picture; empty for none."""
    video_prompt: str = Field(min_length=1, max_length=1500)
    """The prompt for a text-to-video model."""


class AdCopy(_Record):
    """The words of an ad; one entry for each scene of the brief, in its order."""

    hook: str = Field(min_length=1, max_length=200)
    scenes: tuple[SceneCopy, ...]
    cta_image_prompt: str = Field(min_length=1, max_length=1500)
    """The prompt for a text-to-image model: the background of the call to action, without text in it."""
    warnings: tuple[str, ...] = ()
    """Warnings about how these words were written."""


class TextProvider(Protocol):
    """A writer. Safe to use from several threads; the account keeps paid results."""

    name: str
    version: str
    """Changes whenever the same brief would get another answer: part of a stage's fingerprint."""

    def analyse(self, picture: Path | None, *, product_name: str) -> ProductAnalysis:
        """What the picture (of any accepted type, or None) shows of the product."""

    def write(self, brief: AdBrief, analysis: ProductAnalysis) -> AdCopy:
        """The ad's words. Every voice-over fits its scene's `most_words`. The call to action is the brief's,
        unchanged. The words claim only what is in the brief (`truth.untruths` returns nothing) and quote its
        proof word for word if it can be spoken.

        Raises `ProviderDenied`, `ProviderRefused`, `ProviderBusy` or `ProviderFailed`.
        """

    def estimate_usd(self, brief: AdBrief, *, with_picture: bool) -> float:
        """The approximate list price of `analyse` and `write` together. Uses no network."""
