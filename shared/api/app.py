"""The app: routes over a trigger, guarded, logged, documented."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from shared.accepted import MOST_DECODERS
from shared.api.cuts.routes import router as cuts_router
from shared.api.guard.access_log import AccessLog
from shared.api.guard.auth import Guard, Verify
from shared.api.http.problems import MEDIA_TYPE, RESPONSES, Problem, handle_errors
from shared.api.live import socket as live
from shared.api.live.viewers import Viewers
from shared.api.routes import assets, events, uploads
from shared.api.routes.context import WithTrigger
from shared.api.routes.metrics import router as metrics_router
from shared.api.routes.models import HealthBody
from shared.api.routes.removal import Rows
from shared.api.routes.runs import manifest_router, runs_router
from shared.pipelines.definition import Pipeline, named
from shared.reports.metrics import Metrics
from shared.runs.trigger import Trigger
from shared.settings import Settings

_TAGS: Final = [
    {"name": "assets", "description": "What people put in and get out."},
    {"name": "runs", "description": "Turning a creation's assets into a video."},
    {"name": "events", "description": "Hints from a cloud that a stage has ended."},
]
_ABOUT: Final = (
    "Pictures, captions and briefs in, finished films out. Watch a job by WebSocket at `/ws/job/{job_id}`: "
    "JSON with job_id, stage, progress, message, timestamp, overall, status, run."
)
_LISTERS: Final = 2
_STARTERS: Final = 8
_BEARER: Final = HTTPBearer(auto_error=False, description="The server's API_TOKEN, where one is set.")


_UNHEALTHY: Final[dict[int | str, dict[str, Any]]] = {
    **{status: RESPONSES[status] for status in (400, 405, 408)},
    503: {"model": Problem, "description": "The store can't be reached."},
}


class _App(FastAPI):
    """FastAPI documents every model as `application/json`; problems have a media type of their own."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            for path in super().openapi()["paths"].values():
                for operation in path.values():
                    _name_problem_type(operation["responses"])
        return super().openapi()


def _name_problem_type(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status >= "400":
            response["content"] = {MEDIA_TYPE: response["content"].pop("application/json")}


def create_app(
    trigger: Trigger, *, settings: Settings, verify: Verify | None = None, metrics: Metrics | None = None
) -> FastAPI:
    """The HTTP API of `trigger`.

    With `settings.api_token` set it requires that token everywhere but at `/healthz`; without, it answers
    this machine only, whichever address it is bound to. With `verify`, an identity token that it accepts
    suffices for events and sweeps. `metrics` are those that the trigger's watch feeds.
    """
    app = _App(
        lifespan=_ready,
        title="Reelwright",
        version=_version(),
        description=_ABOUT,
        openapi_tags=[*_TAGS, *_tags_of(trigger.pipelines)],
        redirect_slashes=False,
    )
    app.state.trigger = trigger
    app.state.settings = settings
    app.state.metrics = metrics or Metrics(trigger.pipelines)
    app.state.rows = Rows(settings)
    app.state.listers = CapacityLimiter(_LISTERS)
    app.state.decoders = CapacityLimiter(MOST_DECODERS)
    app.state.starters = CapacityLimiter(_STARTERS)
    app.state.viewers = Viewers(trigger, settings.redis_url)
    app.get("/healthz", tags=["server"], responses=_UNHEALTHY)(_healthz)
    runs = [runs_router(each.action, each) for each in trigger.pipelines.values() if each.action]
    own = _routers_of(trigger.pipelines).values()
    for router in (
        assets.router,
        uploads.router,
        *runs,
        manifest_router,
        cuts_router,
        *own,
        metrics_router,
        events.router,
    ):
        app.include_router(router, dependencies=[Depends(_BEARER)])
    app.include_router(live.router)
    handle_errors(app)
    app.add_middleware(Guard, token=settings.api_token, verify=verify)
    app.add_middleware(AccessLog)
    return app


@asynccontextmanager
async def _ready(app: FastAPI) -> AsyncIterator[None]:
    """FastAPI builds its routes when it looks for one for the first time. It looks here for one that there
    isn't, so that nobody has to wait for that."""
    nowhere = {"type": "http", "method": "GET", "path": "", "root_path": "", "headers": [], "app": app}
    with suppress(HTTPException):
        await app.router(nowhere, _nothing, _nothing)
    yield


async def _nothing(*_: object) -> Any:
    """Stands for a client."""


def _routers_of(pipelines: Mapping[str, Pipeline]) -> dict[str, APIRouter]:
    """The routes that each pipeline brings, by pipeline."""
    found = {name: named(each.routes) for name, each in pipelines.items() if each.routes}
    return {name: router for name, router in found.items() if isinstance(router, APIRouter)}


def _tags_of(pipelines: Mapping[str, Pipeline]) -> list[dict[str, Any]]:
    return [
        {"name": tag, "description": pipelines[name].description}
        for name, router in _routers_of(pipelines).items()
        for tag in router.tags
    ]


def _healthz(trigger: WithTrigger) -> HealthBody:
    """Whether the server answers and reaches its store. Needs no token."""
    trigger.store.stat("healthz")
    return HealthBody(version=_version())


def _version() -> str:
    try:
        return version("reelwright")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "0"
