"""Run by Alembic: on the connection that `upgrade` passes, or on the environment's database."""

import os

from alembic import context
from sqlalchemy import Connection

from shared.database.models import Base
from shared.database.place import database_url
from shared.database.session import make_engine
from shared.errors import InvalidSettings
from shared.settings import read_settings


def run(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"  # SQLite can alter a table only by copying it
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=is_sqlite)
    with context.begin_transaction():
        context.run_migrations()


def run_on_environment() -> None:
    url = database_url(read_settings(os.environ))
    if url is None:
        raise InvalidSettings("DATABASE_URL: unset; name the database to migrate")
    engine = make_engine(url)
    with engine.begin() as connection:
        run(connection)
    engine.dispose()


handed_over = context.config.attributes.get("connection")
if handed_over is None:
    run_on_environment()
else:
    run(handed_over)
