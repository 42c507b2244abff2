"""Requests that cost money: after a lost answer, its result is looked up before the request is repeated.

Each request is noted in the store before it is sent. A stage that finds a note without a result, because the
stage before it was killed, looks up what became of that request.
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
    """The field `at`, in seconds, in older notes of voices."""


def asked_for(
    account: Account,
    note: str,
    facts: Mapping[str, Any],
    *,
    send: Callable[[], _Answer],
    look: Callable[[datetime, Mapping[str, Any]], _Answer | None],
    tries: int,
) -> tuple[_Answer, datetime]:
    """The result that `send` returned, or `look` found, and the time of the request.

    `note` is the name of the note, below `_paid/`, and also holds `facts`; the caller deletes it after it has
    kept the result. `send` raises `AnswerLost` when the outcome is unknown; `look` gets the earliest possible
    time of the request, and the note's facts. Raises the errors of `send`, and the last `AnswerLost` after
    `tries` tries.
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
                account.forget(note)  # no request reached the provider
            raise
    raise AssertionError("the last try returns or raises")


def _asked_at(noted: Mapping[str, Any]) -> datetime | None:
    try:
        return _Note.model_validate(noted).asked_at
    except ValidationError:
        return None
