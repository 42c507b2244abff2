"""Painting: backgrounds for text to stand on.

To add a provider of pictures:
1. write `jobs/ad/card/<name>.py` with a class that has `ImageProvider`'s methods,
2. add its name to the dict in `image_provider`,
3. add it to the `provider` fixture of `tests/jobs/ad/card/test_choice.py`.
"""

from collections.abc import Callable, Mapping

from jobs.ad.card.painter import ImageProvider, PictureOrder
from shared.providers.account import Account
from shared.providers.choice import chosen, opened
from shared.settings import Settings

__all__ = ["ImageProvider", "PictureOrder", "image_provider", "image_provider_name"]


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
