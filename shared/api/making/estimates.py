"""What a run would cost at paid providers, told before it is asked for."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from shared.api.http.body import read_parameters
from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.context import WithCreation, WithSettings, WithTrigger, installed
from shared.pipelines.definition import named

router = APIRouter(tags=["making"], responses=RESPONSES)

_ESTIMATING: Final[dict[int | str, dict[str, Any]]] = {
    413: {"model": Problem, "description": "The options are too large."},
    415: {"model": Problem, "description": "The options are not JSON, or are compressed."},
    501: {"model": Problem, "description": "This server lacks the providers that it is to use."},
}


class EstimateBody(BaseModel):
    """US dollars at list prices. What was bought before, for any creation, is free and yet counted here."""

    model_config = ConfigDict(frozen=True)

    usd: dict[str, float] = Field(
        description="By component, with who provides it; empty where nothing is paid for.",
        examples=[{"narration (elevenlabs)": 0.12}],
    )
    total_usd: float


@router.post("/me/creation/{creation_id:path}/estimate", responses=_ESTIMATING)
def estimate(
    creation: WithCreation,
    trigger: WithTrigger,
    settings: WithSettings,
    parameters: Annotated[dict[str, Any], Depends(read_parameters)],
    pipeline: Annotated[str, Query(max_length=100, description="Whose film it is to become.")],
) -> EstimateBody:
    """The price of a run with these options, of what is there so far. Nothing is asked of a provider."""
    found = installed(trigger, pipeline)
    if found.estimate is None:
        return EstimateBody(usd={}, total_usd=0)
    try:
        usd = named(found.estimate)(creation, parameters, settings)
    except ImportError as error:
        raise HTTPException(501, f"no price can be told on this server: {error}") from error
    return EstimateBody(usd=usd, total_usd=round(sum(usd.values()), 6))
