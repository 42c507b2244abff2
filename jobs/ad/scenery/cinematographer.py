"""What every film-maker is: the protocol, and what it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from jobs.ad.scenery.look import Look


@dataclass(frozen=True, kw_only=True)
class ClipOrder:
    """A clip that is wanted."""

    prompt: str
    """For models; what is animated by code goes by the look and the picture."""
    product: Path | None
    """The product's picture (of any type that is taken, any size and shape)."""
    colours: tuple[str, ...]
    """Of the product's picture, #RRGGBB, the most frequent first; may be empty."""
    width: int
    height: int
    frames: int
    frame_rate: Fraction
    look: Look
    tempo_bpm: float
    """Of the ad's music: what is animated by code moves on its beats."""
    scene: int
    """1 to 4: which of the ad's scenes, so that each is another view."""
    variation: int = 0


class VideoProvider(Protocol):
    """Who films. Safe to use from several threads."""

    name: str
    version: str
    concurrency: int
    """How many clips may be made at once."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the asker should know of the clips filmed so far."""

    def film(self, order: ClipOrder, target: Path, *, on_progress: Callable[[float], None]) -> None:
        """Write an MP4 to `target`; `on_progress` gets the part done, 0 to 1, and may raise.

        Embedded ones make exactly the ordered size, rate and frames; a model's clip may have others.
        Raises `ProviderDenied`, `ProviderRefused`, `ProviderBusy` or `ProviderFailed`.
        """

    def cancel(self) -> None:
        """Stop what this provider has under way for this process and what nobody waits for any more; never
        raises."""

    def estimate_usd(self, seconds: float) -> float:
        """About what one clip of this length costs, list price. Asks nothing of the network."""
