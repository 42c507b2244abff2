"""Painting: backgrounds for text to stand on.

To add a provider of pictures:
1. write `shared/providers/image/<name>.py` with a class that has `ImageProvider`'s methods,
2. add its name to the dict in `image_provider`,
3. add it to the `provider` fixture of `tests/jobs/ad/card/test_choice.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jobs.ad.scenery.look import Look
from shared.providers.account import Account
from shared.providers.choice import chosen, opened
from shared.settings import Settings


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


def image_provider(settings: Settings, account: Account) -> ImageProvider:
    """The painter that the settings name."""

    def replicate() -> ImageProvider:
        from jobs.ad.card.replicate import ReplicateImageProvider

        return ReplicateImageProvider(settings, account)

    def drawn() -> ImageProvider:
        from jobs.ad.card.drawn import DrawnProvider

        return DrawnProvider()

    providers: Mapping[str, Callable[[], ImageProvider]] = {"replicate": replicate, "drawn": drawn}
    return opened("IMAGE_PROVIDER", image_provider_name(settings), providers)


def image_provider_name(settings: Settings) -> str:
    return chosen(
        settings.image_provider, paid="replicate", key=settings.replicate_api_token, embedded="drawn"
    )
