"""A brief that was sent becomes a creation, under an ID that nobody else has.

The ID is claimed first, by `claims/posted.json`, which is written only where there is none. Of several who
post one ID at once, one gets it. A claim whose run was never asked for, since the server died in between, may
be taken over after a minute, so that posting again finishes it; a server that only failed gives its claim up
at once. While a job is deleted its claim says so, and nobody gets the ID until it is gone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pydantic import ValidationError

from shared.api.http.problems import plain
from shared.brief import Brief, Product, check_music, check_product, write_brief
from shared.errors import BadRequest, ObjectNotFound, PreconditionFailed, StoreError
from shared.records.creation import Creation, canonical_json, check_creation_id
from shared.records.documents import utc_now
from shared.records.names import POSTED
from shared.records.removal import REMOVED
from shared.runs.trigger import Trigger
from shared.storage import ABSENT
from shared.validation import noting

_TAKEN_OVER_AFTER: Final = timedelta(minutes=1)
_HELD: Final = canonical_json({"state": "held"})
_GIVEN_UP: Final = canonical_json({"state": "given up"})
_MOST_NAME_CHARS: Final = 60


class AlreadyPosted(Exception):
    """The ID belongs to another job; holds a sentence with the remedy."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """What came with a brief, looked through."""

    picture: Product | None = None
    music: Path | None = None
    problems: tuple[str, ...] = ()


def look_through(files: Mapping[str, Path]) -> Files:
    """Maybe a `product_image`, which is decoded, and `music`; the names of the files mean nothing."""
    problems: list[str] = []
    picture, music = files.get("product_image"), files.get("music")
    product = None
    with noting(problems):
        product = check_product(picture, name="product_image") if picture else None
    with noting(problems):
        if music:
            check_music(music, name="music:")
    return Files(picture=product, music=music, problems=tuple(problems))


def post(trigger: Trigger, pipeline: str, fields: Mapping[str, Any], files: Files) -> str:
    """Make the creation, start its run and return its ID.

    `fields` are a brief's and maybe `job_id`. Raises `BadRequest` naming every field that won't do,
    `AlreadyPosted` for an ID that is in use.
    """
    problems: list[str] = []
    given = dict(fields)
    asked_id = given.pop("job_id", None)
    with noting(problems):
        job_id = _job_id(asked_id)
    with noting(problems):
        brief = _brief(given)
    problems += files.problems
    if problems:
        raise BadRequest(*problems)
    creation = Creation(trigger.store, job_id)
    with _claimed(creation):
        write_brief(creation, brief, picture=files.picture, music=files.music)
        trigger.start(pipeline, job_id)
    return job_id


def _job_id(job_id: object) -> str:
    if job_id is None or job_id == "":
        return str(uuid4())
    if not isinstance(job_id, str) or "/" in job_id:
        raise BadRequest("job_id: must be a text without slashes; leave it out and one is made")
    try:
        return check_creation_id(job_id)
    except BadRequest as error:
        raise BadRequest(*(f"job_id: {problem}" for problem in error.problems)) from error


def _brief(fields: Mapping[str, Any]) -> Brief:
    try:
        return Brief.model_validate(fields)
    except ValidationError as error:
        named = [(".".join(map(str, each["loc"])), each) for each in error.errors(include_url=False)]
        found = [(name[:_MOST_NAME_CHARS], each) for name, each in named]
        raise BadRequest(*(f"{name}: {_remedy(name, each)}" for name, each in found)) from error


def _remedy(name: str, problem: Mapping[str, Any]) -> str:
    if problem["type"] == "extra_forbidden":
        if name in ("product_image", "music"):
            return "is a file; send the form as multipart/form-data"
        return f"is not known here; leave it out or use one of {', '.join([*Brief.model_fields, 'job_id'])}"
    if problem["type"] == "missing":
        return "is missing; send it"
    return plain(problem["msg"])


@contextmanager
def _claimed(creation: Creation) -> Iterator[None]:
    """Hold the ID; it is given up if what is done with it fails before there is a run."""
    generation = _claim(creation)
    try:
        yield
    except BaseException:
        with suppress(StoreError):  # then it can be taken over in a minute
            if not creation.has_request():
                creation.write(POSTED, _GIVEN_UP, expect=generation)
        raise


def _claim(creation: Creation) -> str:
    """The claim's generation; raises `AlreadyPosted`."""
    try:
        state, found = creation.read(POSTED)
    except ObjectNotFound:
        state, found = b"", None
    if state == REMOVED:
        raise AlreadyPosted(
            f"job_id: {creation.creation_id!r} is being deleted; use another, or if that broke off, delete "
            "it again first"
        )
    if creation.has_request() or (found is None and creation.has_assets()):
        raise AlreadyPosted(
            f"job_id: {creation.creation_id!r} exists already; use another, or leave it out and one is made"
        )
    if found and state != _GIVEN_UP and utc_now() - found.modified_at < _TAKEN_OVER_AFTER:
        raise _posted_now(creation)
    try:
        return creation.write(POSTED, _HELD, expect=found.generation if found else ABSENT).generation
    except PreconditionFailed as error:
        raise _posted_now(creation) from error


def _posted_now(creation: Creation) -> AlreadyPosted:
    return AlreadyPosted(
        f"job_id: {creation.creation_id!r} is being posted by someone else; use another, or if that broke "
        "off, post it again in a minute"
    )
