"""Filming: clips of a product.

To add a provider of clips:
1. write `jobs/ad/scenery/<name>.py` with a class that has `VideoProvider`'s methods,
2. add it to `VIDEO`, and its key, if it has one, to `shared/settings.py`,
3. give the `provider` fixture of `tests/jobs/ad/scenery/test_choice.py` what opens it.
"""

from typing import Final

from jobs.ad.scenery.cinematographer import ClipOrder, VideoProvider
from shared.providers.account import Account
from shared.providers.choice import Choice, Provider
from shared.settings import Settings

__all__ = ["VIDEO", "ClipOrder", "VideoProvider", "video_provider"]


def _replicate(settings: Settings, account: Account) -> VideoProvider:
    from jobs.ad.scenery.replicate import ReplicateVideoProvider

    return ReplicateVideoProvider(settings, account)


def _motion(settings: Settings, _account: Account) -> VideoProvider:
    from jobs.ad.scenery.film_maker import MotionProvider

    return MotionProvider(cores=settings.cores)


VIDEO: Final = Choice(
    setting="video_provider",
    providers={
        "replicate": Provider(open=_replicate, key="replicate_api_token"),
        "motion": Provider(open=_motion),
    },
)


def video_provider(settings: Settings, account: Account) -> VideoProvider:
    """The film-maker that the settings name."""
    return VIDEO.open(settings, account)
