"""Brings the tables up to date; the first process that needs them does it."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, MetaData, String, Table, inspect, select
from sqlalchemy.schema import Column

from shared.database.models import REPORTED, Job
from shared.errors import InvalidSettings

HEAD: Final = "0001"
"""The latest revision in `migrations/versions/`."""
_LOCK: Final = 0x7265656C
"""The lock for changing tables in PostgreSQL; any number that other programs don't use."""
_VERSION: Final = Table("alembic_version", MetaData(), Column("version_num", String(32)))


def upgrade(engine: Engine) -> None:
    """Bring all tables to the code's version. Safe at once in any number of processes.

    Raises `InvalidSettings` for tables of a newer version.
    """
    with engine.connect() as connection:
        if _revision(connection) == HEAD and not _missing(connection):
            return
    with engine.connect() as connection:
        _lock(connection)
        if _revision(connection) != HEAD:
            _migrate(connection)
        _add_missing(connection)
        connection.commit()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(select(_VERSION.c.version_num))


def _missing(connection: Connection) -> list[str]:
    """Columns for reported fields of pipelines that were not installed when the table was made."""
    there = {column["name"] for column in inspect(connection).get_columns(Job.__tablename__)}
    return [field for field in REPORTED if field not in there]


def _add_missing(connection: Connection) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    for field in _missing(connection):
        operations.add_column(Job.__tablename__, Column(field, String, nullable=True))


def _lock(connection: Connection) -> None:
    """Held until the transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    scripts = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise InvalidSettings(
            f"DATABASE_URL: its tables can't be brought to revision {HEAD} ({error}); they may be of a newer "
            "version: update this one, or name another database and run `reelwright db rebuild`"
        ) from error
