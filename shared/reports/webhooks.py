"""Webhooks: WEBHOOK_URL is notified at least once that a run has completed or failed.

The body is JSON: event (`job.completed` or `job.failed`), job_id, run, status, video_url (a path below the
server's own address, e.g. `/me/creation/job-123/assets/video.mp4`; null without a film), error, failed_stage,
timestamp (of the run's end), delivery_id. It may come again, with the same delivery_id. With WEBHOOK_SECRET
set it is signed; the receiver checks that it is from us, and not an old one sent again:

    import hashlib, hmac, time

    def is_from_reelwright(headers, body: bytes, secret: str) -> bool:
        timestamp = headers["X-Reelwright-Timestamp"]
        signed = timestamp.encode() + b"." + body
        expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        is_fresh = abs(time.time() - int(timestamp)) < 300
        return is_fresh and hmac.compare_digest(expected, headers["X-Reelwright-Signature"])

Attempts are noted in the store, at `webhooks/<run>.json` below the creation. Each is noted before it is made,
together with the time of the next, so that of several triggers only one makes it.
"""

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit
from uuid import uuid4

from pydantic import AwareDatetime, Field

from shared.logs import log
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import Document, Request, load, utc_now
from shared.records.names import delivery_name
from shared.redact import without_paths
from shared.runs.report import film_made, reports_of
from shared.runs.status import RunStatus
from shared.settings import Settings

if TYPE_CHECKING:
    from requests import Session

_TIMEOUT_S: Final = (3.0, 5.0)
"""Timeout for connecting, and between two bytes of the answer."""
_DEADLINE_S: Final = 8.0
"""Limit of a whole attempt, whatever the receiver does: the caller that advances a run waits for it."""
_TOO_SLOW: Final = "too slow"
_PAUSES_S: Final = (10, 30, 120, 600, 3600)
"""Pauses after the first, second, … attempt; the last one after all later attempts."""
_TRIED_FOR: Final = timedelta(hours=24)
_MOST_ERROR_CHARS: Final = 2000


class DeliveryAttempt(Document):
    """One attempt."""

    at: AwareDatetime
    status_code: int | None = None
    """The answer's status; None when there was none, or the sender died first."""
    error: str = ""
    """Why there was no answer."""


class Delivery(Document):
    """`webhooks/<run>.json`."""

    delivery_id: str
    body: dict[str, Any] = Field(default_factory=dict)
    """The body, kept so that it can be sent when the run itself has been overtaken."""
    attempts: tuple[DeliveryAttempt, ...] = ()
    next_at: AwareDatetime | None = None
    """When the next attempt is due; None when there will be none."""
    delivered_at: AwareDatetime | None = None
    given_up_at: AwareDatetime | None = None

    @property
    def is_over(self) -> bool:
        return bool(self.delivered_at or self.given_up_at)


