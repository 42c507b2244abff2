"""The command line of a cloud's trigger: settings in, the app on all of the container's addresses, exit code
out."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.api.app import create_app
from shared.api.guard.auth import Verify
from shared.api.guard.serve import EVERYWHERE, port_in, serve
from shared.errors import InvalidSettings
from shared.logs import log
from shared.pipelines.installed import installed_pipelines
from shared.platforms import Platform
from shared.reports.composing import trigger_of
from shared.reports.metrics import Metrics
from shared.runs.launch import jobs_of
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore, open_store
from shared.validation import noting
from shared.worker.entry import DONE, guarded, publishing

if TYPE_CHECKING:
    from shared.reports.sink import Audience


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What a cloud's trigger is built for."""

    open_platform: Callable[[Settings], Platform]
    schemes: tuple[str, ...]
    """The URL schemes of the stores that its jobs reach, the usual one first."""
    open_verify: Callable[[Settings], Verify] | None = None
    """How its services' identity tokens are verified, if they have any."""


def trigger_main(
    cloud: Cloud, environ: Mapping[str, str], *, on_ready: Callable[[str], None] | None = None
) -> int:
    """Serve until SIGTERM; `on_ready` gets the URL. Bad settings are reported before the server starts."""

    def work(settings: Settings) -> int:
        with publishing(settings, installed_pipelines().values()) as publisher:
            port, trigger, metrics = _bind(cloud, settings, environ, publisher)
            verify = cloud.open_verify(settings) if cloud.open_verify else None
            app = create_app(trigger, settings=settings, verify=verify, metrics=metrics)
            serve(app, settings=settings, host=EVERYWHERE, port=port, on_ready=on_ready or _say_ready)
        return DONE

    return guarded(work, environ)


def _bind(
    cloud: Cloud, settings: Settings, environ: Mapping[str, str], publisher: "Audience | None"
) -> tuple[int, Trigger, Metrics]:
    problems: list[str] = []
    with noting(problems):
        port = port_in(environ)
    with noting(problems):
        _demand_token(settings)
    with noting(problems):
        store = _open_store(cloud, settings, environ)
    with noting(problems):
        platform = cloud.open_platform(settings)
    with noting(problems):
        pipelines = installed_pipelines()
    if problems:
        raise InvalidSettings(*problems)
    store.check()  # these use the network, and so come last
    platform.check(jobs_of(pipelines))
    metrics = Metrics(pipelines)
    trigger = trigger_of(settings, store, platform, pipelines, publisher, metrics=metrics)
    return port, trigger, metrics


def _demand_token(settings: Settings) -> None:
    if not settings.api_token:
        raise InvalidSettings("API_TOKEN is unset: set it to the bearer token that clients have to send")


def _open_store(cloud: Cloud, settings: Settings, environ: Mapping[str, str]) -> ObjectStore:
    if urlsplit(settings.store_url).scheme not in cloud.schemes:
        given = environ.get("STORE_URL", "").strip()
        found = f"STORE_URL={given!r}: its jobs can't reach it" if given else "STORE_URL is unset"
        raise InvalidSettings(f"{found}; use {' or '.join(f'{name}://<bucket>' for name in cloud.schemes)}")
    return open_store(settings.store_url, settings)


def _say_ready(url: str) -> None:
    log(logging.INFO, "trigger_ready", f"the trigger listens on {url}", url=url)
