"""What every route needs: the trigger, the settings and the creation in the path."""

from collections.abc import Iterator
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, HTTPException, Path, Request

from shared.api.creations.index import Index
from shared.api.guard.seals import Seals
from shared.api.routes.removal import Rows
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.removal import demand_kept
from shared.runs.trigger import Trigger
from shared.settings import Settings


async def _trigger(request: Request) -> Trigger:
    trigger = request.app.state.trigger
    assert isinstance(trigger, Trigger)
    return trigger


async def _settings(request: Request) -> Settings:
    settings = request.app.state.settings
    assert isinstance(settings, Settings)
    return settings


async def _index(request: Request) -> Index:
    index = request.app.state.index
    assert isinstance(index, Index)
    return index


async def _rows(request: Request) -> Rows:
    rows = request.app.state.rows
    assert isinstance(rows, Rows)
    return rows


async def _listers(request: Request) -> CapacityLimiter:
    listers = request.app.state.listers
    assert isinstance(listers, CapacityLimiter)
    return listers


async def _decoders(request: Request) -> CapacityLimiter:
    decoders = request.app.state.decoders
    assert isinstance(decoders, CapacityLimiter)
    return decoders


async def _starters(request: Request) -> CapacityLimiter:
    starters = request.app.state.starters
    assert isinstance(starters, CapacityLimiter)
    return starters


async def _seals(request: Request) -> Seals:
    seals = request.app.state.seals
    assert isinstance(seals, Seals)
    return seals


def installed(trigger: Trigger, pipeline: str) -> Pipeline:
    """The pipeline; raises 404 if this server doesn't have it."""
    if pipeline not in trigger.pipelines:
        raise HTTPException(404, f"pipeline {pipeline!r} is not installed on this server")
    return trigger.pipelines[pipeline]


WithTrigger = Annotated[Trigger, Depends(_trigger)]
WithIndex = Annotated[Index, Depends(_index)]
WithRows = Annotated[Rows, Depends(_rows)]
WithListers = Annotated[CapacityLimiter, Depends(_listers)]
"""How many requests may read the whole store at once; the others wait without a thread."""
WithDecoders = Annotated[CapacityLimiter, Depends(_decoders)]
"""How many requests may have files decoded at once; the others wait without a thread."""
WithStarters = Annotated[CapacityLimiter, Depends(_starters)]
"""How many jobs may be started at once, after the answers to their requests; the others wait."""
WithSeals = Annotated[Seals, Depends(_seals)]
"""What signs sessions and links."""
WithSettings = Annotated[Settings, Depends(_settings)]


async def _creation(
    trigger: WithTrigger,
    creation_id: Annotated[
        str,
        Path(
            description="1 to 128 characters: up to 6 segments of letters, digits, `.`, `_` and `-`, "
            "joined by `/`.",
            examples=["2025/10/30/spring"],
        ),
    ],
) -> Creation:
    return Creation(trigger.store, creation_id)


def _changeable(creation: Annotated[Creation, Depends(_creation)], index: WithIndex) -> Iterator[Creation]:
    demand_kept(creation)
    yield creation
    index.touch(creation.creation_id)


WithCreation = Annotated[Creation, Depends(_creation)]
WithChangeable = Annotated[Creation, Depends(_changeable)]
"""The creation, whose assets may be changed: 409 while it is being deleted."""
AssetName = Annotated[str, Path(description="The name below `assets/`.", examples=["1/image.png"])]
