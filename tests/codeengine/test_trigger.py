"""The real trigger, as a process, between stand-ins for Object Storage and Code Engine."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from codeengine.trigger import main
from shared.records.creation import Creation
from shared.records.documents import Record, save
from shared.records.names import record_name
from shared.settings import read_settings
from shared.storage import open_store
from tests.emulators import s3
from tests.emulators.code_engine import API_KEY, PROJECT, REGION, CodeEngine
from tests.support.served import TOKEN, Served, serving

BY_ATTRIBUTE = {"ce-token": TOKEN}


@dataclass(frozen=True)
class Cloud:
    """A project with jobs, a bucket and a trigger."""

    creation: Creation
    engine: CodeEngine
    trigger: Served

    @property
    def jobs(self) -> list[str]:
        return [body["job_name"] for body in self.engine.bodies]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with s3.serving() as storage, CodeEngine(lambda _image: ["sh", "-c", "exec sleep 60"]) as engine:
        store_url = f"cos://films-{secrets.token_hex(4)}"  # its buckets outlive it
        storage.create_bucket(store_url.removeprefix("cos://"))
        for stage in ("narrate", "render"):
            engine.deploy(f"reelwright-story-{stage}", stage)
        store = s3.environment(storage.url, store_url)
        settings = read_settings(store)
        environ = store | {
            "CE_PROJECT_ID": PROJECT,
            "CE_REGION": REGION,
            "IBMCLOUD_API_KEY": API_KEY,
            "CODE_ENGINE_URL": engine.url,
            "IBM_IAM_URL": engine.url,
        }
        with serving("codeengine.trigger", environ, tmp_path / "log") as trigger:
            yield Cloud(Creation(open_store(store_url, settings), "spring"), engine, trigger)


def narrated(creation: Creation) -> dict[str, Any]:
    """The first stage's record, and what Object Storage tells of it."""
    now = datetime.now(UTC)
    record = Record(
        pipeline="story",
        stage="narrate",
        run=1,
        owner="test",
        status="success",
        started_at=now,
        heartbeat_at=now,
        completed_at=now,
        metadata={"segments": 130},
    )
    save(creation, record_name("narrate", None), record, expect=None)
    key = creation.key(record_name("narrate", None))
    bucket = creation.store.url.removeprefix("cos://")
    return {
        "specversion": "1.0",
        "id": "1c7249c8-0eca-4cfc-8392-ac7d416bc257",
        "source": f"https://cloud.ibm.com/catalog/services/cloud-object-storage/{bucket}",
        "type": "com.ibm.cloud.cos.document.write",
        "subject": key,
        "time": "2026-08-13T11:56:31Z",
        "data": {"bucket": bucket, "endpoint": "", "key": key, "operation": "Object:Write"},
    }


def test_a_record_that_arrives_launches_the_next_job(cloud: Cloud) -> None:
    cloud.trigger.start()
    event = narrated(cloud.creation)
    with pytest.raises(HTTPError) as refused:
        cloud.trigger.notify(event, **{"ce-token": "another"})
    refused.value.close()
    assert refused.value.code == 401
    assert cloud.jobs == ["reelwright-story-narrate"]
    cloud.trigger.notify(event, **BY_ATTRIBUTE)
    assert cloud.jobs == ["reelwright-story-narrate", "reelwright-story-render"]


def test_a_ping_makes_up_for_events_that_got_lost(cloud: Cloud) -> None:
    cloud.trigger.start()
    narrated(cloud.creation)
    ping = {"specversion": "1.0", "id": "2", "source": "/apis/v1/namespaces/p/pingsources/sweep"}
    cloud.trigger.notify(ping | {"type": "dev.knative.sources.ping"}, **BY_ATTRIBUTE)
    assert cloud.jobs == ["reelwright-story-narrate", "reelwright-story-render"]


def test_everything_that_is_missing_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({}) == 2
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    for named in ("API_TOKEN", "STORE_URL", "cos://", "CE_PROJECT_ID", "CE_REGION", "IBMCLOUD_API_KEY"):
        assert line["message"].count(named) == 1
