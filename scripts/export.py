"""`reelwright export`: deployment files, written from `jobs/*/pipeline.yaml`."""

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from scripts.exports.text import MARK, to_text
from scripts.platforms import EXPORTS, PIPELINE_EXPORTS, Pipelines
from shared.errors import BadRequest, UnknownName
from shared.validation import problems_of


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How a folder differs from what the pipelines would write; paths are relative to it."""

    stale: list[str] = field(default_factory=list)
    """Missing, or with different contents."""
    left_over: list[str] = field(default_factory=list)
    """Written for a job that no longer exists."""

    def __bool__(self) -> bool:
        return bool(self.stale or self.left_over)


def render(target: str, pipelines: Pipelines, said: Mapping[str, object]) -> dict[str, str]:
    """The files' texts by path; raises `BadRequest` for an unknown target or an option it doesn't have."""
    if target not in EXPORTS:
        raise UnknownName("platform to export to", target, [*EXPORTS, *PIPELINE_EXPORTS])
    try:
        documents = EXPORTS[target].manifests(pipelines, said)
    except ValidationError as error:
        raise BadRequest(f"can't export {target}: {problems_of(error)}") from None
    return {path: to_text(target, parts) for path, parts in documents.items()}


def compare(files: Mapping[str, str], folder: Path) -> Difference:
    """What `write` would change."""
    stale = [path for path, text in files.items() if _text_of(folder / path) != text]
    places = {Path(path).parent for path in files}
    there = [path for place in places for path in (folder / place).glob("*.yaml") if _is_ours(path)]
    names = {path.relative_to(folder).as_posix() for path in there}
    return Difference(stale=stale, left_over=sorted(names - set(files)))


def write(files: Mapping[str, str], folder: Path) -> Difference:
    """Write what differs, delete what is left over, and return both."""
    changed = compare(files, folder)
    for path in changed.stale:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(files[path], encoding="utf-8")
    for path in changed.left_over:
        (folder / path).unlink()
    return changed


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _is_ours(path: Path) -> bool:
    return (_text_of(path) or "").startswith(MARK)


def export(target: str, said: Mapping[str, object], folder: Path, *, check: bool) -> bool:
    """Write the files, or with `check` only compare; returns False if a check found differences.

    Lists on stdout the files that changed or would change.
    """
    from rich.console import Console

    from jobs.catalogue import pipelines
    from scripts.report import print_next

    if target in PIPELINE_EXPORTS:
        raise BadRequest(f"name the pipeline too: export {target} <pipeline>")
    files = render(target, pipelines(), said)
    found = compare(files, folder) if check else write(files, folder)
    sys.stdout.writelines(f"{path}\n" for path in [*found.stale, *found.left_over])
    console = Console(stderr=True)
    if check and found:
        console.print(f"{len(found.stale)} stale, {len(found.left_over)} left over", highlight=False)
        print_next(console, [f"reelwright export {target}"])
    elif not check:
        unchanged = len(files) - len(found.stale)
        console.print(f"{len(found.stale)} written, {unchanged} unchanged", highlight=False)
        print_next(console, [EXPORTS[target].next.format(folder=shlex.quote(str(folder)))])
    return not (check and found)


def export_pipeline(target: str, name: str, said: Mapping[str, object], folder: Path, *, check: bool) -> bool:
    """Write one pipeline's files, or with `check` only compare; returns False if a check found
    differences."""
    from rich.console import Console

    from jobs.catalogue import pipelines
    from scripts.report import print_next
    from shared.blueprints.folders import write_folder

    known = pipelines()
    if target not in PIPELINE_EXPORTS:
        raise BadRequest(f"export {target} writes all pipelines: leave {name!r} out")
    if name not in known:
        raise UnknownName("pipeline", name, list(known))
    kind = PIPELINE_EXPORTS[target]
    place = folder / kind.home / name
    try:
        files = kind.files(known[name], said, place)
    except ValidationError as error:
        raise BadRequest(f"can't export {target}: {problems_of(error)}") from None
    stale = [path for path, text in files.items() if _text_of(place / path) != text]
    there = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    left_over = sorted(there - set(files))
    sys.stdout.writelines(f"{kind.home}/{name}/{path}\n" for path in [*stale, *left_over])
    if check:
        return not (stale or left_over)
    write_folder(files, place, overwrite=True)
    print_next(Console(stderr=True), [kind.next.format(folder=shlex.quote(str(place)))])
    return True
