from typing import Any

import pytest

from shared.records.documents import GivenUp, Request, load
from shared.reports.metrics import Metrics, error_type
from shared.runs.listeners import Listeners
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.storage.memory import MemoryStore
from tests.jobs.ad.http.ads import fail, finish, start
from tests.support.api import AD, STORY, NotingPlatform


def samples(metrics: Metrics) -> dict[str, float]:
    """By name and labels, as Prometheus's text format has them."""
    lines = metrics.exposition(0).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics({"story": STORY, "ad": AD})


@pytest.fixture
def trigger(store: MemoryStore, metrics: Metrics) -> Trigger:
    return Trigger(
        store, NotingPlatform(), {"story": STORY, "ad": AD}, listeners=Listeners(on_end=[metrics.run_ended])
    )


def test_a_completed_run_is_counted_with_its_stages_and_spending(trigger: Trigger, metrics: Metrics) -> None:
    finish(trigger, start(trigger))
    found = samples(metrics)
    assert found['pipeline_duration_seconds_count{outcome="completed",pipeline="ad"}'] == 1
    for stage in AD.stages:
        labels = f'{{outcome="completed",pipeline="ad",stage="{stage}"}}'
        assert found[f"stage_duration_seconds_count{labels}"] == 1
    labels = '{outcome="completed",pipeline="ad",stage="script_gen"}'
    assert found[f"stage_duration_seconds_sum{labels}"] == 9
    assert found['provider_spend_usd_total{component="claude"}'] == pytest.approx(0.1)
    assert found['pipeline_errors_total{error_type="other"}'] == 0


def test_a_run_that_is_told_again_counts_once(trigger: Trigger, metrics: Metrics) -> None:
    creation = start(trigger)
    status = finish(trigger, creation)
    assert metrics.run_ended(creation, status.request, status)
    trigger.start("ad", "job-123")
    status = finish(trigger, creation)
    assert samples(metrics)['pipeline_duration_seconds_count{outcome="completed",pipeline="ad"}'] == 2


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        ("script_gen", "script_generation"),
        ("voice_gen", "asset_generation"),
        ("video_gen", "asset_generation"),
        ("cta_gen", "asset_generation"),
        ("compositing", "video_composition"),
    ],
)
def test_a_failure_is_counted_by_the_part_of_the_work(
    trigger: Trigger, metrics: Metrics, stage: str, kind: str
) -> None:
    creation = start(trigger)
    before = list(AD.stages)[: list(AD.stages).index(stage)]
    if before:
        finish(trigger, creation, *before)
    fail(creation, stage, "no")
    trigger.advance("job-123")  # stops what has not begun, which then looks as if it had died
    found = samples(metrics)
    assert found[f'pipeline_errors_total{{error_type="{kind}"}}'] == 1
    assert found[f'stage_duration_seconds_count{{outcome="failed",pipeline="ad",stage="{stage}"}}'] == 1


def status_after(trigger: Trigger, change: dict[str, Any]) -> RunStatus:
    creation = start(trigger)
    request, _ = load(creation, "request.json", Request)
    assert request
    changed = request.model_copy(update=change)
    creation.write("request.json", changed.to_bytes())
    return trigger.status("job-123")


def test_a_run_that_took_too_long_is_counted_as_such(trigger: Trigger) -> None:
    given_up = GivenUp(kind="time_limit", message="however that is said")
    assert error_type(AD, status_after(trigger, {"given_up": given_up})) == "time_limit"


def test_a_cancelled_run_is_counted_as_such(trigger: Trigger, metrics: Metrics) -> None:
    start(trigger)
    trigger.cancel("job-123")
    assert samples(metrics)['pipeline_errors_total{error_type="cancelled"}'] == 1


def test_no_number_is_of_one_job(trigger: Trigger, metrics: Metrics) -> None:
    finish(trigger, start(trigger, "a-job-of-mine"))
    assert b"a-job-of-mine" not in metrics.exposition(3)


def test_each_server_counts_for_itself(metrics: Metrics) -> None:
    metrics.webhook_tried("delivered")
    assert samples(metrics)['webhooks_total{outcome="delivered"}'] == 1
    assert samples(Metrics({}))['webhooks_total{outcome="delivered"}'] == 0
