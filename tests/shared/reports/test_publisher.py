import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from shared.database.place import database_url
from shared.reports.publisher import Publisher, open_publisher
from shared.runs.report import Report
from shared.settings import Settings
from tests.shared.reports.made import Said, report
from tests.support.patience import until


class Wall:
    """A sink that keeps what it is told, while it works."""

    def __init__(self, name: str = "the wall") -> None:
        self.name = name
        self.told: list[Report] = []
        self.tries = 0
        self.fault: Exception | None = None
        self.open = threading.Event()
        self.open.set()
        self.threads: set[threading.Thread] = set()
        self.closed = 0

    def publish(self, report: Report) -> None:
        self.threads.add(threading.current_thread())
        self.tries += 1
        self.open.wait(20)
        if self.fault:
            raise self.fault
        self.told.append(report)

    def close(self) -> None:
        self.closed += 1

    @property
    def progress(self) -> list[tuple[str, int]]:
        return [(each.stage, each.progress) for each in self.told]


class Picky(Wall):
    def publish(self, report: Report) -> None:
        if report.stage == "poison":
            raise ValueError("never")
        super().publish(report)


def test_reports_reach_every_sink_in_order_each_in_one_thread_of_its_own() -> None:
    walls = Wall("a"), Wall("b")
    publisher = Publisher(walls, log=Said())
    for progress in range(50):
        publisher.publish(report(progress=progress))
    publisher.close()
    for wall in walls:
        assert [each.progress for each in wall.told] == list(range(50))
        assert len(wall.threads) == 1
        assert wall.closed == 1
    assert walls[0].threads.isdisjoint(walls[1].threads)


def test_nobody_waits_for_a_sink_that_hangs() -> None:
    hung, quick = Wall("hung"), Wall("quick")
    hung.open.clear()
    publisher = Publisher((hung, quick), log=Said())
    for progress in (1, 2, 3):
        publisher.publish(report(progress=progress))
    until(lambda: len(quick.told) == 3)
    assert hung.told == []
    hung.open.set()
    publisher.close()
    assert [each.progress for each in hung.told] == [1, 2, 3]


def test_closing_does_not_wait_for_ever_and_says_what_was_not_told() -> None:
    hung, said = Wall("the wall"), Said()
    hung.open.clear()
    publisher = Publisher([hung], log=said)
    publisher.publish(report())
    publisher.close(timeout_s=0.01)
    assert len(said.of("reports_unsaid")) == 1
    assert "the wall" in said.of("reports_unsaid")[0]
    hung.open.set()
    until(lambda: hung.closed)


def test_an_outage_is_one_warning_and_the_newest_of_each_stage_comes_after_it() -> None:
    wall, other, said = Wall(), Wall("other"), Said()
    publisher = Publisher((wall, other), log=said, pause_s=0.2)
    publisher.publish(report("script_gen", 100))
    until(lambda: wall.told)
    wall.fault = ConnectionError("no wall")
    publisher.publish(report("voice_gen", 0))
    until(lambda: said.of("reports_unsaid"))
    for stage, progress in (("voice_gen", 10), ("video_gen", 0), ("voice_gen", 20), ("video_gen", 30)):
        publisher.publish(report(stage, progress))
    publisher.publish(report("voice_gen", 70, job_id="job-124"))
    until(lambda: wall.tries >= 3)
    wall.fault = None
    until(lambda: len(wall.told) == 4)
    publisher.publish(report("voice_gen", 40))
    publisher.close()
    assert sorted(wall.progress[1:4]) == [("video_gen", 30), ("voice_gen", 20), ("voice_gen", 70)]
    assert wall.progress[4] == ("voice_gen", 40)
    assert len(other.told) == 8
    assert len(said.of("reports_unsaid")) == len(said.of("reports_said_again")) == 1


def test_a_second_outage_is_a_second_warning() -> None:
    wall, said = Wall(), Said()
    publisher = Publisher([wall], log=said, pause_s=0.01)
    for outage in (1, 2):
        wall.fault = ConnectionError("no wall")
        publisher.publish(report(progress=outage))
        until(partial(said.has, outage, "reports_unsaid"))
        wall.fault = None
        until(partial(said.has, outage, "reports_said_again"))
    publisher.close()


def test_a_report_that_a_sink_will_never_take_holds_up_no_other() -> None:
    wall = Picky()
    publisher = Publisher([wall], log=Said(), pause_s=0.01)
    publisher.publish(report("poison"))
    publisher.publish(report("voice_gen"))
    until(lambda: wall.told)
    publisher.close()
    assert [each.stage for each in wall.told] == ["voice_gen"]


def test_what_waits_out_an_outage_is_tried_once_more_on_closing() -> None:
    wall, said = Wall(), Said()
    wall.fault = ConnectionError("no wall")
    publisher = Publisher([wall], log=said)
    publisher.publish(report(progress=10))
    until(lambda: said.of("reports_unsaid"))
    publisher.publish(report(progress=100))
    wall.fault = None
    publisher.close()
    assert wall.progress == [("script_gen", 100)]


