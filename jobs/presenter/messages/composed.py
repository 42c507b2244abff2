"""What was composed before a run was asked for: the run takes it from the message and composes nothing.

So a container that renders needs no key of those that compose, and shows what they made.
"""

from jobs.presenter.messages.outbox import Outbox
from jobs.presenter.messages.request import Asked, read_asked
from jobs.presenter.messages.video_job import InvalidMessage, VideoJob, read_message
from jobs.presenter.talk import Talk, TalkOptions
from shared.records.creation import Creation
from shared.records.names import ASSETS


def asked_by(job: VideoJob) -> Asked:
    """What the sender of a message asked for; where it has no text, its script is one.

    Raises `BadRequest` for options that no talk can have.
    """
    own = {"schema_version", "job_id", "script", "slides"}
    given = job.model_dump(exclude=own, exclude_unset=True)
    if (job.avatar or "").startswith(ASSETS):  # it names a picture, not a person
        del given["avatar"]
    return read_asked({"text": job.script, **given}, strict=False)


def message_of(creation: Creation, talk: Talk) -> VideoJob | None:
    """The message that asked for this talk.

    None if there is none, none that this version can read, or if what is said was changed since.
    """
    value = Outbox(creation).message()
    if value is None or talk.deck:
        return None
    try:
        job = read_message(value)
    except InvalidMessage:
        return None
    asked = asked_by(job)
    return job if _words(asked.text, asked.options) == _words(talk.text, talk.options) else None


def _words(text: str | None, options: TalkOptions) -> tuple[str | None, str | None, str]:
    """Of a talk's input what its script and slides are made of."""
    return text, options.language, options.name
