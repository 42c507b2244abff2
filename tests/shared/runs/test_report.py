from datetime import datetime
from typing import Any

import pytest

from shared.pipelines.definition import Pipeline
from shared.pipelines.installed import installed_pipelines
from shared.records.creation import Creation, canonical_json
from shared.records.documents import Claim, Failure, OutputFile, Record, Request, save
from shared.runs.observe import observe
from shared.runs.report import ERROR, PIPELINE, Report, film_made, reports_of
from shared.runs.status import RunStatus
from shared.storage.memory import MemoryStore
from tests.shared.reports.made import NOON, after
from tests.support.toys import FakePlatform

QUOTA = Failure(kind="ProviderDenied", message="elevenlabs: quota exceeded", permanent=True)
BUSY = Failure(kind="ProviderBusy", message="elevenlabs: quota of this minute used up", permanent=False)
STOPPED = Failure(kind="Stopped", message="stopped by the failure of another part", permanent=False)


def film_file(key: str) -> OutputFile:
    return OutputFile(key=key, size_bytes=1, content_hash="", description="the film")


class Ad:
    """A run of the ad pipeline, put together by hand."""

    def __init__(self, *, run: int = 1) -> None:
        self.creation = Creation(MemoryStore(), "job-123")
        self.pipeline: Pipeline = installed_pipelines()["ad"]
        self.request = Request(pipeline="ad", run=run, requested_at=NOON, created_at=after(-60))
        brief = {"product_name": "Premium Watch", "style": "luxury", "cta_text": "Shop Now", "variation": 3}
        self.creation.write("assets/ad.json", canonical_json(brief))

    def record(self, stage: str, started_s: float, ended_s: float | None = None, **facts: Any) -> Record:
        run = self.request.run
        claim = Claim(token="t", claimed_at=after(started_s), process="far|away|1|1", execution="fake")
        save(self.creation, f"claims/{run}/{stage}", claim, expect=None)
        values: dict[str, Any] = {
            "pipeline": "ad", "stage": stage, "run": run, "owner": "x", "process": "far|away|1|1",
            "status": "running", "started_at": after(started_s), "heartbeat_at": after(started_s),
        }  # fmt: skip
        if ended_s is not None:
            end = after(ended_s)
            values |= {"status": "success", "progress": 1.0, "heartbeat_at": end, "completed_at": end}
        if stage == "compositing":
            values["outputs"] = {"video": film_file("assets/video.mp4")}
        record = Record(**values | facts)
        save(self.creation, f"stages/{stage}.json", record, expect=None)
        return record

    def status(self, now: datetime = NOON) -> RunStatus:
        return observe(
            self.creation, self.request, self.pipeline, FakePlatform("unknown"), now=now, stale_after_s=60
        )

    def reports(self, now: datetime = NOON) -> list[Report]:
        return reports_of(self.creation, self.pipeline, self.request, self.status(now))

    def finish(self, *stages: str) -> None:
        for number, stage in enumerate(stages):
            self.record(stage, 10 * number, 10 * number + 9)


@pytest.fixture
def ad() -> Ad:
    return Ad()


def brief(reports: list[Report]) -> list[tuple[str, str, int, int]]:
    return [(each.stage, each.status, each.progress, each.overall) for each in reports]


def test_a_run_that_was_asked_for_is_pending_with_all_that_its_brief_says(ad: Ad) -> None:
    (report,) = ad.reports()
    assert (report.stage, report.status, report.overall, report.at) == (PIPELINE, "pending", 0, NOON)
    assert report.details == {
        "product_name": "Premium Watch",
        "style": "luxury",
        "cta_text": "Shop Now",
        "created_at": after(-60),
        "stages": ("script_gen", "voice_gen", "video_gen", "cta_gen", "compositing"),
    }


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'{"style": 7}'])
def test_a_brief_that_can_not_be_read_says_nothing(ad: Ad, data: bytes) -> None:
    ad.creation.write("assets/ad.json", data)
    assert set(ad.reports()[0].details) == {"created_at", "stages"}


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ({"video": "assets/video.mp4"}, "assets/video.mp4"),
        ({"parcel": "assets/video.mp4", "video": "assets/scene.mp4"}, "assets/video.mp4"),
        ({"video": "assets/video.mkv"}, "assets/video.mkv"),
        ({"sound": "assets/voice.mp3"}, None),
    ],
)
def test_the_film_is_found_in_whichever_container_it_is(
    ad: Ad, outputs: dict[str, str], found: str | None
) -> None:
    ad.record("compositing", 1, 2, outputs={label: film_file(key) for label, key in outputs.items()})
    assert film_made(ad.pipeline, ad.status()) == found


def test_parameters_count_more_than_the_brief(ad: Ad) -> None:
    ad.request = ad.request.model_copy(update={"parameters": {"style": "bold"}})
    assert ad.reports()[0].details["style"] == "bold"


