"""Painting: backgrounds for text to stand on.

To add a provider of pictures:
1. write `jobs/ad/card/<name>.py` with a class that has `ImageProvider`'s methods,
2. add it to `IMAGE`, and its key, if it has one, to `shared/settings.py`,
3. give the `provider` fixture of `tests/jobs/ad/card/test_choice.py` what opens it.
"""

from typing import Final

from jobs.ad.card.painter import ImageProvider, PictureOrder
from shared.providers.account import Account
from shared.providers.choice import Choice, Provider
from shared.settings import Settings

__all__ = ["IMAGE", "ImageProvider", "PictureOrder", "image_provider"]


def _replicate(settings: Settings, account: Account) -> ImageProvider:
    from jobs.ad.card.replicate import ReplicateImageProvider

    return ReplicateImageProvider(settings, account)


def _drawn(_settings: Settings, _account: Account) -> ImageProvider:
    from jobs.ad.card.drawn import DrawnProvider

    return DrawnProvider()


IMAGE: Final = Choice(
    setting="image_provider",
    providers={
        "replicate": Provider(open=_replicate, key="replicate_api_token"),
        "drawn": Provider(open=_drawn),
    },
)


def image_provider(settings: Settings, account: Account) -> ImageProvider:
    """The painter that the settings name."""
    return IMAGE.open(settings, account)
