"""Ads that nobody makes: a run's records as its stages would leave them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

from jobs.ad.brief import Brief, write_brief
from shared.records.creation import Creation
from shared.records.documents import Cost, OutputFile, Record, Request, load, save
from shared.records.names import record_name
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from tests.support.api import AD

BRIEF: Final = {"product_name": "Premium Watch", "style": "luxury", "cta_text": "Shop Now"}
BEGAN: Final = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
_OUTPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "script_gen": ("assets/script.json",),
    "cta_gen": ("assets/cta.png",),
    "compositing": ("assets/video.mp4", "assets/poster.jpg"),
}


def start(trigger: Trigger, job_id: str = "job-123", **brief: Any) -> Creation:
    """An ad whose run has just been asked for."""
    creation = Creation(trigger.store, job_id)
    write_brief(creation, Brief.model_validate({**BRIEF, **brief}))
    trigger.start("ad", job_id)
    return creation


def leave(creation: Creation, stage: str, status: str, *, at_s: float = 0, **fields: Any) -> None:
    """The stage's record, last written `at_s` after the beginning."""
    request, _ = load(creation, "request.json", Request)
    assert request
    at = BEGAN + timedelta(seconds=at_s)
    outputs = {
        name.rpartition("/")[2].partition(".")[0]: OutputFile(
            key=name, size_bytes=1, content_hash="00", description="made"
        )
        for name in _OUTPUTS.get(stage, ())
    }
    ends: dict[str, Any] = {} if status == "running" else {"completed_at": at}
    if status == "success":
        ends |= {"progress": 1, "outputs": outputs}
    record = Record.model_validate(
        {
            "pipeline": "ad",
            "stage": stage,
            "run": request.run,
            "owner": "test",
            "status": status,
            "started_at": BEGAN + timedelta(seconds=min(at_s, 10 * list(AD.stages).index(stage) + 1)),
            "heartbeat_at": at,
            **ends,
            **fields,
        }
    )
    save(creation, record_name(stage, None), record, expect=None)


def fail(creation: Creation, stage: str, message: str, *, at_s: float = 0) -> None:
    failure = {"kind": "ProviderFailed", "message": message, "permanent": False}
    leave(creation, stage, "failed", at_s=at_s, progress=0.4, error=failure)


def finish(trigger: Trigger, creation: Creation, *stages: str) -> RunStatus:
    """Let stages succeed (all of them when none is named), 10 s each, one after the other."""
    status = trigger.status(creation.creation_id)
    for number, stage in enumerate(stages or AD.stages, 1):
        cost = Cost(cpu_s=1.5, usd={"cloudrun": 0.25}, paid_usd={"claude": 0.02})
        leave(creation, stage, "success", at_s=10 * number, cost=cost)
        status = trigger.advance(creation.creation_id)
    return status


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 50)) -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.new("RGB", size, (200, 180, 90)).save(file, kind)
    return file.getvalue()
