"""The tables' columns."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import DateTime, Dialect, ForeignKey, Index, String, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.errors import BadRequest
from shared.pipelines.installed import installed_pipelines
from shared.records.documents import utc_now


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC, also in databases without time zones (SQLite). Naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy's own way to declare it


class Job(Base):
    """A creation of a reported pipeline; it also has a text column for each of `REPORTED`, or null."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_created_at", "created_at"),
        Index("ix_jobs_status_created_at", "status", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """The creation ID."""
    pipeline: Mapped[str] = mapped_column(default="")
    run: Mapped[int] = mapped_column(default=0)
    """The latest run that was reported on; 0 before."""
    status: Mapped[str] = mapped_column(default="pending")
    """pending, processing, completed or failed."""
    overall: Mapped[int] = mapped_column(default=0)
    """0 to 100."""
    video_url: Mapped[str | None]
    """The film's place, once there is one: its key in the store, or an address that people entered."""
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """One of `REPORTED`."""


def _reported() -> tuple[str, ...]:
    found = [pipeline.reported for pipeline in installed_pipelines().values() if pipeline.reported]
    fields = dict.fromkeys(field for reported in found for field in reported.fields)
    for field in fields:
        if field in Job.__table__.columns:
            raise BadRequest(f"reported field {field!r} is already a column; give it another name")
    return tuple(fields)


REPORTED: Final = _reported()
"""The brief's fields that installed pipelines report, e.g. a product's name."""
for _field in REPORTED:
    setattr(Job, _field, mapped_column(_field, String, nullable=True))


class Stage(Base):
    """A stage of a job's latest run."""

    __tablename__ = "stages"
    __table_args__ = (UniqueConstraint("job_id", "stage_name", name="uq_stages_job_id_stage_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(
        ForeignKey("jobs.id", name="fk_stages_job_id_jobs", ondelete="CASCADE")
    )
    stage_name: Mapped[str]
    run: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="pending")
    """pending, processing, completed or failed."""
    progress: Mapped[int] = mapped_column(default=0)
    """0 to 100, of the stage."""
    error_message: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    """When it completed or failed."""
    updated_at: Mapped[datetime | None]
    """The time of the last report; None if this run has none of it."""