def test_a_whole_run_is_told_in_order_and_overall_goes_0_25_75_100(ad: Ad) -> None:
    ad.record("script_gen", 1, 10)
    ad.record("video_gen", 12, 60)
    ad.record("voice_gen", 11, 40)
    ad.record("cta_gen", 13, 20)
    ad.record("compositing", 61, 80)
    reports = ad.reports()
    assert brief(reports) == [
        (PIPELINE, "pending", 0, 0),
        ("script_gen", "processing", 0, 0),
        ("script_gen", "completed", 100, 25),
        ("voice_gen", "processing", 0, 25),
        ("video_gen", "processing", 0, 25),
        ("cta_gen", "processing", 0, 25),
        ("cta_gen", "completed", 100, 30),
        ("voice_gen", "completed", 100, 45),
        ("video_gen", "completed", 100, 75),
        ("compositing", "processing", 0, 75),
        ("compositing", "completed", 100, 100),
        (PIPELINE, "completed", 100, 100),
    ]
    assert [each.at for each in reports] == sorted(each.at for each in reports)
    assert reports[-1].details["video_url"] == "job-123/assets/video.mp4"
    assert (reports[2].started_at, reports[2].completed_at) == (after(1), after(10))


def test_whoever_comes_late_is_told_the_same(ad: Ad) -> None:
    ad.finish("script_gen", "voice_gen")
    ad.record("video_gen", 30, progress=0.5, message="scene 2 of 4", heartbeat_at=after(35))
    early, late = ad.reports(), ad.reports(after(50))
    assert early == late
    assert (late[-1].message, late[-1].progress, late[-1].at) == ("scene 2 of 4", 50, after(35))
    assert late[-1].overall == 25 + 15 + 15


def test_a_stage_that_has_only_begun_is_told_of_once(ad: Ad) -> None:
    ad.record("script_gen", 1)
    assert brief(ad.reports()) == [(PIPELINE, "pending", 0, 0), ("script_gen", "processing", 0, 0)]


def test_a_failed_run_ends_with_the_part_that_failed_and_why(ad: Ad) -> None:
    ad.finish("script_gen")
    ad.record("voice_gen", 11, 20, status="failed", progress=0.5, error=QUOTA)
    *_, stage, end = ad.reports()
    assert (stage.stage, stage.status, stage.progress, stage.message) == (
        "voice_gen", "failed", 50, "elevenlabs: quota exceeded"
    )  # fmt: skip
    assert (stage.started_at, stage.completed_at) == (after(11), after(20))
    assert (end.stage, end.status, end.progress, end.overall) == (ERROR, "failed", 0, 32)
    assert end.message == "Asset generation failed: elevenlabs: quota exceeded"


def test_a_stage_that_was_stopped_for_another_s_failure_waits_and_has_not_failed(ad: Ad) -> None:
    ad.finish("script_gen")
    ad.record("video_gen", 11, 20, status="failed", error=QUOTA)
    ad.record("voice_gen", 11, 22, status="failed", error=STOPPED)
    reports = ad.reports()
    assert {each.stage for each in reports if each.status == "failed"} == {"video_gen", ERROR}
    assert [each.status for each in reports if each.stage == "voice_gen"] == ["processing", "pending"]
    assert (reports[-1].stage, reports[-1].at) == (ERROR, after(22))
    assert "quota" in reports[-1].message


def test_a_cancelled_run_says_so_and_its_stages_failed(ad: Ad) -> None:
    ad.request = ad.request.model_copy(update={"cancelled_at": after(15)})
    ad.record("script_gen", 1, 16, status="failed", error=STOPPED)
    *_, stage, end = ad.reports()
    assert (stage.status, end.stage, end.message) == ("failed", ERROR, "cancelled; run it again to resume")


def test_a_run_out_of_time_says_so(ad: Ad) -> None:
    ad.request = ad.request.model_copy(update={"time_limit_s": 100.0})
    ad.finish("script_gen")
    end = ad.reports(after(101))[-1]
    assert end.stage == ERROR
    assert "100 s" in end.message


def test_an_attempt_that_is_tried_again_has_not_failed(ad: Ad) -> None:
    ad.record("script_gen", 1, 5, status="failed", final=False, error=BUSY)
    last = ad.reports(after(6))[-1]
    assert (last.stage, last.status, last.completed_at) == ("script_gen", "processing", None)
    assert "quota" in last.message


def test_a_stage_that_died_before_it_began_has_failed(ad: Ad) -> None:
    claim = Claim(token="t", claimed_at=NOON, execution="fake", process="far|away|1|1")
    save(ad.creation, "claims/1/script_gen", claim, expect=None)
    begun, stage, end = ad.reports(after(100))[1:]
    assert (begun.status, stage.status, end.stage) == ("processing", "failed", ERROR)
    assert "died" in stage.message
    assert stage.started_at
    assert stage.completed_at


def test_only_the_asked_for_run_is_told_of() -> None:
    ad = Ad(run=2)
    ad.record("script_gen", 1, 5, run=1)
    assert [each.stage for each in ad.reports() if each.status == "completed"] == []
    assert {each.run for each in ad.reports()} == {2}
