"""The app: routes over a trigger, guarded, logged, documented."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from shared.accepted import MOST_DECODERS
from shared.api.browser import docs, links, login
from shared.api.browser.brake import Brake
from shared.api.creations.freshness import Freshness
from shared.api.creations.index import Index
from shared.api.creations.routes import router as creations_router
from shared.api.cuts.routes import router as cuts_router
from shared.api.guard.access_log import AccessLog
from shared.api.guard.auth import Guard, Verify
from shared.api.guard.cross_origin import cors_options
from shared.api.guard.seals import Seals
from shared.api.guard.sessions import COOKIE
from shared.api.http.prefix import Prefix, check_prefix, prefix_of
from shared.api.http.problems import MEDIA_TYPE, RESPONSES, Problem, handle_errors
from shared.api.live import socket as live
from shared.api.live.viewers import Viewers
from shared.api.making import estimates, pipelines, stills, voices
from shared.api.routes import assets, events, uploads
from shared.api.routes.context import WithTrigger
from shared.api.routes.metrics import router as metrics_router
from shared.api.routes.models import HealthBody
from shared.api.routes.removal import Rows
from shared.api.routes.runs import creation_router, manifest_router, runs_router
from shared.pipelines.definition import Pipeline, named
from shared.reports.metrics import Metrics
from shared.runs.trigger import Trigger
from shared.settings import Settings

_TAGS: Final = [
    {"name": "making", "description": "What there is to choose from before a video is made."},
    {"name": "creations", "description": "All creations: list, delete, restore."},
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
_SPEAKERS: Final = 1
_ARTISTS: Final = 1
_BEARER: Final = HTTPBearer(auto_error=False, description="The server's API_TOKEN, where one is set.")
_SESSION: Final = APIKeyCookie(
    name=COOKIE, auto_error=False, description="Set by POST /login, for this server's own pages."
)

_UNHEALTHY: Final[dict[int | str, dict[str, Any]]] = {
    **{status: RESPONSES[status] for status in (400, 405, 408)},
    503: {"model": Problem, "description": "The store can't be reached."},
}


class _App(FastAPI):
    """FastAPI documents every model as what its route usually answers; problems have a type of their own."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            for path in super().openapi()["paths"].values():
                for operation in path.values():
                    _name_problem_type(operation["responses"])
        return super().openapi()


def _name_problem_type(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status >= "400":
            (schema,) = response["content"].values()
            response["content"] = {MEDIA_TYPE: schema}


def create_app(
    trigger: Trigger, *, settings: Settings, verify: Verify | None = None, metrics: Metrics | None = None
) -> FastAPI:
    """The HTTP API of `trigger`.

    With `settings.api_token` set it requires that token everywhere but at `/healthz`; without, it answers
    this machine only, whichever address it is bound to. With `verify`, an identity token that it accepts
    suffices for events and sweeps. `metrics` are those that the trigger's watch feeds. Raises
    `InvalidSettings` for a prefix that begins like a route.
    """
    app = _App(
        lifespan=_ready,
        title="Reelwright",
        version=_version(),
        description=_ABOUT,
        openapi_tags=[*_TAGS, *_tags_of(trigger.pipelines)],
        redirect_slashes=False,
        docs_url=None,  # these would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.trigger = trigger
    app.state.settings = settings
    app.state.metrics = metrics or Metrics(trigger.pipelines)
    app.state.rows = Rows(settings)
    app.state.index = Index(trigger)
    app.state.freshness = Freshness(trigger)
    app.state.listers = CapacityLimiter(_LISTERS)
    app.state.decoders = CapacityLimiter(MOST_DECODERS)
    app.state.starters = CapacityLimiter(_STARTERS)
    app.state.speakers = CapacityLimiter(_SPEAKERS)
    app.state.artists = CapacityLimiter(_ARTISTS)
    app.state.seals = seals = Seals(settings.api_token)
    app.state.brake = Brake()
    app.state.viewers = Viewers(trigger, settings.redis_url)
    app.get("/healthz", tags=["server"], responses=_UNHEALTHY)(_healthz)
    runs = [runs_router(each.action, each) for each in trigger.pipelines.values() if each.action]
    own = _routers_of(trigger.pipelines).values()
    guarded = [pipelines.router, voices.router, stills.router, estimates.router]
    guarded += [
        assets.router,
        uploads.router,
        links.router,
        *runs,
        manifest_router,
        cuts_router,
        *own,
        metrics_router,
        events.router,
    ]
    guarded += [creations_router, creation_router]  # last: their path is what the others' begin with
    others = [login.router, links.shared_router, docs.router, live.router]
    for router in guarded:
        app.include_router(router, dependencies=[Depends(_BEARER), Depends(_SESSION)])
    for router in others:
        app.include_router(router)
    handle_errors(app)
    if prefix := prefix_of(settings.root_path):
        check_prefix(prefix, _paths([app.router, *guarded, *others]))
    app.add_middleware(Guard, settings=settings, seals=seals, verify=verify)
    if settings.cors_origins:
        app.add_middleware(CORSMiddleware, **cors_options(settings))
    if prefix:
        app.add_middleware(Prefix, prefix=prefix)
    app.add_middleware(AccessLog)  # the outermost
    return app


def _paths(routers: Iterable[APIRouter]) -> list[str]:
    return [str(route.path) for router in routers for route in router.routes if hasattr(route, "path")]


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


@cache
def _version() -> str:
    try:
        return version("reelwright")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "0"
