"""The command line of a container: arguments in, exit code out."""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any

from shared.errors import BadRequest, InvalidSettings, OutOfTime, ReelwrightError, StageFailed, Stopped
from shared.logs import log, set_up_logs
from shared.pipelines.definition import Pipeline, load_pipeline
from shared.platforms.task import read_task
from shared.records.creation import Creation, canonical_json
from shared.records.documents import Record
from shared.settings import Settings, read_settings
from shared.stages.stage import Stage
from shared.storage import open_store
from shared.worker.alone import refresh_manifest
from shared.worker.box import run_task

if TYPE_CHECKING:
    from shared.reports.sink import Audience

DONE, FAILED, BAD_REQUEST = 0, 1, 2


def stage_main(
    stage: Stage,
    pipeline_file: Path,
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Run one stage as its container does: `python -m jobs.<pipeline>.<stage> <creation_id>`."""
    environ = os.environ if environ is None else environ
    parser = argparse.ArgumentParser(
        prog=f"python -m jobs.{stage.pipeline}.{stage.name}",
        description=f"The {stage.name} stage of the {stage.pipeline} pipeline, for one creation.",
    )
    parser.add_argument(
        "creation_id", help="what to work on; its assets lie at <STORE_URL>/<creation_id>/assets/"
    )
    parser.add_argument(
        "--plan",
        type=Path,
        metavar="FOLDER",
        help="write <FOLDER>/<stage>.json, [0, 1, ..., n-1], for each stage with n tasks that fans out over "
        "this one, for the workflow engine that chains the stages",
    )
    asked = parser.parse_args(arguments)

    def work(settings: Settings) -> int:
        store = open_store(settings.store_url, settings)
        store.check()
        pipeline = load_pipeline(pipeline_file)
        creation, task = Creation(store, asked.creation_id), read_task(environ)
        try:
            with publishing(settings, [pipeline]) as publisher:
                record = run_task(stage, pipeline, creation, task, settings, publisher=publisher)
        finally:
            if not task.managed:
                refresh_manifest(creation, pipeline, settings)
        if asked.plan:
            if record.status != "success":
                raise StageFailed(stage.name, "another process works on it, so its plan is unknown")
            _write_plan(asked.plan, pipeline, stage.name, record)
        outputs = {label: output.key for label, output in record.outputs.items()}
        sys.stdout.write(canonical_json(outputs).decode())
        return DONE

    return guarded(work, environ, about={"job_id": asked.creation_id})


@contextmanager
def publishing(settings: Settings, pipelines: Iterable[Pipeline]) -> Iterator["Audience | None"]:
    """The audience for reports of these pipelines' runs; None when none of them is reported."""
    if not any(pipeline.reported for pipeline in pipelines):
        yield None
        return
    from shared.reports.publisher import open_publisher

    publisher = open_publisher(settings)
    try:
        yield publisher
    finally:
        publisher.close()


def _write_plan(folder: Path, pipeline: Pipeline, done: str, record: Record) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, definition in pipeline.stages.items():
        if definition.fan_out and definition.fan_out.over.split(".")[0] == done:
            tasks = pipeline.tasks_of(name, {done: record.metadata})
            (folder / f"{name}.json").write_text(json.dumps(list(range(tasks))))


def guarded(
    work: Callable[[Settings], int],
    environ: Mapping[str, str],
    *,
    about: Mapping[str, Any] = MappingProxyType({}),
) -> int:
    """Do `work` with the settings, logs and signals of a container; the one place that catches errors.

    `about` is added to every line of the log.
    """
    set_up_logs(level="info", log_format="text" if environ.get("LOG_FORMAT") == "text" else "auto")
    try:
        settings = read_settings(environ)
        _set_up_logs(settings, about)
        before = signal.signal(signal.SIGTERM, _stop)
        try:
            return work(settings)
        finally:
            signal.signal(signal.SIGTERM, before)
    except KeyboardInterrupt:
        return _told(Stopped("Ctrl-C"), FAILED)
    except (BadRequest, OutOfTime) as error:  # a retry can't help with either
        return _told(error, BAD_REQUEST)
    except ReelwrightError as error:
        return _told(error, FAILED)
    except Exception as error:  # noqa: BLE001 - the last resort of a container: report it, exit 1
        log(logging.ERROR, "crashed", _chain(error))
        log(logging.DEBUG, "traceback", "the traceback", exc_info=True)
        return FAILED


def _set_up_logs(settings: Settings, about: Mapping[str, Any]) -> None:
    file = Path(settings.log_file) if settings.log_file else None
    try:
        set_up_logs(level=settings.log_level, log_format=settings.log_format, file=file, about=about)
    except OSError as error:
        reason = f"LOG_FILE={settings.log_file!r}: can't be written ({error.strerror}); name another file"
        raise InvalidSettings(reason) from error


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(signal.Signals(number).name)


def _told(error: ReelwrightError, exit_code: int) -> int:
    log(logging.ERROR, "failed" if exit_code == FAILED else "bad_request", _chain(error))
    return exit_code


def _chain(error: BaseException) -> str:
    """The error and what caused it, most recent first."""
    texts: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        known = isinstance(cause, ReelwrightError)
        texts.append(str(cause) if known else f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__
    return "\n  because of ".join(texts)