class Webhooks:
    """Delivers; one of a trigger's `Listeners.on_end`. May be used from any thread."""

    def __init__(
        self,
        settings: Settings,
        pipelines: Mapping[str, Pipeline],
        *,
        http: "Callable[[], Session] | None" = None,
        now: Callable[[], datetime] = utc_now,
        count: Callable[[str], None] = lambda _outcome: None,
    ) -> None:
        """`http` opens a session for one attempt; `count` is called with each outcome: `delivered`, `failed`
        or `given_up`."""
        self._url = settings.webhook_url
        self._secret = settings.webhook_secret
        self._pipelines = pipelines
        self._http = http or _open_session
        self._now = now
        self._count = count

    def deliver(self, creation: Creation, request: Request, status: RunStatus) -> bool:
        """Make the attempt that is due, if any; True when none will ever be due again.

        Never raises. Takes up to 8 s and a little more.
        """
        pipeline = self._pipelines.get(request.pipeline)
        if status.status == "pending" or pipeline is None or pipeline.reported is None:
            return True
        return self._tried(creation, request.run, partial(_body, creation, pipeline, request, status))

    def redeliver(self, creation: Creation, run: int) -> bool:
        """The same for a run that a later one has overtaken, if a delivery was begun."""
        return self._tried(creation, run, None)

    def _tried(self, creation: Creation, run: int, make_body: Callable[[str], dict[str, Any]] | None) -> bool:
        if not self._url:
            return True
        try:
            return self._deliver(self._url, creation, delivery_name(run), make_body)
        except Exception as error:  # noqa: BLE001 - the run must not fail with its webhook
            text = f"{creation.creation_id}: the webhook is tried again later: {type(error).__name__}"
            log(logging.WARNING, "webhook_postponed", text, creation_id=creation.creation_id)
            return False

    def _deliver(
        self,
        url: str,
        creation: Creation,
        name: str,
        make_body: Callable[[str], dict[str, Any]] | None,
    ) -> bool:
        known, generation = load(creation, name, Delivery)
        found = known or Delivery(delivery_id=str(uuid4()))
        if found.is_over or not (found.body or make_body):
            return True
        now = self._now()
        if found.next_at and now < found.next_at:
            return False
        body = make_body(found.delivery_id) if make_body else found.body
        begun = found.model_copy(
            update={
                "body": body,
                "attempts": (*found.attempts, DeliveryAttempt(at=now)),
                "next_at": now + timedelta(seconds=_pause_s(found)),
            }
        )
        # refused if another trigger makes the attempt
        noted = creation.write(name, begun.to_bytes(), expect=generation)
        tried = self._attempt(url, body, begun)
        ended = _concluded(begun, tried, self._now())
        self._log_outcome(creation, ended, tried)
        creation.write(name, ended.to_bytes(), expect=noted.generation)
        return ended.is_over

    def _attempt(self, url: str, body: Mapping[str, Any], delivery: Delivery) -> DeliveryAttempt:
        """The attempt with its outcome. One that takes too long goes on in its thread, but has failed."""
        data = json.dumps(body, ensure_ascii=False).encode()
        attempt = delivery.attempts[-1]
        headers = self._headers(data, body["event"], delivery.delivery_id, attempt.at)
        came: Future[dict[str, Any]] = Future()
        post = threading.Thread(
            target=lambda: came.set_result(self._post(url, data, headers)), name="webhook", daemon=True
        )
        post.start()
        try:
            return attempt.model_copy(update=came.result(_DEADLINE_S))
        except TimeoutError:
            return attempt.model_copy(update={"error": _TOO_SLOW})

    def _post(self, url: str, data: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """The facts to note. The answer's body is not read."""
        try:
            with (
                self._http() as session,
                session.post(
                    url, data=data, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
                ) as answer,
            ):
                return {"status_code": answer.status_code}
        except Exception as error:  # noqa: BLE001 - noted in the attempt: no other code sees it
            return {"error": type(error).__name__}

    def _headers(self, body: bytes, event: str, delivery_id: str, at: datetime) -> dict[str, str]:
        timestamp = str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "reelwright",
            "X-Reelwright-Event": event,
            "X-Reelwright-Delivery": delivery_id,
            "X-Reelwright-Timestamp": timestamp,
        }
        if self._secret:
            headers["X-Reelwright-Signature"] = sign(self._secret, timestamp, body)
        return headers

    def _log_outcome(self, creation: Creation, delivery: Delivery, attempt: DeliveryAttempt) -> None:
        if delivery.delivered_at:
            outcome, severity = "delivered", logging.INFO
        else:
            outcome = "given_up" if delivery.given_up_at else "failed"
            severity = logging.WARNING
        self._count(outcome)
        host = urlsplit(self._url or "").hostname
        text = f"{creation.creation_id}: webhook to {host} {outcome.replace('_', ' ')}"
        log(
            severity,
            f"webhook_{outcome}",
            text,
            creation_id=creation.creation_id,
            delivery_id=delivery.delivery_id,
            attempt=len(delivery.attempts),
            status_code=attempt.status_code,
            reason=attempt.error,
        )


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body that is sent at this time (seconds since 1970)."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _open_session() -> "Session":
    import requests

    session = requests.Session()
    session.auth = lambda request: request  # ~/.netrc is for this machine's users, not for receivers
    return session


def _pause_s(delivery: Delivery) -> int:
    """The pause from the present attempt to the next."""
    return _PAUSES_S[min(len(delivery.attempts), len(_PAUSES_S) - 1)]


def _concluded(begun: Delivery, attempt: DeliveryAttempt, now: datetime) -> Delivery:
    attempts = (*begun.attempts[:-1], attempt)
    changes: dict[str, Any] = {"attempts": attempts}
    if attempt.status_code is not None and 200 <= attempt.status_code < 300:
        changes |= {"delivered_at": now, "next_at": None}
    elif begun.next_at is None or begun.next_at > attempts[0].at + _TRIED_FOR:
        changes |= {"given_up_at": now, "next_at": None}
    return begun.model_copy(update=changes)


def _body(
    creation: Creation, pipeline: Pipeline, request: Request, status: RunStatus, delivery_id: str
) -> dict[str, Any]:
    end = reports_of(creation, pipeline, request, status)[-1]
    completed = status.status == "completed"
    film = film_made(pipeline, status) if completed else None
    return {
        "event": f"job.{status.status}",
        "job_id": creation.creation_id,
        "run": request.run,
        "status": status.status,
        "video_url": f"/me/creation/{quote(creation.creation_id)}/{film}" if film else None,
        "error": None if completed else without_paths(end.message)[:_MOST_ERROR_CHARS],
        "failed_stage": status.failed_stage.name if status.failed_stage else None,
        "timestamp": end.fields()["timestamp"],
        "delivery_id": delivery_id,
    }
