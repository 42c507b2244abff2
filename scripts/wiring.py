"""Putting things together: the store, the platform and the trigger that the settings name."""

from collections.abc import Callable
from typing import Final

from jobs.catalogue import pipelines
from shared.errors import UnknownName
from shared.launch import fusing
from shared.platforms import Platform
from shared.platforms.local import LocalPlatform
from shared.settings import Settings
from shared.storage import ObjectStore, open_store
from shared.trigger import Trigger

OnLog = Callable[[str], None] | None


def make_trigger(settings: Settings, *, on_log: OnLog = None) -> Trigger:
    """The trigger for these settings; on this machine's platforms a stage's end starts the next one.

    Raises `InvalidSettings` naming the variable if the store or the platform can't be used as they say.
    """
    if settings.platform not in _PLATFORMS:
        raise UnknownName("platform (variable PLATFORM)", settings.platform, list(_PLATFORMS))
    store = open_store(settings.store_url, settings)
    platform = _PLATFORMS[settings.platform](settings, store, on_log)
    store.check()
    trigger = Trigger(
        store,
        platform,
        pipelines(),
        stale_after_s=settings.stale_after_s,
        fuses=fusing(settings, in_cloud=not isinstance(platform, LocalPlatform)),
    )
    if isinstance(platform, LocalPlatform):
        platform.on_end = trigger.advance
    return trigger


def _local(_settings: Settings, store: ObjectStore, on_log: OnLog) -> Platform:
    return LocalPlatform(store, on_log=on_log)


def _compose(settings: Settings, store: ObjectStore, on_log: OnLog) -> Platform:
    from shared.platforms.compose import ComposePlatform

    return ComposePlatform(store, settings, on_log=on_log)


def _cloudrun(settings: Settings, _store: ObjectStore, _on_log: OnLog) -> Platform:
    from cloudrun.platform import open_platform

    return open_platform(settings)


def _codeengine(settings: Settings, _store: ObjectStore, _on_log: OnLog) -> Platform:
    from codeengine.platform import open_platform

    return open_platform(settings)


_PLATFORMS: Final[dict[str, Callable[[Settings, ObjectStore, OnLog], Platform]]] = {
    "local": _local,
    "compose": _compose,
    "cloudrun": _cloudrun,
    "codeengine": _codeengine,
}
