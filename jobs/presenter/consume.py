"""`python -m jobs.presenter.consume`: takes one message from the topic, renders its video here and ends.

This is the container that KEDA starts. The offset is committed once the run has begun: from then on its
records resume it, and a message that is delivered again is found to be a duplicate. The consumer leaves its
group before the rendering, so that neither the poll limit nor a rebalance concerns it, and the next container
gets the next message. First and last it looks for runs that killed containers left unfinished, and continues
them.

With `--keep` it takes the message from a file and only writes it down: the first step of an Argo workflow,
whose other steps render.
"""

import argparse
import base64
import binascii
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.messages.broker import Inbox
from jobs.presenter.messages.composed import asked_by
from jobs.presenter.messages.kafka import KafkaInbox, client_settings
from jobs.presenter.messages.outbox import Outbox
from jobs.presenter.messages.request import write_assets
from jobs.presenter.messages.video_job import VideoJob, read_message
from jobs.presenter.messages.waiting import StoreInbox
from jobs.presenter.talk import OPTIONS_NAME, talk_inputs
from shared.errors import BadRequest, InvalidSettings, RunFailed
from shared.logs import log
from shared.pipelines.definition import Pipeline, load_pipeline
from shared.platforms.local import LocalPlatform
from shared.platforms.pulse import patience_of
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.reports.composing import trigger_of
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore, open_store
from shared.worker.entry import DONE, guarded, publishing

_WAIT_S: Final = 75.0
"""Joining a group takes up to 45 s on some brokers; and a killed container is taken for dead after 60 s."""


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    open_inbox: Callable[[Settings, ObjectStore], Inbox] | None = None,
) -> int:
    """0 done, or nothing to do; 1 failed; 2 for settings that can't be used."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.presenter.consume", description="Render the video of one message, and end."
    )
    parser.add_argument("--wait-s", type=float, default=_WAIT_S, help="how long to wait for a message")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="only write down this message (base64), and render nothing"
    )
    parser.add_argument("creation_id", nargs="?", help="with --keep: whom the message must be for")
    asked = parser.parse_args(arguments)
    if bool(asked.keep) != bool(asked.creation_id):
        parser.error("--keep and a creation ID go together")

    def work(settings: Settings) -> int:
        if settings.platform != "local":
            raise InvalidSettings(
                f"PLATFORM={settings.platform!r}: a consumer renders in its own container; leave it unset"
            )
        store = open_store(settings.store_url, settings)
        store.check()
        pipeline = load_pipeline(PIPELINE_FILE)
        if asked.keep:
            keep_message(Creation(store, asked.creation_id), pipeline, asked.keep.read_bytes())
            return DONE
        with publishing(settings, [pipeline]) as publisher:
            platform = LocalPlatform(store, patience=patience_of(settings))
            trigger = trigger_of(settings, store, platform, {pipeline.name: pipeline}, publisher)
            try:
                inbox = (open_inbox or _inbox)(settings, store)
                return _consume(trigger, pipeline, inbox, asked.wait_s)
            finally:
                platform.stop()

    return guarded(work, os.environ if environ is None else environ)


def _inbox(settings: Settings, store: ObjectStore) -> Inbox:
    if not settings.kafka_brokers:
        log(logging.INFO, "no_broker", "KAFKA_BROKERS is unset: looking for messages in the store")
        return StoreInbox(store)
    topic = settings.kafka_topic
    dead = settings.kafka_dead_topic or f"{topic}.dead"
    return KafkaInbox(client_settings(settings), topic=topic, group=settings.kafka_group, dead=dead)


def _consume(trigger: Trigger, pipeline: Pipeline, inbox: Inbox, wait_s: float) -> int:
    job_id = None
    try:
        if not _continued(trigger):
            job_id = take_one(trigger, pipeline, inbox, wait_s)
    finally:
        inbox.close()
    trigger.platform.wait()
    status = trigger.status(job_id) if job_id else None
    if _continued(trigger):
        trigger.platform.wait()
    if status and status.status == "failed":
        raise RunFailed(status.creation_id, status.error)
    return DONE


def _continued(trigger: Trigger) -> bool:
    """Whether runs that other containers left unfinished go on here."""
    found = trigger.sweep().launched
    if found:
        log(logging.INFO, "runs_continued", f"continues {found} runs that were left unfinished")
    return bool(found)


def take_one(trigger: Trigger, pipeline: Pipeline, inbox: Inbox, wait_s: float = _WAIT_S) -> str | None:
    """Take one message, start its run, then commit. Returns the creation's ID if a run was started; None if
    there was no message, or one that is a duplicate or unreadable."""
    delivery = inbox.take(wait_s)
    if delivery is None:
        log(logging.INFO, "no_message", f"no message within {wait_s:g} s: nothing to do")
        return None
    try:
        job = read_message(delivery.value)
        is_new = _started(trigger, pipeline, job)
    except BadRequest as error:
        log(logging.WARNING, "message_buried", f"{delivery}: can't be rendered: {error}")
        inbox.bury(delivery, str(error))
        inbox.commit(delivery)
        return None
    inbox.commit(delivery)
    if is_new:
        text = f"{delivery}: {job.job_id} has begun, and its message is committed"
        log(logging.INFO, "message_taken", text, job_id=job.job_id)
        return job.job_id
    text = f"{delivery}: {job.job_id} is a duplicate; its run has begun before"
    log(logging.INFO, "message_skipped", text, job_id=job.job_id)
    return None


def _started(trigger: Trigger, pipeline: Pipeline, job: VideoJob) -> bool:
    """Start the run; False if there is one already. The request's precondition decides between consumers
    that do this at once: only one starts it."""
    creation = Creation(trigger.store, job.job_id)
    if _has_run(creation, pipeline):
        return False
    _write_missing(creation, job)
    trigger.start(pipeline.name, job.job_id)
    return True


def keep_message(creation: Creation, pipeline: Pipeline, encoded: bytes) -> None:
    """Write down the message of a creation whose run a workflow is about to begin, unless it has begun.

    Raises `BadRequest` for a message that can't be read, or is for another creation.
    """
    try:
        value = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise BadRequest(
            f"the message is not base64 ({error}): encode its JSON, e.g. with base64 -w0"
        ) from error
    job = read_message(value)
    if job.job_id != creation.creation_id:
        raise BadRequest(f"jobId: the message is for {job.job_id!r}, and not for {creation.creation_id!r}")
    if not _has_run(creation, pipeline):
        _write_missing(creation, job)
        log(logging.INFO, "message_kept", f"{job.job_id}: its message is in the store", job_id=job.job_id)


def _has_run(creation: Creation, pipeline: Pipeline) -> bool:
    """Raises `BadRequest` if it is a run of another pipeline."""
    request, _ = load_request(creation)
    if request and request.pipeline != pipeline.name:
        raise BadRequest(f"jobId: {creation.creation_id!r} belongs to pipeline {request.pipeline!r}")
    return request is not None


def _write_missing(creation: Creation, job: VideoJob) -> None:
    """A message may come from another sender than the job that composes: then its assets are made of it, and
    it is kept, since its script and slides are those of the run. The options are written last, so without
    them whoever began this was killed."""
    if OPTIONS_NAME not in talk_inputs(creation):
        write_assets(creation, asked_by(job))
    Outbox(creation).put(job.to_bytes())


if __name__ == "__main__":
    sys.exit(main())
