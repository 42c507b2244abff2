"""Jobs that are not stages, on this machine: attempts, variables, time limit, and an end with the server."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.pipelines.definition import ExtraJob
from shared.platforms import JobOrder
from shared.platforms.local import LocalPlatform
from shared.platforms.local_jobs import LocalJobs
from shared.platforms.slots import Slots
from tests.support.patience import until
from tests.support.preparing import JOB
from tests.support.toys import filled

TELL = "import json, os, sys; open(sys.argv[1], 'a').write(json.dumps(dict(os.environ)) + '\\n'); "


class Jobs:
    """Runs `code` as the job; it is told the file to write into."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "told"
        self.ends: list[tuple[str, str]] = []
        self.code = "pass"
        self.jobs = LocalJobs(
            "file:///creations",
            Slots(2),
            environ={"OURS": "1"},
            on_end=lambda creation_id, execution: self.ends.append((creation_id, execution)),
            grace_s=0.5,
            sleep=lambda _s: None,
            command=lambda _order: [sys.executable, "-c", TELL + self.code, str(self.file)],
        )

    def start(self, code: str, **limits: int) -> str:
        self.code = code
        facts = {"retries": 2, "time_limit_s": 60} | limits
        job = ExtraJob.model_validate({"module": "fold", "description": "Folds.", **facts})
        order = JobOrder(
            pipeline="toys", job=JOB, definition=job, creation_id="toy", token="ab", environ={"PAPER": "A4"}
        )
        self.jobs.start(order, "local|x|1")
        return "local|x|1"

    def told(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    made = Jobs(tmp_path)
    yield made
    made.jobs.stop()


def test_an_attempt_has_its_variables_and_a_failed_one_is_repeated(jobs: Jobs) -> None:
    execution = jobs.start("sys.exit(1)")
    jobs.jobs.wait()
    told = jobs.told()
    assert [each["JOB_INDEX_RETRY_COUNT"] for each in told] == ["0", "1", "2"]
    assert {each["PAPER"] + each["OURS"] + each["JOB_RETRY_LIMIT"] for each in told} == {"A412"}
    assert told[0]["STORE_URL"] == "file:///creations"
    state = jobs.jobs.state(execution)
    assert state
    assert (state.status, "exit code 1" in state.reason) == ("ended", True)
    assert jobs.ends == [("toy", execution)]
    assert jobs.jobs.release(execution)
    assert jobs.jobs.state(execution) is None


@pytest.mark.parametrize(("code", "attempts"), [("pass", 1), ("sys.exit(2)", 1)])
def test_success_and_a_bad_request_are_not_repeated(jobs: Jobs, code: str, attempts: int) -> None:
    jobs.start(code)
    jobs.jobs.wait()
    assert len(jobs.told()) == attempts


def test_the_time_limit_is_that_of_all_attempts(jobs: Jobs) -> None:
    execution = jobs.start("import time; time.sleep(600)", time_limit_s=1)
    jobs.jobs.wait()
    state = jobs.jobs.state(execution)
    assert state
    assert (len(jobs.told()), state.reason) == (1, "killed by SIGTERM")


def test_a_server_that_ends_ends_its_jobs(jobs: Jobs) -> None:
    execution = jobs.start("import time; time.sleep(600)")
    until(lambda: bool(jobs.told()))
    assert not jobs.jobs.release(execution)
    jobs.jobs.stop()
    state = jobs.jobs.state(execution)
    assert state
    assert (state.status, len(jobs.told())) == ("ended", 1)


@pytest.mark.logs_errors
def test_a_program_that_is_not_there_is_the_reason(jobs: Jobs) -> None:
    jobs.jobs._command = lambda _order: ["/no/such/program"]
    execution = jobs.start("pass")
    jobs.jobs.wait()
    state = jobs.jobs.state(execution)
    assert state
    assert "No such file" in state.reason


def test_the_platform_reports_a_jobs_end_and_waits_for_what_follows(tmp_path: Path) -> None:
    ended = threading.Event()
    on_end: Callable[[str], object] = lambda _creation_id: ended.set()  # noqa: E731 - typed
    platform = LocalPlatform(filled(), on_end=on_end)
    platform._jobs._command = lambda _order: [sys.executable, "-c", "pass"]
    job = ExtraJob(module="fold", description="Folds.")
    order = JobOrder(pipeline="toys", job=JOB, definition=job, creation_id="toy", token="ab", environ={})
    execution = platform.start_job(order)
    platform.wait()
    assert ended.is_set()
    assert platform.state(execution).status == "ended"
    assert platform.release(execution)
