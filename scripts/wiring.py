"""Opens the store, the platform and the trigger that the settings name."""

import atexit
from copy import copy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jobs.catalogue import pipelines
from scripts.platforms import KINDS, PLATFORMS, OnLog
from shared.errors import InvalidSettings, UnknownName
from shared.pipelines.definition import Pipeline
from shared.platforms import Platform
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.records.names import BLUEPRINTS
from shared.reports.composing import trigger_of
from shared.reports.publisher import open_publisher
from shared.runs.launch import jobs_of
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore, open_store

if TYPE_CHECKING:
    from shared.reports.metrics import Metrics


def make_trigger(
    settings: Settings,
    *,
    on_log: OnLog = None,
    metrics: "Metrics | None" = None,
    writes: bool = True,
    about: str = "",
) -> Trigger:
    """The trigger for these settings; on this machine's platforms a stage's end starts the next one.

    If the creation that it is `about` is a blueprint's run, it knows that graph as well.

    Progress is reported to the services that the settings name, and to `metrics`. Without `writes` the store
    may be read-only.
    Raises `InvalidSettings` naming the variable if the store or the platform can't be used.
    """
    if settings.platform not in PLATFORMS:
        raise UnknownName("platform (variable PLATFORM)", settings.platform, list(PLATFORMS))
    _check_reach(settings)
    store = open_store(settings.store_url, settings)
    platform = _open_platform(settings, store, on_log)
    known = pipelines()
    if writes:
        store.check()
    platform.check(jobs_of(known))
    if about:
        known |= _blueprint_of(Creation(store, about))
    publisher = open_publisher(settings)
    atexit.register(publisher.close)  # the report that a run has ended comes last
    return trigger_of(settings, store, platform, known, publisher, metrics=metrics)


def reader_of(trigger: Trigger, creation_id: str) -> Trigger:
    """A trigger for `status` alone, which knows this creation's graph, be it a blueprint's run."""
    reader = copy(trigger)
    reader.pipelines = {**trigger.pipelines, **_blueprint_of(Creation(trigger.store, creation_id))}
    return reader


def _blueprint_of(creation: Creation) -> dict[str, Pipeline]:
    """The pipeline of a blueprint's run by its name; nothing for any other creation."""
    request, _ = load_request(creation)
    if request is None or request.pipeline != BLUEPRINTS:
        return {}
    from shared.driving.kept import kept_pipeline

    return {BLUEPRINTS: kept_pipeline(creation)}


def _check_reach(settings: Settings) -> None:
    """Raise `InvalidSettings` if the platform's jobs can't reach the store."""
    scheme = urlsplit(settings.store_url).scheme
    if scheme in KINDS[settings.platform].out_of_reach:
        raise InvalidSettings(
            f"STORE_URL={settings.store_url!r}: jobs on {settings.platform} can't reach it; "
            "use a bucket: gs://<bucket>, s3://<bucket> or cos://<bucket>"
        )


def _open_platform(settings: Settings, store: ObjectStore, on_log: OnLog) -> Platform:
    try:
        return PLATFORMS[settings.platform](settings, store, on_log)
    except ModuleNotFoundError as error:
        raise InvalidSettings(
            f"PLATFORM={settings.platform!r}: its packages are missing ({error.name}); "
            f"pip install 'reelwright[{settings.platform}]'"
        ) from error
