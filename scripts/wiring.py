"""Putting things together: the store, the platform and the trigger that the settings name."""

from collections.abc import Callable
from typing import Final

from jobs.catalogue import pipelines
from shared.errors import UnknownName
from shared.platforms import Platform
from shared.platforms.local import LocalPlatform
from shared.settings import Settings
from shared.storage import ObjectStore, open_store
from shared.trigger import Trigger

OnLog = Callable[[str], None] | None


def _local(store: ObjectStore, on_log: OnLog) -> Platform:
    return LocalPlatform(store, on_log=on_log)


_PLATFORMS: Final[dict[str, Callable[[ObjectStore, OnLog], Platform]]] = {"local": _local}


def make_trigger(settings: Settings, *, on_log: OnLog = None) -> Trigger:
    """The trigger for these settings; on the local platform a stage's end starts the next one."""
    if settings.platform not in _PLATFORMS:
        raise UnknownName("platform (variable PLATFORM)", settings.platform, list(_PLATFORMS))
    store = open_store(settings.store_url)
    platform = _PLATFORMS[settings.platform](store, on_log)
    trigger = Trigger(store, platform, pipelines(), stale_after_s=settings.stale_after_s)
    if isinstance(platform, LocalPlatform):
        platform.on_end = trigger.advance
    return trigger
