"""What every painter is: the protocol, and what it is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jobs.ad.scenery.look import Look


@dataclass(frozen=True, kw_only=True)
class PictureOrder:
    """A picture that is wanted."""

    prompt: str
    """For models; what is drawn by code goes by the look."""
    width: int
    height: int
    look: Look
    product: Path | None = None
    """The product's picture, for those that can use it."""
    variation: int = 0


class ImageProvider(Protocol):
    """Who paints. Safe to use from several threads."""

    name: str
    version: str

    def paint(self, order: PictureOrder, target: Path) -> None:
        """Write a PNG or JPEG of the ordered size, without any text in it, to `target`.

        Raises `ProviderDenied`, `ProviderRefused`, `ProviderBusy` or `ProviderFailed`.
        """

    def cancel(self) -> None:
        """Stop what this provider has under way for this process and what nobody waits for any more; never
        raises."""

    def estimate_usd(self) -> float:
        """About what one picture costs, list price. Asks nothing of the network."""
