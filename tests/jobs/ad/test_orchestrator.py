"""The orchestrator: the examples that people copy, run as they stand."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis as AsyncClient

from jobs.ad.orchestrator import PipelineOrchestrationError, create_pipeline_orchestrator
from shared.database import Job, Stage
from shared.database.session import session_for
from shared.reports.redis_channel import connect
from shared.settings import Settings
from tests.support.servers import RedisServer, redis_server

__all__ = ["redis_server"]  # a fixture

pytestmark = pytest.mark.filterwarnings("error")


class Redis:
    """Keeps what was published; fails when it is told to."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.messages: list[dict[str, Any]] = []

    def publish(self, channel: str, message: str) -> int:
        if self.broken:
            raise ConnectionError("gone")
        assert channel == "job_progress_updates"
        self.messages.append(json.loads(message))
        return 1


class AsyncRedis(Redis):
    async def publish(self, channel: str, message: str) -> int:  # type: ignore[override]
        return super().publish(channel, message)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store_url=f"file://{tmp_path}/creations", text_provider="claude", heartbeat_s=1)


def execute(settings: Settings, redis: Any = None, db: Any = None, **changes: Any) -> str:
    orchestrator = create_pipeline_orchestrator("job-123", redis, db, settings=settings)
    brief = {"product_name": "Premium Watch", "style": "luxury", "cta_text": "Shop Now", **changes}
    return asyncio.run(orchestrator.execute_pipeline(**brief))


@pytest.mark.logs_errors
def test_proof_and_aspect_ratio_go_into_the_brief(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(PipelineOrchestrationError, match="ANTHROPIC_API_KEY"):
        execute(settings, proof="4.8 stars", aspect_ratio="1:1")
    stored = json.loads((tmp_path / "creations/job-123/assets/ad.json").read_bytes())
    assert (stored["proof"], stored["aspect_ratio"]) == ("4.8 stars", "1:1")


@pytest.mark.logs_errors
@pytest.mark.parametrize("kind", [Redis, AsyncRedis])
def test_a_failure_is_raised_published_and_found_in_the_database(
    settings: Settings, kind: type[Redis]
) -> None:
    redis = kind()
    with session_for(settings) as db:
        with pytest.raises(PipelineOrchestrationError) as caught:
            execute(settings, redis, db)
        assert str(caught.value).startswith("Script generation failed: claude: ANTHROPIC_API_KEY is unset")
        job = db.query(Job).filter(Job.id == "job-123").first()
        assert job is not None
        assert job.status == "failed"
        assert job.error_message is not None
        assert "ANTHROPIC_API_KEY" in job.error_message
        failed_stage = db.query(Stage).filter(Stage.job_id == "job-123", Stage.status == "failed").first()
        assert failed_stage is not None
        assert failed_stage.stage_name == "script_gen"
        assert failed_stage.started_at is not None
        assert failed_stage.completed_at is not None
    last = redis.messages[-1]
    assert (last["job_id"], last["stage"], last["progress"]) == ("job-123", "error", 0)
    assert "ANTHROPIC_API_KEY" in last["message"]
    assert redis.messages[0]["status"] == "pending"


@pytest.mark.logs_errors
def test_with_redis_gone_the_job_is_told_elsewhere_and_there_is_one_warning(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with session_for(settings) as db:
        with pytest.raises(PipelineOrchestrationError):
            execute(settings, Redis(broken=True), db)
        assert db.query(Job).one().status == "failed"
    unsaid = [record for record in caplog.records if getattr(record, "action", "") == "reports_unsaid"]
    assert len(unsaid) == 1


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"style": "cheap"}, "bold, energetic, luxury, minimal"),
        ({"product_name": "x" * 101}, "100"),
        ({"product_image_path": "nowhere.jpg"}, "nowhere.jpg"),
    ],
)
def test_a_brief_that_can_not_be_used_fails_the_job_too(
    settings: Settings, changes: dict[str, Any], said: str
) -> None:
    redis = Redis()
    with session_for(settings) as db:
        with pytest.raises(PipelineOrchestrationError, match="Script generation failed") as caught:
            execute(settings, redis, db, **changes)
        assert said in str(caught.value)
        assert db.query(Job).one().status == "failed"
        assert db.query(Stage).filter(Stage.status == "failed").one().stage_name == "script_gen"
    assert redis.messages[-1]["stage"] == "error"


def test_the_steps_are_logged_with_the_job_they_belong_to(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(PipelineOrchestrationError):
        execute(settings, style="cheap")
    started = next(r for r in caplog.records if getattr(r, "action", "") == "pipeline_execution_started")
    assert started.data["job_id"] == "job-123"  # type: ignore[attr-defined]


@pytest.mark.logs_errors
def test_a_monitor_in_the_same_event_loop_hears_of_the_job_to_its_end(
    settings: Settings, redis_server: RedisServer
) -> None:
    heard: list[dict[str, Any]] = []

    async def monitor_progress(job_id: str, ready: asyncio.Event) -> None:
        async with AsyncClient.from_url(redis_server.url) as client, client.pubsub() as pubsub:
            await pubsub.subscribe("job_progress_updates")
            async for message in pubsub.listen():
                ready.set()
                if message["type"] == "message":
                    data = json.loads(message["data"])
                    if data["job_id"] == job_id:
                        heard.append(data)
                        if data["stage"] == "error":
                            return

    async def both() -> None:
        ready = asyncio.Event()
        monitor = asyncio.create_task(monitor_progress("job-123", ready))
        await ready.wait()
        with connect(redis_server.url) as client:
            orchestrator = create_pipeline_orchestrator("job-123", client, settings=settings)
            with pytest.raises(PipelineOrchestrationError):
                await orchestrator.execute_pipeline("Premium Watch", "luxury", "Shop Now")
        await asyncio.wait_for(monitor, 10)

    asyncio.run(both())
    assert heard[0]["stage"] == "pipeline"
    assert heard[-1]["stage"] == "error"
