"""Makes jobs of films on this machine: their folders, settings and logs, and what people put in.

With a store in a folder, a job has all files of the dated tree (`shared.job_manager`); with a bucket it has
its `job.env` and `job_info.json` there, and no files here.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from jobs.subtitles.job.input import film_names
from jobs.subtitles.job.names import FILM_STEM, OPTIONS, SCRIPT, SIDECAR
from jobs.subtitles.job.options import checked_options, options_in_file
from shared.accepted import FILM_TYPES, SOUND_TYPES
from shared.errors import BadRequest
from shared.job_manager import BASE_ENV, JobManager, create_stored_job
from shared.records.creation import Creation, canonical_json
from shared.records.dated import find_job, load_job_info
from shared.records.job_env import parse_variables
from shared.records.names import ASSETS, MANIFEST
from shared.settings import Settings, read_settings
from shared.storage import ObjectStore, open_store

CONFIG: Final = Path("config") / BASE_ENV
LOGS: Final = Path("logs")
_LONGEST_NAME: Final = 400
_TEMPLATE: Final = """# Settings of new jobs: each gets a copy, .env.job_<id>.
# `reelwright settings` lists what else may stand here.
USER_ID=1
LOG_LEVEL=info
# WHISPER_MODEL=large-v3
# SRC_LANG=en
# TGT_LANG=de
# PROFILE=netflix
# TMDB_API_KEY=
"""


@dataclass(frozen=True, kw_only=True)
class Files:
    """What people put in."""

    film: Path | None = None
    of: str | None = None
    """The creation whose film is taken instead."""
    script: Path | None = None
    facts: Path | None = None


@dataclass(frozen=True, kw_only=True)
class MadeJob:
    """A job, and its files on this machine, if it has any."""

    job_id: str
    creation_id: str
    manager: JobManager | None = None

    @contextmanager
    def at_work(self) -> Iterator[Path | None]:
        """While the block runs, stages started here read the job's settings; yields the file of its log.

        Afterwards the job's settings remain as `job.env`; after an error also in `config/`, for its stages.
        """
        if self.manager is None:
            yield None
            return
        before = os.environ.get("CONFIG_PATH")
        os.environ["CONFIG_PATH"] = str(self.manager.get_job_env_path().absolute())
        try:
            now = datetime.now().astimezone()
            yield self.manager.get_job_log_dir() / f"orchestrator_{now:%Y%m%d_%H%M%S}.log"
            self.manager.cleanup_job_env()
        finally:
            if before is None:
                del os.environ["CONFIG_PATH"]
            else:
                os.environ["CONFIG_PATH"] = before


def make_job(settings: Settings, user: int | None, config: Path | None) -> MadeJob:
    """A new job with the settings in `config` (`config/.env`, written if there is none).

    Without a `user` it is that of the settings, else 1. Raises `BadRequest` for settings that can't be read.
    """
    store = open_store(settings.store_url, settings)
    store.check()
    base = _base(config)
    variables = _variables_of(base)
    read_settings({**variables, **os.environ})  # must not raise: the stages read these
    number = user if user is not None else _user_in(variables, base)
    manager = _manager(settings, store, base)
    if manager is None:
        job = create_stored_job(store, number, variables)
        return MadeJob(job_id=job.job_id, creation_id=job.creation_id)
    manager.create_job(number, base)
    return MadeJob(job_id=manager.job.job_id, creation_id=manager.job.creation_id, manager=manager)


def reopen_job(settings: Settings, name: str, config: Path | None) -> MadeJob:
    """The job of a job ID or a creation ID; raises `BadRequest` if there is none."""
    store = open_store(settings.store_url, settings)
    job = find_job(store, name)
    if load_job_info(Creation(store, job.creation_id)) is None:
        raise BadRequest(f"no job {name!r} in {store.url}; name it by its ID, e.g. 20251030-001")
    base = _base(config)
    manager = _manager(settings, store, base)
    if manager:
        manager.resume_job(name, base)
    return MadeJob(job_id=job.job_id, creation_id=job.creation_id, manager=manager)


def put(creation: Creation, files: Files, options: Mapping[str, Any]) -> None:
    """Make these files and options the job's; options that are not named keep their values."""
    if files.film:
        name = f"{ASSETS}{FILM_STEM}{files.film.suffix.lower()}"
        creation.bring(files.film, name)
        for other in film_names(creation):
            if other != name:
                creation.delete(other)
    for path, name in ((files.script, SCRIPT), (files.facts, SIDECAR)):
        if path:
            creation.bring(path, name)
    named = {"file": _shown(files.film)} if files.film else {}
    given = checked_options({**options_in_file(creation), **named, **options})
    creation.bring_bytes(canonical_json(given.model_dump(mode="json", exclude_unset=True)), OPTIONS)


