"""From `POST /assist` to the film: the real job on Code Engine's stand-in, a broker, the real consumer."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codeengine.apply import main as apply
from codeengine.client import open_client
from codeengine.platform import CodeEnginePlatform
from jobs.presenter import PIPELINE_FILE
from jobs.presenter.messages.broker import Place
from jobs.presenter.messages.kafka import KafkaBroker, client_settings
from shared.api.app import create_app
from shared.pipelines.definition import load_pipeline
from shared.reports.composing import trigger_of
from shared.settings import Settings
from shared.storage import open_store
from tests.emulators.code_engine import API_KEY, CodeEngine
from tests.emulators.kafka import KafkaCluster
from tests.support.client import TestClient, local_client
from tests.support.patience import until
from tests.support.toys import ROOT

TALK = {"avatarId": "Ada", "text": "# Hi\n\nA very short talk.", "size": "320x180", "frame_rate": 24}
PIPELINE = load_pipeline(PIPELINE_FILE)


class Cloud:
    """A Code Engine project with the job, a broker, a store, and the server before them."""

    def __init__(self, folder: Path, engine: CodeEngine, kafka: KafkaCluster) -> None:
        self.engine = engine
        self.environ = {
            "STORE_URL": folder.as_uri(),
            "KAFKA_BROKERS": kafka.brokers,
            "SKILLS_PROVIDER": "embedded",
            "SPEECH_PROVIDER": "espeak",
            "PYTHONWARNINGS": "ignore",
        }
        engine.secrets = {
            "orchestrate-service-config": self.environ,
            "reelwright-cos": {},
            "reelwright-kafka": {},
            "orch-creds": {"apikey": "an-orchestrate-key"},
        }
        self.broker = KafkaBroker(client_settings(Settings(kafka_brokers=kafka.brokers)))
        platform = CodeEnginePlatform(open_client(engine.settings()), job_prefix="reelwright")
        pipelines = {"presenter": PIPELINE}
        self.trigger = trigger_of(
            Settings(), open_store(self.environ["STORE_URL"]), platform, pipelines, None
        )
        self.client: TestClient = local_client(create_app(self.trigger, settings=Settings()))

    def post(self, body: Any = None) -> Any:
        answer = self.client.post("/assist", json=body or TALK)
        assert answer.status_code == 202
        return answer.json()

    def status(self, posted: Any) -> Any:
        return self.client.get(posted["statusUrl"]).json()

    def sent(self, job_id: str) -> bool:
        place = self.broker.place("videoJob", job_id)
        return self.broker.find(Place(topic="videoJob", partition=place.partition, end=0), job_id) is not None

    def consume(self) -> int:
        command = [sys.executable, "-m", "jobs.presenter.consume", "--wait-s", "30"]
        done = subprocess.run(command, env={**os.environ, **self.environ}, cwd=ROOT, check=False)
        return done.returncode


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    programs = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with (
        KafkaCluster("videoJob", "videoJob.dead") as kafka,
        CodeEngine(lambda image: [image], environ=programs, grace_s=0.5) as engine,
    ):
        file = (ROOT / "codeengine/orchestrate-service.yaml").read_text().replace("latest", "abc1234")
        monkeypatch.setattr(sys, "stdin", io.StringIO(file))
        made = Cloud(tmp_path, engine, kafka)
        environ = {"CE_PROJECT_ID": engine.settings().ce_project_id, "IBMCLOUD_API_KEY": API_KEY}
        environ |= {"CODE_ENGINE_URL": engine.url, "IBM_IAM_URL": engine.url}
        assert apply(["-f", "-"], {key: str(value) for key, value in environ.items()}) == 0
        with made.client:
            yield made


def test_a_posted_talk_is_composed_on_code_engine_and_rendered_by_a_consumer(cloud: Cloud) -> None:
    job = cloud.engine.jobs["orchestrate-service"]
    assert (job["scale_max_execution_time"], job["scale_retry_limit"]) == (300, 2)
    posted = cloud.post()
    assert cloud.status(posted)["status"] == "pending"
    until(lambda: "waits on videoJob" in cloud.status(posted)["message"])
    (run,) = cloud.engine.runs.values()
    assert run.environments[0, 0]["ORCH_APIKEY"] == "an-orchestrate-key"
    assert cloud.consume() == 0
    found = cloud.status(posted)
    assert (found["status"], found["creation_id"]) == ("completed", posted["jobId"])
    assert cloud.client.get(posted["videoUrl"]).status_code == 200


@pytest.mark.logs_errors
def test_a_talk_that_is_killed_each_time_has_failed_with_the_reason(cloud: Cloud) -> None:
    cloud.engine.strike("oom")
    posted = cloud.post({**TALK, "text": "word " * 3000})
    until(lambda: cloud.trigger.sweep() and cloud.status(posted)["status"] == "failed")
    assert "memory" in cloud.status(posted)["error"]
    assert not cloud.sent(posted["jobId"])


def test_a_talk_that_is_killed_once_is_composed_by_the_next_attempt(cloud: Cloud) -> None:
    cloud.engine.strike("killed", attempts=1)
    posted = cloud.post({**TALK, "text": "A short sentence of some words. " * 400})
    until(lambda: cloud.sent(posted["jobId"]))
    (run,) = cloud.engine.runs.values()  # more than Code Engine takes: it goes through the store
    assert json.loads(run.environments[0, 0]["INPUT_PAYLOAD"]) == {"jobId": posted["jobId"]}
    assert cloud.status(posted)["status"] == "pending"
