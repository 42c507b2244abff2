"""The trigger: starts a pipeline, advances it, says how it stands. Three pure operations over the store."""

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from shared.creation import Creation
from shared.errors import (
    BadRequest,
    PreconditionFailed,
    ReelwrightError,
    StaleAttempt,
    Stopped,
    StoreError,
    UnknownName,
)
from shared.logs import log
from shared.manifest import manifest_generation, rewrite_manifest
from shared.pipeline import Pipeline
from shared.platforms import Order, Platform
from shared.process import this_process
from shared.record import Claim, Failure, Record, Request, load, next_run, record_name, save, utc_now
from shared.status import RunStatus, observe
from shared.storage import ABSENT, ObjectStore

_TRIES: Final = 20


class Trigger:
    """`start`, `advance` and `status` of creations in one store, run by one platform."""

    def __init__(
        self,
        store: ObjectStore,
        platform: Platform,
        pipelines: Mapping[str, Pipeline],
        *,
        stale_after_s: float = 60.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.store = store
        self.platform = platform
        self.pipelines = pipelines
        self._stale_after_s = stale_after_s
        self._now = now

    def start(
        self, pipeline: str, creation_id: str, parameters: Mapping[str, Any] | None = None
    ) -> RunStatus:
        """Start a run, or the next one after a run that ended; a run that is under way goes on unharmed.

        Raises `BadRequest` for an unknown pipeline, a bad ID, no assets, or a creation of another pipeline.
        """
        if pipeline not in self.pipelines:
            raise UnknownName("pipeline", pipeline, list(self.pipelines))
        creation = Creation(self.store, creation_id)
        if next(creation.list("assets/"), None) is None:
            raise BadRequest(
                f"creation {creation_id!r} has no assets; put them under {creation.key('assets/')}"
            )
        before, generation = load(creation, "request.json", Request)
        if before and before.pipeline != pipeline:
            raise BadRequest(
                f"creation {creation_id!r} belongs to pipeline {before.pipeline!r}; use another creation ID"
            )
        if before:
            status = self._observe(creation, before)
            if status.status == "pending" and not status.is_deserted:
                return self.advance(creation_id)
        self._ask(creation, pipeline, dict(parameters or {}), before, generation)
        return self.advance(creation_id)

    def resume(self, creation_id: str) -> RunStatus:
        """Start the next run of what was asked for before; raises `BadRequest` if nothing ever was."""
        request = self._request(Creation(self.store, creation_id))
        return self.start(request.pipeline, creation_id, request.parameters)

    def advance(self, creation_id: str) -> RunStatus:
        """Launch every stage whose needs are met and rewrite the manifest.

        Safe to call any number of times, at once, in any order.
        """
        creation = Creation(self.store, creation_id)
        noted, request, status = self._look(creation)
        if status.status == "pending" and self._launch_ready(creation, request, status):
            noted, request, status = self._look(creation)
        for _ in range(_TRIES):
            if rewrite_manifest(creation, request, status, over=noted):
                break
            noted, request, status = self._look(creation)
        return status

    def _look(self, creation: Creation) -> tuple[str, Request, RunStatus]:
        """The manifest's generation first, then how things stand: so it is never replaced by older news."""
        noted = manifest_generation(creation)
        request = self._request(creation)
        return noted, request, self._observe(creation, request)

    def status(self, creation_id: str) -> RunStatus:
        """How the creation's latest run stands; raises `BadRequest` for one that was never started."""
        creation = Creation(self.store, creation_id)
        return self._observe(creation, self._request(creation))

    def cancel(self, creation_id: str) -> RunStatus:
        """Stop the run: nothing more is launched, what works is told to stop. Running again resumes."""
        creation = Creation(self.store, creation_id)
        request, generation = load(creation, "request.json", Request)
        if request is None:
            raise _never_started(creation_id)
        if self._observe(creation, request).status == "pending":
            request = request.model_copy(update={"cancelled_at": self._now()})
            try:
                save(creation, "request.json", request, expect=generation)
            except PreconditionFailed:
                return self.cancel(creation_id)  # someone else cancelled it, or it ended and was started anew
        for stage in self.pipelines[request.pipeline].stages:
            claim, _ = load(creation, f"claims/{request.run}/{stage}", Claim)
            if claim and claim.execution:
                self.platform.cancel(claim.execution)
        return self.advance(creation_id)

    def _ask(
        self,
        creation: Creation,
        pipeline: str,
        parameters: dict[str, Any],
        before: Request | None,
        generation: str,
    ) -> None:
        now = self._now()
        request = Request(
            pipeline=pipeline,
            parameters=parameters,
            run=before.run + 1 if before else next_run(creation),
            requested_at=now,
            created_at=before.created_at if before else now,
        )
        try:
            save(creation, "request.json", request, expect=generation)
        except PreconditionFailed:
            log(logging.INFO, "start_joined", f"{creation.creation_id}: joined the run that is under way")

    def _request(self, creation: Creation) -> Request:
        request, _ = load(creation, "request.json", Request)
        if request is None:
            raise _never_started(creation.creation_id)
        if request.pipeline not in self.pipelines:
            raise UnknownName("pipeline", request.pipeline, list(self.pipelines))
        return request

    def _observe(self, creation: Creation, request: Request) -> RunStatus:
        return observe(
            creation,
            request,
            self.pipelines[request.pipeline],
            self.platform,
            now=self._now(),
            stale_after_s=self._stale_after_s,
        )

    def _launch_ready(self, creation: Creation, request: Request, status: RunStatus) -> bool:
        launched = False
        for name in status.ready:
            tasks = self.pipelines[request.pipeline].tasks_of(name, status.metadata)
            launched = self._launch(creation, request, name, tasks) or launched
        return launched

    def _launch(self, creation: Creation, request: Request, stage: str, tasks: int) -> bool:
        """Claim the stage, then launch it; False when someone else has claimed it."""
        name = f"claims/{request.run}/{stage}"
        claim = Claim(token=secrets.token_hex(8), tasks=tasks, claimed_at=self._now(), process=this_process())
        try:
            generation = save(creation, name, claim, expect=ABSENT)
        except PreconditionFailed:
            return False
        order = Order(
            pipeline=request.pipeline,
            stage=stage,
            definition=self.pipelines[request.pipeline].stages[stage],
            creation_id=creation.creation_id,
            run=request.run,
            token=claim.token,
            tasks=tasks,
        )
        try:
            execution = self.platform.launch(order)
        except (Stopped, StaleAttempt):
            raise  # an inline stage ended this process's work, not the stage
        except ReelwrightError as error:
            self._record_refusal(creation, order, error)
            return True
        try:
            save(creation, name, claim.model_copy(update={"execution": execution}), expect=generation)
        except StoreError as error:  # it runs all the same, and its record will tell
            log(
                logging.WARNING,
                "execution_unnamed",
                f"{stage}: launched, but the claim can't say so: {error}",
            )
        log(logging.DEBUG, "stage_launched", f"{creation.creation_id}: launched {stage}", tasks=tasks)
        return True

    def _record_refusal(self, creation: Creation, order: Order, error: ReelwrightError) -> None:
        """The platform refused the launch: that is the stage's failure, and the record says so."""
        name = record_name(order.stage, 0 if order.definition.fan_out else None)
        before, generation = load(creation, name, Record)
        if before and before.run >= order.run:
            return  # it ran (inline) and has said what happened, or a later run did
        now = self._now()
        failure = Failure(
            kind=type(error).__name__, message=f"could not be launched: {error}", permanent=False
        )
        record = Record(
            pipeline=order.pipeline,
            stage=order.stage,
            run=order.run,
            owner="trigger",
            status="failed",
            started_at=now,
            heartbeat_at=now,
            completed_at=now,
            error=failure,
        )
        try:
            save(creation, name, record, expect=generation)
        except PreconditionFailed:
            log(logging.WARNING, "refusal_unrecorded", f"{order.stage}: refused, and yet someone works on it")


def _never_started(creation_id: str) -> BadRequest:
    return BadRequest(f"creation {creation_id!r} was never started; start it first")
