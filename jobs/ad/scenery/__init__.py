"""Filming: clips of a product.

To add a provider of clips:
1. write `jobs/ad/scenery/<name>.py` with a class that has `VideoProvider`'s methods,
2. add its name to the dict in `video_provider`,
3. add it to the `provider` fixture of `tests/jobs/ad/scenery/test_choice.py`.
"""

from collections.abc import Callable, Mapping

from jobs.ad.scenery.cinematographer import ClipOrder, VideoProvider
from shared.providers.account import Account
from shared.providers.choice import chosen, opened
from shared.settings import Settings

__all__ = ["ClipOrder", "VideoProvider", "video_provider", "video_provider_name"]


def video_provider(settings: Settings, account: Account) -> VideoProvider:
    """The film-maker that the settings name."""

    def replicate() -> VideoProvider:
        from jobs.ad.scenery.replicate import ReplicateVideoProvider

        return ReplicateVideoProvider(settings, account)

    def motion() -> VideoProvider:
        from jobs.ad.scenery.film_maker import MotionProvider

        return MotionProvider(cores=settings.cores)

    providers: Mapping[str, Callable[[], VideoProvider]] = {"replicate": replicate, "motion": motion}
    return opened("VIDEO_PROVIDER", video_provider_name(settings), providers)


def video_provider_name(settings: Settings) -> str:
    return chosen(
        settings.video_provider, paid="replicate", key=settings.replicate_api_token, embedded="motion"
    )
