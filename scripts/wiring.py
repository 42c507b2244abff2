"""Putting things together: the store, the platform and the trigger that the settings name."""

import atexit
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from jobs.catalogue import pipelines
from shared.errors import InvalidSettings, UnknownName
from shared.platforms import Platform
from shared.platforms.local import LocalPlatform
from shared.platforms.pulse import patience_of
from shared.reports.publisher import open_publisher
from shared.reports.run_reporter import watch_of
from shared.runs.launch import fusing, jobs_of
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore, open_store

if TYPE_CHECKING:
    from shared.reports.metrics import Metrics

OnLog = Callable[[str], None] | None


def make_trigger(
    settings: Settings, *, on_log: OnLog = None, metrics: "Metrics | None" = None, writes: bool = True
) -> Trigger:
    """The trigger for these settings; on this machine's platforms a stage's end starts the next one.

    Whom the settings name is told how runs go on, and `metrics` are. Without `writes` the store may be one
    that can only be read.
    Raises `InvalidSettings` naming the variable if the store or the platform can't be used as they say.
    """
    if settings.platform not in _PLATFORMS:
        raise UnknownName("platform (variable PLATFORM)", settings.platform, list(_PLATFORMS))
    _check_reach(settings)
    store = open_store(settings.store_url, settings)
    platform = _open_platform(settings, store, on_log)
    known = pipelines()
    if writes:
        store.check()
    platform.check(jobs_of(known))
    publisher = open_publisher(settings)
    atexit.register(publisher.close)  # the last report, that a run has ended, comes when all else is done
    trigger = Trigger(
        store,
        platform,
        known,
        stale_after_s=settings.stale_after_s,
        fuses=fusing(settings, in_cloud=not isinstance(platform, LocalPlatform)),
        watch=watch_of(settings, known, publisher, metrics=metrics),
        time_limit_s=settings.job_timeout_s,
    )
    if isinstance(platform, LocalPlatform):
        platform.on_end = trigger.advance
    return trigger


def _check_reach(settings: Settings) -> None:
    """Raise `InvalidSettings` where the platform's jobs can't reach the store."""
    scheme = urlsplit(settings.store_url).scheme
    unreachable = _UNREACHABLE.get(settings.platform, ())
    if scheme in unreachable:
        raise InvalidSettings(
            f"STORE_URL={settings.store_url!r}: jobs on {settings.platform} can't reach it; "
            "use a bucket: gs://<bucket>, s3://<bucket> or cos://<bucket>"
        )


def _open_platform(settings: Settings, store: ObjectStore, on_log: OnLog) -> Platform:
    try:
        return _PLATFORMS[settings.platform](settings, store, on_log)
    except ModuleNotFoundError as error:
        raise InvalidSettings(
            f"PLATFORM={settings.platform!r}: its packages are missing ({error.name}); "
            f"pip install 'reelwright[{settings.platform}]'"
        ) from error


def _local(settings: Settings, store: ObjectStore, on_log: OnLog) -> Platform:
    return LocalPlatform(store, on_log=on_log, patience=patience_of(settings))


def _compose(settings: Settings, store: ObjectStore, on_log: OnLog) -> Platform:
    from shared.platforms.compose import ComposePlatform

    return ComposePlatform(store, settings, on_log=on_log, patience=patience_of(settings))


def _cloudrun(settings: Settings, _store: ObjectStore, _on_log: OnLog) -> Platform:
    from cloudrun.platform import open_platform

    return open_platform(settings)


def _codeengine(settings: Settings, _store: ObjectStore, _on_log: OnLog) -> Platform:
    from codeengine.platform import open_platform

    return open_platform(settings)


_UNREACHABLE: Final = {
    "local": ("memory",),
    "compose": ("memory",),
    "cloudrun": ("file", "memory"),
    "codeengine": ("file", "memory"),
}
"""Schemes of stores that are not where the platform's jobs run."""
_PLATFORMS: Final[dict[str, Callable[[Settings, ObjectStore, OnLog], Platform]]] = {
    "local": _local,
    "compose": _compose,
    "cloudrun": _cloudrun,
    "codeengine": _codeengine,
}
