"""Runs that are over, as the store holds them, and the app over them."""

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.records.creation import Creation
from shared.records.documents import Claim, OutputFile, Record, first_request, save, save_request, utc_now
from shared.records.names import claim_name, record_name
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ABSENT, ObjectStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient, local_client


def app_over(store: ObjectStore, settings: Settings | None = None) -> TestClient:
    """A client of the app over this store; its platform starts nothing."""
    trigger = Trigger(store, NotingPlatform(), pipelines())
    return local_client(create_app(trigger, settings=settings or Settings()))


def finish(creation: Creation, pipeline: str, film: str, *, run: int = 1) -> None:
    """Leave the request, claims and records of a run whose last stage made this film."""
    now, found = utc_now(), pipelines()[pipeline]
    request = first_request(creation, pipeline, now).model_copy(update={"run": run})
    save_request(creation, request, expect=ABSENT)
    info = creation.stat(film)
    assert info
    made = OutputFile(key=film, size_bytes=info.size_bytes, content_hash=info.content_hash, description="it")
    for stage, definition in found.stages.items():
        claim = Claim(token=stage, claimed_at=now, execution="over")
        save(creation, claim_name(run, stage), claim, expect=ABSENT)
        record = Record(
            pipeline=pipeline,
            stage=stage,
            run=run,
            owner="test",
            status="success",
            started_at=now,
            heartbeat_at=now,
            completed_at=now,
            progress=1,
            outputs={"video": made} if stage in found.ends else {},
        )
        save(creation, record_name(stage, 0 if definition.fan_out else None), record, expect=ABSENT)
