"""The tables `jobs` and `stages`: a mirror of the store, for people and programs that ask in SQL.

    db = next(get_db())
    job = db.query(Job).filter(Job.id == "job-123").first()

Nothing reads them back to decide anything, so they may be thrown away: `rebuild` restores them.
"""

from shared.database.models import Base, Job, Stage
from shared.database.session import get_db, session_for

__all__ = ["Base", "Job", "Stage", "get_db", "session_for"]
