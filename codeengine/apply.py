"""`python -m codeengine.apply -f codeengine/jobs/story-render.yaml`: creates or updates Code Engine jobs."""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from codeengine.client import ApiAnswer, Client, open_client, why_refused
from codeengine.job_file import JobFile, read_job_files, size_bytes
from shared.errors import BadRequest, PlatformError
from shared.pipelines.deployed import named_values
from shared.settings import Settings
from shared.worker.entry import DONE, guarded

_TRIES: Final = 4
_NOTHING_SENT: Final = ApiAnswer(status=200)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of a job, done or planned."""

    name: str
    verb: str
    """`created`, `updated` or `unchanged`."""
    dry_run: bool = False
    fields: tuple[str, ...] = ()
    """The differences, one a line; variables without their values, which may be secret."""

    def __str__(self) -> str:
        mark = " (dry run)" if self.dry_run else ""
        return f"job {self.name}: {self.verb}{mark}" + "".join(f"\n  {line}" for line in self.fields)


def apply(
    client: Client, job: JobFile, *, dry_run: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Change:
    """Create or update the project's job from the file. Fields that are not in the file don't change, except
    CPU and memory, which then get Code Engine's defaults.

    After a concurrent change or a lost answer it reads the job again. Raises `PlatformError`.
    """
    sent: Change | None = None
    for attempt in range(_TRIES):
        if attempt:
            sleep(2**attempt / 2)
        change, answer = _apply_once(client, job, dry_run)
        if answer.is_done:
            return sent if sent and change.verb == "unchanged" else change
        if not (answer.may_pass or answer.status in (409, 412)):
            break
        sent = change if answer.is_lost else sent
    raise PlatformError("codeengine", f"apply {job.name}", why_refused(answer, client.project_id))


def _apply_once(client: Client, job: JobFile, dry_run: bool) -> tuple[Change, ApiAnswer]:
    """The change, and the response to its write."""
    body = job.to_body()
    found = client.get_job(job.name)
    if found.status == 404:
        change = Change(name=job.name, verb="created", dry_run=dry_run)
        return change, _NOTHING_SENT if dry_run else client.create_job(body)
    if not found.is_done:
        raise PlatformError("codeengine", f"read {job.name}", why_refused(found, client.project_id))
    changed = {key: value for key, value in body.items() if not _same(key, found.body.get(key), value)}
    if not changed:
        return Change(name=job.name, verb="unchanged", dry_run=dry_run), _NOTHING_SENT
    fields = tuple(_line(key, found.body.get(key), value) for key, value in changed.items())
    change = Change(name=job.name, verb="updated", dry_run=dry_run, fields=fields)
    tag = str(found.body.get("entity_tag", ""))
    return change, _NOTHING_SENT if dry_run else client.update_job(job.name, changed, entity_tag=tag)


def _same(key: str, found: Any, wanted: Any) -> bool:
    if key in ("scale_memory_limit", "scale_ephemeral_storage_limit"):
        return isinstance(found, str) and _size(found) == size_bytes(wanted)
    if key in ("run_env_variables", "run_volume_mounts"):
        return _entries(found) == _entries(wanted)
    return bool(found == wanted)


def _size(size: str) -> int | None:
    return size_bytes(size) if size[-1:] in ("M", "G") else None


def _entries(entries: Any) -> dict[str, dict[str, Any]]:
    """Variables or mounts by their names, without unset fields."""
    plain = [
        {key: value for key, value in entry.items() if value not in (None, "", False)}
        for entry in entries or []
    ]
    return {
        str(entry.get("name") or entry.get("mount_path") or entry.get("reference")): entry for entry in plain
    }


def _line(key: str, found: Any, wanted: Any) -> str:
    if key not in ("run_env_variables", "run_volume_mounts"):
        return f"{key}: {json.dumps(found, ensure_ascii=False)} -> {json.dumps(wanted, ensure_ascii=False)}"
    before, after = _entries(found), _entries(wanted)
    marks = [f"+{name}" for name in after if name not in before]
    marks += [f"-{name}" for name in before if name not in after]
    marks += [f"~{name}" for name in after if name in before and after[name] != before[name]]
    return f"{key}: {' '.join(marks)}"


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Returns 0 for done, 1 for failed, 2 for errors in the files, the flags or the settings."""
    options = _parser().parse_args(arguments)

    def work(settings: Settings) -> int:
        jobs = _read_all(options)
        client = open_client(settings, sleep=sleep)
        failed: list[PlatformError] = []
        for job in jobs:
            try:
                change = apply(client, job, dry_run=options.dry_run, sleep=sleep)
                print(change, flush=True)  # noqa: T201 - the result
            except PlatformError as error:  # no reason to leave the others out
                failed.append(error)
        if failed:
            raise _all_of(failed, len(jobs))
        print(_next(options, jobs), file=sys.stderr)  # noqa: T201 - what to type next
        return DONE

    return guarded(work, os.environ if environ is None else environ)


def _all_of(failed: Sequence[PlatformError], jobs: int) -> PlatformError:
    if len(failed) == 1:
        return failed[0]
    reasons = "".join(f"\n  - {error}" for error in failed)
    return PlatformError("codeengine", f"apply {len(failed)} of {jobs} jobs", reasons)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m codeengine.apply",
        description="Create or update Code Engine jobs, for which ibmcloud has no command.",
    )
    parser.add_argument(
        "-f", "--file", action="append", required=True, metavar="FILE", help="jobs as YAML; - is stdin"
    )
    parser.add_argument("--image", default="", help="the image, instead of the file's (for one job only)")
    parser.add_argument(
        "--image-prefix",
        default="",
        metavar="REGISTRY/NAMESPACE",
        help="how the names of all images start",
    )
    parser.add_argument(
        "--set-env",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable, instead of the file's; may be repeated",
    )
    parser.add_argument("--dry-run", action="store_true", help="only print what would change")
    return parser


def _read_all(options: argparse.Namespace) -> list[JobFile]:
    """The jobs of all files; raises `BadRequest` with the problems of all of them."""
    variables = named_values("--set-env", options.set_env)
    jobs: list[JobFile] = []
    problems: list[str] = []
    for path in options.file:
        try:
            jobs += read_job_files(
                *_text(path), image=options.image, image_prefix=options.image_prefix, variables=variables
            )
        except BadRequest as error:
            problems += error.problems
    twice = sorted(name for name, times in Counter(job.name for job in jobs).items() if times > 1)
    problems += [f"more than one job is called {name}: take all but one out" for name in twice]
    if options.image and len(jobs) > 1:
        problems.append(f"--image {options.image} is meant for one job; for {len(jobs)} use --image-prefix")
    if problems:
        raise BadRequest(*problems)
    return jobs


def _text(path: str) -> tuple[str, str]:
    """The file's text, and its name for messages."""
    try:
        return (sys.stdin.read(), "stdin") if path == "-" else (Path(path).read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(
            f"{path} can't be read: {error}; name a job file, e.g. of codeengine/jobs/"
        ) from error


def _next(options: argparse.Namespace, jobs: Sequence[JobFile]) -> str:
    if options.dry_run:
        return "no job was changed; type the same without --dry-run to do it"
    return f"next: ibmcloud ce jobrun submit --job {jobs[-1].name} --argument <creation ID>"


if __name__ == "__main__":
    sys.exit(main())
