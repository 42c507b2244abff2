"""`python -m jobs.presenter.compose_job`: composes a talk before its run begins, and asks for its rendering.

INPUT_PAYLOAD is a JSON object: `text`, `avatar`, `voice`, options of the talk, and its `jobId`. The `jobId`
alone stands for what was posted under it. Script and slides become assets of the creation, and one message
goes to the topic `videoJob`, or without Kafka into the store.
"""

import hashlib
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from pydantic_core import from_json

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.deck.slides import SCRIPT_NAME, SLIDES_NAME
from jobs.presenter.draft import Composed, compose
from jobs.presenter.messages.broker import Broker
from jobs.presenter.messages.kafka import KafkaBroker, client_settings
from jobs.presenter.messages.outbox import MESSAGE_NAME, Outbox
from jobs.presenter.messages.request import JOB, Asked, read_asked, write_assets
from jobs.presenter.messages.video_job import VideoJob
from jobs.presenter.skills import skills_provider
from jobs.presenter.talk import Talk, read_talk
from shared.errors import BadRequest, CreationRemoved, OutOfTime, Stopped
from shared.logs import log
from shared.pipelines.definition import load_pipeline
from shared.platforms.task import read_task
from shared.preparing.posting import ID_FIELD, PAYLOAD_VARIABLE, PostedOtherwise, post, read_payload
from shared.preparing.record import Preparation, fail, load_preparation, update
from shared.providers.account import Account
from shared.records.creation import Creation, canonical_json, check_creation_id
from shared.settings import Settings
from shared.storage import open_store
from shared.worker.entry import DONE, guarded

Composer = Callable[[Talk, Settings, Account], Composed]
OpenBroker = Callable[[Settings], Broker]


def main(
    environ: Mapping[str, str] | None = None,
    *,
    composer: Composer | None = None,
    open_broker: OpenBroker | None = None,
) -> int:
    """0 done, 1 failed, 2 for a payload or settings that no attempt can use."""
    environ = os.environ if environ is None else environ

    def work(settings: Settings) -> int:
        store = open_store(settings.store_url, settings)
        store.check()
        payload = _payload(environ)
        creation = Creation(store, _job_id(payload, environ))
        job = ComposeJob(settings, composer=composer or _composed, open_broker=open_broker or _kafka)
        job.run(creation, payload, attempt=read_task(environ).attempt, most_retries=_most_retries(environ))
        sys.stdout.write(json.dumps({ID_FIELD: creation.creation_id}) + "\n")
        return DONE

    return guarded(work, environ)


class ComposeJob:
    """One attempt at composing a talk."""

    def __init__(
        self,
        settings: Settings,
        *,
        composer: Composer,
        open_broker: OpenBroker,
        open_outbox: Callable[[Creation], Outbox] = Outbox,
    ) -> None:
        self._open_outbox = open_outbox
        self._settings = settings
        self._composer = composer
        self._open_broker = open_broker

    def run(
        self, creation: Creation, payload: Mapping[str, Any], *, attempt: int = 0, most_retries: int = 0
    ) -> None:
        """Compose and publish, unless an earlier attempt has. Keeps the record of the work up to date."""
        prepared = _posted(creation, payload, self._settings)
        if prepared.state in ("ready", "sent"):
            text = f"{creation.creation_id}: was composed by an earlier attempt"
            log(logging.INFO, "composed_before", text, job_id=creation.creation_id)
            return
        if prepared.state == "failed" and attempt:
            raise BadRequest(f"an earlier attempt found out that it can't be done: {prepared.error}")
        _note(creation, "writing script and slides", state="working", attempt=attempt, error="")
        try:
            self._work(creation, prepared)
        except Stopped:
            raise  # it is known soon if that was for good
        except (BadRequest, OutOfTime) as error:
            fail(creation, str(error))
            raise
        except Exception as error:
            if attempt >= most_retries:
                fail(creation, str(error) or type(error).__name__)
            else:
                _note(creation, f"attempt {attempt + 1} of {most_retries + 1} failed: {error}")
            raise

    def _work(self, creation: Creation, prepared: Preparation) -> None:
        outbox = self._open_outbox(creation)
        message = outbox.message()
        if message is None:
            asked = read_asked(read_payload(creation, prepared), strict=False, settings=self._settings)
            message = outbox.put(self._compose(creation, asked).to_bytes())
        if not self._settings.kafka_brokers:
            place = creation.key(MESSAGE_NAME)
            text = f"KAFKA_BROKERS is unset: the message lies in the store as {place}, where consume finds it"
            log(logging.INFO, "message_kept", text, job_id=creation.creation_id)
            _note(creation, "waits for its run to begin", state="ready")
            return
        topic = self._settings.kafka_topic
        _note(creation, f"publishing on {topic}")
        broker = self._open_broker(self._settings)
        offset = outbox.publish(broker, topic, message, within_s=self._settings.kafka_timeout_s)
        text = f"{creation.creation_id}: published on {topic}"
        log(logging.INFO, "message_sent", text, job_id=creation.creation_id, offset=offset)
        _note(creation, f"waits on {topic} for a renderer", state="sent")

    def _compose(self, creation: Creation, asked: Asked) -> VideoJob:
        write_assets(creation, asked)
        talk = read_talk(creation, {})
        composed = self._composer(talk, self._settings, Account(creation.store))
        for warning in composed.warnings:
            log(logging.WARNING, "compose_warning", warning, job_id=creation.creation_id)
        slides = composed.slides.model_dump(mode="json", exclude_defaults=True)
        creation.bring_bytes(composed.script.encode(), SCRIPT_NAME)
        creation.bring_bytes(canonical_json(slides), SLIDES_NAME)
        fields = {key: value for key, value in asked.fields.items() if key != ID_FIELD}
        avatar = {"avatar": asked.avatar_name} if asked.avatar_name else {}
        own = {ID_FIELD: creation.creation_id, "script": composed.script, "slides": slides["slides"]}
        return VideoJob.model_validate({**fields, **avatar, **own})


