import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from shared.database import migrate
from shared.database.migrate import HEAD, upgrade
from shared.database.models import Base
from shared.database.session import make_engine, open_engine
from shared.errors import InvalidSettings

ROOT = Path(__file__).parents[3]


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """With tables made by migrations."""
    engine = open_engine(url)
    yield engine
    engine.dispose()


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_seed_s_columns_are_there(engine: Engine) -> None:
    columns = {table: {c["name"] for c in inspect(engine).get_columns(table)} for table in ("jobs", "stages")}
    assert columns["jobs"] >= {
        *("id", "status", "product_name", "style", "cta_text", "video_url", "error_message"),
        *("created_at", "updated_at"),
    }
    assert columns["stages"] >= {
        *("id", "job_id", "stage_name", "status", "progress", "started_at", "completed_at"),
    }


def test_the_latest_revision_is_the_one_that_the_code_expects() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert scripts.get_heads() == [HEAD]


def test_tables_that_are_up_to_date_need_no_alembic(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "alembic", None)
    upgrade(engine)


def test_a_migration_that_fails_leaves_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr("alembic.op.create_index", fail)
    engine = make_engine(url)
    with pytest.raises(RuntimeError):
        upgrade(engine)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_tables_of_a_newer_version_are_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InvalidSettings, match="9999"):
        upgrade(engine)


def test_going_back_leaves_nothing(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]


def at_once(count: int, work: Callable[[], None]) -> None:
    """`work` in so many threads that all begin together; raises what one of them raised."""
    errors: list[BaseException] = []
    start = threading.Barrier(count)

    def guarded() -> None:
        try:
            start.wait(10)
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def test_threads_that_come_to_an_empty_database_at_once_all_find_its_tables(url: str) -> None:
    def come() -> None:
        engine = make_engine(url)
        try:
            upgrade(engine)
            with engine.connect() as connection:
                assert connection.scalar(text("SELECT count(*) FROM stages")) == 0
        finally:
            engine.dispose()

    at_once(6, come)


_PROCESSES = """
import os, sys
import alembic.command
from shared.database.migrate import upgrade
from shared.database.session import make_engine, open_engine
children = []
for _ in range(6):
    child = os.fork()
    if not child:
        try:
            upgrade(make_engine(sys.argv[1]))
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    children.append(child)
sys.exit(sum(os.waitpid(child, 0)[1] for child in children))
"""


def test_processes_that_come_to_an_empty_database_at_once_make_its_tables_once(url: str) -> None:
    command: list[Any] = [sys.executable, "-W", "ignore", "-c", _PROCESSES, url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    engine = make_engine(url)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [HEAD]
    engine.dispose()


def test_developers_can_ask_alembic_itself(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command
    from alembic.config import Config

    monkeypatch.setenv("DATABASE_URL", url)
    config = Config(str(Path(migrate.__file__).parent / "alembic.ini"))
    command.upgrade(config, "head")
    command.check(config)
