"""The tables `jobs` and `stages`: a mirror of the store, for people and programs that use SQL.

    db = next(get_db())
    job = db.query(Job).filter(Job.id == "job-123").first()

No decision depends on them, so they may be deleted: `rebuild` restores them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from shared.database.models import Base, Job, Stage
    from shared.database.session import get_db, session_for

__all__ = ["Base", "Job", "Stage", "get_db", "session_for"]
_HOMES: Final = {
    "Base": "models",
    "Job": "models",
    "Stage": "models",
    "get_db": "session",
    "session_for": "session",
}


def __getattr__(name: str) -> Any:
    """Imports names on first use: finding the database's place needs no SQLAlchemy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
