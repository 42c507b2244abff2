"""`reelwright db`: the database that mirrors the store."""

from rich.console import Console

from scripts.wiring import make_trigger
from shared.settings import Settings


def upgrade(settings: Settings) -> None:
    """Create the tables or bring them up to date; raises `InvalidSettings` if no database is set."""
    from shared.database.session import close_engines, session_for

    session_for(settings).close()
    close_engines()
    Console(stderr=True).print("the tables are up to date")


def rebuild(settings: Settings) -> None:
    """Rebuild the tables from the store; raises `InvalidSettings` if no database is set."""
    from shared.database.rebuild import rebuild as rebuild_tables
    from shared.database.session import close_engines, session_for

    with session_for(settings, patient=True) as session:
        trigger = make_trigger(settings)
        count = rebuild_tables(session, trigger.store, trigger.pipelines, trigger.status)
    close_engines()
    Console(stderr=True).print(f"rebuilt the tables from the store: {count} jobs")
