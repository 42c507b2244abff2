from typing import Any

import pytest

from shared.errors import StoreError
from shared.records.documents import Record
from shared.reports.record_reporter import RecordReporter
from shared.runs.report import Report
from tests.shared.reports.made import after
from tests.shared.runs.test_report import QUOTA, STOPPED, Ad


class Listener:
    def __init__(self) -> None:
        self.heard: list[Report] = []

    def publish(self, report: Report) -> None:
        self.heard.append(report)


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def ad() -> Ad:
    return Ad()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def reporter(ad: Ad, listener: Listener, clock: Clock) -> RecordReporter:
    return RecordReporter(ad.creation, ad.pipeline, ad.request, listener, clock=clock)


def heard(listener: Listener) -> list[tuple[str, str, int, int]]:
    return [(each.stage, each.status, each.progress, each.overall) for each in listener.heard]


def test_each_step_of_a_record_is_told_with_the_run_s_progress(
    ad: Ad, reporter: RecordReporter, listener: Listener
) -> None:
    ad.finish("script_gen")
    for record in (
        ad.record("voice_gen", 11),
        ad.record("voice_gen", 11, progress=0.5, message="scene 2", heartbeat_at=after(15)),
        ad.record("voice_gen", 11, 20),
    ):
        reporter(record)
    assert heard(listener) == [
        ("voice_gen", "processing", 0, 25),
        ("voice_gen", "processing", 50, 32),
        ("voice_gen", "completed", 100, 40),
    ]
    assert [each.at for each in listener.heard] == [after(11), after(15), after(20)]
    assert listener.heard[1].message == "scene 2"
    assert listener.heard[-1].details["product_name"] == "Premium Watch"


def test_what_is_told_live_is_what_latecomers_are_told(
    ad: Ad, reporter: RecordReporter, listener: Listener
) -> None:
    for facts in ({}, {"ended_s": 9.0}):
        reporter(ad.record("script_gen", 1, **facts))
    assert listener.heard == ad.reports()[1:]


def test_a_heartbeat_without_news_is_not_told(ad: Ad, reporter: RecordReporter, listener: Listener) -> None:
    for second in (1, 6, 11):
        reporter(ad.record("script_gen", 1, heartbeat_at=after(second)))
    assert len(listener.heard) == 1


def test_the_others_are_read_at_most_once_a_second(
    ad: Ad, reporter: RecordReporter, listener: Listener, clock: Clock
) -> None:
    ad.finish("script_gen")
    reporter(ad.record("voice_gen", 11))
    video = ad.record("video_gen", 11, progress=0.5)
    reporter(ad.record("voice_gen", 11, progress=0.2))
    clock.s = 1.0
    reporter(ad.record("voice_gen", 11, progress=0.2))
    assert [each.overall for each in listener.heard] == [25, 28, 43]
    assert video.progress == 0.5


def test_a_store_that_fails_leaves_what_was_known(
    ad: Ad, reporter: RecordReporter, listener: Listener, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ad.finish("script_gen")
    reporter(ad.record("voice_gen", 11))
    record = ad.record("voice_gen", 11, progress=1.0)

    def refuse(*_: Any) -> Any:
        raise StoreError("read", "stages/video_gen.json", "it is away")

    monkeypatch.setattr(type(ad.creation.store), "read", refuse)
    clock.s = 5.0
    reporter(record)
    assert heard(listener)[-1] == ("voice_gen", "processing", 100, 40)


def failed(ad: Ad, **facts: Any) -> Record:
    return ad.record("voice_gen", 11, 20, status="failed", progress=0.5, **facts)


def test_a_failure_is_told_with_times_and_why(ad: Ad, reporter: RecordReporter, listener: Listener) -> None:
    reporter(failed(ad, error=QUOTA))
    (report,) = listener.heard
    assert (report.status, report.message) == ("failed", "elevenlabs: quota exceeded")
    assert (report.started_at, report.completed_at) == (after(11), after(20))


def test_a_failure_that_is_tried_again_is_none_yet(
    ad: Ad, reporter: RecordReporter, listener: Listener
) -> None:
    reporter(failed(ad, error=QUOTA, final=False))
    (report,) = listener.heard
    assert (report.status, report.completed_at) == ("processing", None)


def test_a_stage_that_was_stopped_for_another_s_failure_has_not_failed(
    ad: Ad, reporter: RecordReporter, listener: Listener
) -> None:
    ad.record("video_gen", 11, 19, status="failed", error=QUOTA)
    reporter(failed(ad, error=STOPPED))
    assert listener.heard[-1].status == "pending"


def test_records_of_an_earlier_run_count_for_nothing() -> None:
    ad, listener = Ad(run=2), Listener()
    ad.record("script_gen", 1, 9, run=1)
    ad.record("video_gen", 1, 9, run=1)
    reporter = RecordReporter(ad.creation, ad.pipeline, ad.request, listener)
    reporter(ad.record("script_gen", 11))
    assert listener.heard[0].overall == 0


def test_reading_the_others_is_not_counted_as_the_stage_s_traffic(ad: Ad, reporter: RecordReporter) -> None:
    ad.finish("script_gen")
    before = ad.creation.traffic.bytes_in
    reporter(ad.record("voice_gen", 11))
    assert ad.creation.traffic.bytes_in == before