def check_files(files: Files) -> None:
    """Raise `BadRequest` naming each file that is missing or no film."""
    given = {"film": files.film, "script": files.script, "facts": files.facts}
    problems = [
        f"{path}: is a folder; name the {what} in it"
        if path.is_dir()
        else f"{path}: no such file, or none that you may read; name the {what}"
        for what, path in given.items()
        if path and not (os.access(path, os.R_OK) and path.is_file())
    ]
    if files.film and files.of:
        problems.append(f"{files.film}: name a film or --of a creation, not both")
    if files.film and files.film.suffix.lower() not in (*FILM_TYPES, *SOUND_TYPES):
        types = " ".join((*FILM_TYPES, *SOUND_TYPES))
        problems.append(f"{files.film}: no film or sound by its name's ending; known are {types}")
    if problems:
        raise BadRequest(*problems)


def summary_of(creation: Creation) -> str:
    """What an earlier run of the job has done; empty if there was none."""
    if creation.stat(MANIFEST) is None:
        return ""
    state = json.loads(creation.read(MANIFEST)[0])["pipeline"]
    done, skipped = state["completed_stages"], state.get("skipped_stages", [])
    return (
        "📋 RESUMING FROM PREVIOUS RUN\n"
        f"   Completed: {', '.join(done) or 'none'}\n"
        f"   Skipped: {', '.join(skipped) or 'none'}"
    )


def _shown(film: Path) -> str:
    """The film's name with its folder's, which the job remembers."""
    name = "/".join(part for part in film.parts[-2:] if part != "/")
    return os.fsencode(name).decode("utf-8", "replace")[-_LONGEST_NAME:]


def _base(config: Path | None) -> Path:
    if config is None and not CONFIG.exists():
        try:
            CONFIG.parent.mkdir(parents=True, exist_ok=True)
            CONFIG.write_text(_TEMPLATE, encoding="utf-8")
        except OSError as error:
            reason = f"can't be written ({error.strerror}); name a file of settings with --config"
            raise BadRequest(f"{CONFIG}: {reason}") from error
    return config or CONFIG


def _variables_of(base: Path) -> dict[str, str]:
    """Those that have a value."""
    try:
        found = parse_variables(base.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = f"can't be read as UTF-8 text ({error}); write NAME=value lines there, or name another file"
        raise BadRequest(f"{base}: {reason}") from error
    return {name: value for name, value in found.items() if value}


def _user_in(variables: Mapping[str, str], base: Path) -> int:
    text = variables.get("USER_ID", "")
    if text and not (text.isascii() and text.isdigit()):
        raise BadRequest(f"{base}: USER_ID={text!r}: use a whole number")
    return int(text or 1)


def _manager(settings: Settings, store: ObjectStore, base: Path) -> JobManager | None:
    """None unless the store is a folder."""
    scheme, _, path = settings.store_url.partition("://")
    if scheme.lower() != "file":
        return None
    return JobManager(base.parent, Path(unquote(path)), LOGS, store=store)
