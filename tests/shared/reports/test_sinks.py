"""Every sink, on the real thing: told, down from the start, dying in the middle, coming back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from shared.database.sink import DatabaseSink
from shared.reports.publisher import Publisher
from shared.reports.redis_channel import RedisChannel, connect
from shared.reports.sink import Sink
from shared.runs.report import Report
from tests.shared.reports.made import Said, after, report
from tests.support.patience import until
from tests.support.servers import PostgresServer, RedisServer


class Place(Protocol):
    """Somewhere to tell, that a test can break and mend."""

    @property
    def sink(self) -> Sink: ...

    def told(self) -> tuple[str, int] | None:
        """The stage and the progress that were told of last; the place must work."""

    def break_(self) -> None: ...

    def mend(self) -> None: ...


class RedisPlace:
    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self.sink = RedisChannel(server.url)

    def told(self) -> tuple[str, int] | None:
        import json

        with connect(self._server.url) as client:
            found = client.hget("job:job-123", "last")
        message = json.loads(str(found)) if found else None
        return (message["stage"], message["progress"]) if message else None

    def break_(self) -> None:
        self._server.kill()

    def mend(self) -> None:
        self._server.start()


class DatabasePlace:
    def __init__(self, url: str) -> None:
        self._url = url
        self.sink = DatabaseSink(url)

    def told(self) -> tuple[str, int] | None:
        from sqlalchemy import inspect, text

        from shared.database.session import make_engine

        engine = make_engine(self._url)
        try:
            if not inspect(engine).has_table("stages"):
                return None
            with engine.connect() as connection:
                query = "SELECT stage_name, progress FROM stages ORDER BY updated_at DESC"
                row = connection.execute(text(query)).first()
            return (row[0], row[1]) if row else None
        finally:
            engine.dispose()


class SqlitePlace(DatabasePlace):
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "db"
        super().__init__(f"sqlite:///{self._folder}/jobs.db")

    def break_(self) -> None:
        """The folder is gone, and a file lies in its place."""
        if self._folder.exists():
            self._folder.rename(self._folder.with_name("away"))
        self._folder.write_text("in the way")
        if isinstance(self.sink, DatabaseSink):
            self.sink.close()  # an open file goes on to work after it was moved away

    def mend(self) -> None:
        self._folder.unlink()
        away = self._folder.with_name("away")
        if away.exists():
            away.rename(self._folder)


class PostgresPlace(DatabasePlace):
    def __init__(self, server: PostgresServer) -> None:
        super().__init__(server.url)
        self._server = server

    def break_(self) -> None:
        self._server.kill()

    def mend(self) -> None:
        self._server.start()


@pytest.fixture(params=["redis", "sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "redis":
        return RedisPlace(request.getfixturevalue("redis_server"))
    if request.param == "sqlite":
        return SqlitePlace(tmp_path)
    return PostgresPlace(request.getfixturevalue("postgres_server"))


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def publisher(place: Place, said: Said) -> Iterator[Publisher]:
    publisher = Publisher([place.sink], log=said, pause_s=0.05)
    yield publisher
    publisher.close()


def steps() -> Iterator[Report]:
    for second in range(0, 100, 10):
        yield report(progress=second, at=after(second))


def test_what_was_told_last_is_there(place: Place, publisher: Publisher, said: Said) -> None:
    for step in steps():
        publisher.publish(step)
    publisher.close()
    assert place.told() == ("script_gen", 90)
    assert said.of("reports_unsaid") == []


def test_one_that_is_down_from_the_start_is_one_warning_and_told_the_newest_when_it_comes(
    place: Place, publisher: Publisher, said: Said
) -> None:
    place.break_()
    for step in steps():
        publisher.publish(step)
    until(lambda: said.of("reports_unsaid"))
    publisher.publish(report(progress=95, at=after(95)))
    place.mend()
    until(lambda: said.of("reports_said_again"))
    assert place.told() == ("script_gen", 95)
    assert len(said.of("reports_unsaid")) == 1


def test_one_that_dies_in_the_middle_is_one_warning_and_told_the_newest_when_it_is_back(
    place: Place, publisher: Publisher, said: Said
) -> None:
    publisher.publish(report(progress=10, at=after(10)))
    until(lambda: place.told() == ("script_gen", 10))
    place.break_()
    for step in steps():
        publisher.publish(step)
    until(lambda: said.of("reports_unsaid"))
    publisher.publish(report(progress=95, at=after(95)))
    place.mend()
    until(lambda: said.of("reports_said_again"))
    publisher.close()
    assert place.told() == ("script_gen", 95)
    assert len(said.of("reports_unsaid")) == 1
