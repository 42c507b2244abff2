"""Makes a creation from a posted brief, under an unused ID."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pydantic import ValidationError

from jobs.ad.brief import Brief, Product, check_music, check_product, write_brief
from shared.api.http.problems import plain
from shared.api.routes.claiming import claimed
from shared.errors import BadRequest
from shared.records.creation import Creation, check_creation_id
from shared.runs.trigger import Trigger
from shared.validation import noting

_MOST_NAME_CHARS: Final = 60


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files that came with a brief, after a check."""

    picture: Product | None = None
    music: Path | None = None
    problems: tuple[str, ...] = ()


def look_through(files: Mapping[str, Path]) -> Files:
    """Check an optional `product_image`, which is decoded, and `music`; the files' names are ignored."""
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

    `fields` are those of a brief and an optional `job_id`. Raises `BadRequest` naming every invalid field,
    `AlreadyPosted` if the ID is in use.
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
    with claimed(creation):
        write_brief(creation, brief, picture=files.picture, music=files.music)
        trigger.start(pipeline, job_id)
    return job_id


def _job_id(job_id: object) -> str:
    if job_id is None or job_id == "":
        return str(uuid4())
    if not isinstance(job_id, str) or "/" in job_id:
        raise BadRequest("job_id: must be text without slashes; leave it out to get a new one")
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
        return f"is unknown; leave it out or use one of {', '.join([*Brief.model_fields, 'job_id'])}"
    if problem["type"] == "missing":
        return "is missing; send it"
    return plain(problem["msg"])