def _composed(talk: Talk, settings: Settings, account: Account) -> Composed:
    return compose(talk, skills_provider(settings, account))


def _kafka(settings: Settings) -> Broker:
    return KafkaBroker(client_settings(settings))


def _payload(environ: Mapping[str, str]) -> dict[str, Any]:
    text = environ.get(PAYLOAD_VARIABLE, "").strip()
    if not text:
        raise BadRequest(f'{PAYLOAD_VARIABLE} is unset: set it to a JSON object, e.g. {{"text": "…"}}')
    try:
        payload = from_json(text)
    except ValueError as error:
        raise BadRequest(f"{PAYLOAD_VARIABLE} is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise BadRequest(f'{PAYLOAD_VARIABLE} must be a JSON object, e.g. {{"text": "…"}}')
    return payload


def _job_id(payload: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """The payload's own; else one that every attempt of this job run finds again; else a new one."""
    given = payload.get(ID_FIELD)
    if given is not None:
        if not isinstance(given, str):
            raise BadRequest(f"{ID_FIELD}: must be text; leave it out to get a new one")
        return check_creation_id(given)
    run = environ.get("CE_JOBRUN", "")
    if run:
        names = (environ.get("CE_PROJECT_ID", ""), run, environ.get("JOB_INDEX", "0"))
        return str(UUID(bytes=hashlib.sha256("/".join(names).encode()).digest()[:16], version=5))
    return str(uuid4())


def _most_retries(environ: Mapping[str, str]) -> int:
    text = environ.get("JOB_RETRY_LIMIT", "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _posted(creation: Creation, payload: Mapping[str, Any], settings: Settings) -> Preparation:
    """The record of this job, which the first attempt writes if nobody posted the payload before."""
    fields = {key: value for key, value in payload.items() if key != ID_FIELD}
    if fields:
        asked = read_asked(fields, strict=False, settings=settings)
        if load_preparation(creation)[0] is None and (creation.has_request() or creation.has_assets()):
            raise BadRequest(f"{ID_FIELD}: {creation.creation_id!r} exists already; leave it out")
        try:
            post(creation, load_pipeline(PIPELINE_FILE), JOB, asked.fields)
        except PostedOtherwise as error:
            raise BadRequest(f"{ID_FIELD}: {error}; leave it out to get a new one") from error
    found, _ = load_preparation(creation)
    if found is None:
        raise BadRequest(f"{creation.creation_id!r} was never posted; send its text in {PAYLOAD_VARIABLE}")
    return found


def _note(creation: Creation, message: str, **fields: Any) -> None:
    if update(creation, lambda _found: {"message": message, **fields}) is None:
        raise CreationRemoved(creation.creation_id)


if __name__ == "__main__":
    sys.exit(main())
