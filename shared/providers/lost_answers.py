"""Asking for what costs money: where an answer may have been lost, it is looked for before asking again.

What is about to be asked for is noted in the store first. A stage that finds such a note and no result, since
the one before it was killed, looks for what that asking has led to.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import AliasChoices, AwareDatetime, BaseModel, Field, ValidationError

from shared.errors import ProviderFailed
from shared.logs import log
from shared.providers.account import Account
from shared.providers.http import AnswerLost
from shared.records.documents import utc_now

_Answer = TypeVar("_Answer")


class _Note(BaseModel):
    asked_at: AwareDatetime = Field(validation_alias=AliasChoices("asked_at", "at"))
    """`at`, in seconds, in older notes of voices."""


def asked_for(
    account: Account,
    note: str,
    facts: Mapping[str, Any],
    *,
    send: Callable[[], _Answer],
    look: Callable[[datetime, Mapping[str, Any]], _Answer | None],
    tries: int,
) -> tuple[_Answer, datetime]:
    """What `send` was answered, or `look` found, and when that was asked for.

    `note` is the name of the note, below `_paid/`, and holds `facts` too; the caller forgets it once the
    result is kept. `send` raises `AnswerLost` when nobody knows if it was done; `look` gets the time since
    when it may have been, and what the note says. Raises what `send` raises, the last `AnswerLost` after so
    many `tries`.
    """
    noted = account.recall(note) or {}
    before = _asked_at(noted)
    found = look(before, noted) if before else None
    if before and found is not None:
        return found, before
    now = utc_now()
    since = before or now
    account.remember(note, {**facts, "asked_at": since.isoformat()})
    for left in reversed(range(tries)):
        try:
            return send(), now
        except AnswerLost as error:
            log(logging.WARNING, "answer_lost", f"{error}; looking if it was done")
            found = look(since, facts)
            if found is not None:
                return found, now
            if not left:
                raise
        except ProviderFailed:
            if left == tries - 1:
                account.forget(note)  # nothing was asked for
            raise
    raise AssertionError("the last try returns or raises")


def _asked_at(noted: Mapping[str, Any]) -> datetime | None:
    try:
        return _Note.model_validate(noted).asked_at
    except ValidationError:
        return None
