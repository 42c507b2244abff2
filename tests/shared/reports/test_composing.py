"""A trigger that is put together from settings heeds all that they say of it."""

import pytest

from shared.errors import OutOfTime
from shared.pipelines.definition import FUSED, FusedDefinition
from shared.reports.composing import trigger_of
from shared.reports.metrics import Metrics
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.toys import FakePlatform, fill, toys

TOYS = {"toys": toys().model_copy(update={"fused": FusedDefinition(job="toy-box", most_assets=10)})}


class Here(FakePlatform):
    is_here = True


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    fill(store)
    return store


@pytest.mark.parametrize(
    ("fused", "kind", "launched"),
    [
        ("auto", FakePlatform, FUSED),
        ("auto", Here, "first"),
        ("always", Here, FUSED),
        ("never", FakePlatform, "first"),
    ],
)
def test_short_work_is_fused_where_containers_have_to_start(
    store: MemoryStore, fused: str, kind: type[FakePlatform], launched: str
) -> None:
    platform = kind("running")
    trigger_of(Settings(fused=fused), store, platform, TOYS, None).start("toys", "toy")
    assert [order.stage for order in platform.orders] == [launched]


def test_a_platform_that_sees_a_stage_end_advances_the_run(store: MemoryStore) -> None:
    platform = FakePlatform("ended", reason="out of memory")
    trigger = trigger_of(Settings(fused="never"), store, platform, TOYS, None)
    trigger.start("toys", "toy")
    platform.on_end("toy")
    status = trigger.status("toy")
    assert status.status == "failed"
    assert "out of memory" in status.error


def test_a_run_takes_no_longer_than_the_settings_allow_and_its_end_is_counted(store: MemoryStore) -> None:
    metrics = Metrics(TOYS)
    settings = Settings(job_timeout_s=1e-6)
    trigger = trigger_of(settings, store, FakePlatform("running"), TOYS, None, metrics=metrics)
    trigger.start("toys", "toy")
    assert trigger.advance("toy").status == "failed"
    assert str(OutOfTime("toys", 1e-6)) in trigger.status("toy").error
    assert b'"failed"' in metrics.exposition(None)