def test_a_sink_that_still_fails_on_closing_is_given_up_without_another_word() -> None:
    wall, said = Wall(), Said()
    wall.fault = ConnectionError("no wall")
    publisher = Publisher([wall], log=said)
    for stage in ("a", "b", "c"):
        publisher.publish(report(stage))
    until(lambda: said.of("reports_unsaid"))
    publisher.close()
    assert wall.told == []
    assert wall.tries <= 3
    assert wall.closed == 1
    assert len(said.of("reports_unsaid")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "can't connect to redis://:hunter2@example.org:6379/0",
        "postgresql+psycopg://ad:hunter2@db/ad is not there",
        "connection failed: user=ad password=hunter2 host=db\nmore hunter2",
    ],
)
def test_a_warning_names_the_sink_and_the_cause_and_no_password(text: str) -> None:
    wall, said = Wall(), Said()
    wall.fault = ConnectionError(text)
    publisher = Publisher([wall], log=said)
    publisher.publish(report())
    publisher.close()
    (warning,) = said.of("reports_unsaid")
    assert "hunter2" not in warning
    assert "the wall" in warning
    assert "ConnectionError" in warning


def test_every_report_is_one_line_of_the_log() -> None:
    said = Said()
    publisher = Publisher(log=said)
    publisher.publish(report(progress=40))
    publisher.close()
    assert said.lines == [("progress", "Analyzing product image...")]
    assert said.data[0].items() >= {
        "job_id": "job-123", "stage": "script_gen", "progress": 40, "overall": 10
    }.items()  # fmt: skip


def test_after_closing_only_the_log_is_told() -> None:
    wall, said = Wall(), Said()
    publisher = Publisher([wall], log=said)
    publisher.publish(report())
    publisher.close()
    publisher.publish(report())
    publisher.close()
    assert len(wall.told) == 1
    assert len(said.lines) == 2


_FORKING = """
import os, sys
from shared.reports.publisher import Publisher
from tests.shared.reports.made import Said, report
class File:
    name = "the file"
    def publish(self, report):
        os.write(1, f"{report.stage}\\n".encode())
    def close(self): ...
publisher = Publisher([File()], log=Said())
publisher.publish(report("parent"))
child = os.fork()
publisher.publish(report("later" if child else "child"))
publisher.close()
if child:
    os.waitpid(child, 0)
"""


def test_a_forked_process_tells_with_threads_of_its_own() -> None:
    command = [sys.executable, "-W", "ignore", "-c", _FORKING]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert sorted(done.stdout.split()) == ["child", "later", "parent"]


def test_opening_loads_no_client_and_connects_to_nothing() -> None:
    code = (
        "import sys; from shared.reports.publisher import open_publisher as open_;"
        "from shared.settings import Settings;"
        "open_(Settings(redis_url='redis://127.0.0.1:1', database_url='sqlite:////nowhere/x.db')).close();"
        "print([name for name in ('redis', 'sqlalchemy', 'alembic') if name in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_settings_say_who_is_told(tmp_path: Path) -> None:
    def names(**facts: str) -> list[str]:
        return [sink.name for sink in open_publisher(Settings(**facts))._sinks]  # type: ignore[arg-type]

    assert names(store_url="memory://x") == []
    assert names(store_url="memory://x", redis_url="redis://h") == ["Redis"]
    assert names(store_url=f"file://{tmp_path}/creations") == ["the database"]
    assert names(redis_url="redis://h", database_url="sqlite:///x.db") == ["Redis", "the database"]


def test_a_store_on_disk_has_its_database_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert database_url(Settings()) == f"sqlite:///{tmp_path}/creations.db"
    assert (
        database_url(Settings(store_url=f"file://{tmp_path}/my%20films/"))
        == f"sqlite:///{tmp_path}/my films.db"
    )
    assert (
        database_url(Settings(store_url=f"file://{tmp_path}/yet/to/be"))
        == f"sqlite:///{tmp_path}/yet/to/be.db"
    )
    assert database_url(Settings(store_url="gs://bucket")) is None
    assert database_url(Settings(database_url="sqlite:///other.db")) == "sqlite:///other.db"


def test_a_store_beside_which_nothing_can_be_put_has_its_database_inside(tmp_path: Path) -> None:
    assert database_url(Settings(store_url="file:///creations-x")) == (
        "sqlite:////creations-x/.reelwright/jobs.db"
    )
    inside = tmp_path / "films/.reelwright/jobs.db"
    inside.parent.mkdir(parents=True)
    inside.touch()  # by one who could not write to the folder above
    assert database_url(Settings(store_url=f"file://{tmp_path}/films")) == f"sqlite:///{inside}"
    (tmp_path / "films.db").touch()
    assert database_url(Settings(store_url=f"file://{tmp_path}/films")) == f"sqlite:///{tmp_path}/films.db"


def test_in_a_folder_that_this_user_cannot_write_the_database_is_inside_the_store(tmp_path: Path) -> None:
    (tmp_path / "closed/films").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o555)
    code = (
        "import os, sys; from shared.database.place import database_url; import shared.storage.file;"
        "from shared.settings import Settings; os.getuid() or os.setuid(10001);"
        "print(database_url(Settings(store_url=f'file://{sys.argv[1]}')))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "closed/films")]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"sqlite:///{tmp_path}/closed/films/.reelwright/jobs.db"
