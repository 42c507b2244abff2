"""The trigger: starts a pipeline, advances it, says how it stands. Pure operations over the store.

Runs that are under way have a mark, `_active/<creation_id>/<run>`, which no creation ID can be mistaken for:
a sweep looks at those, however many creations there are.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.creation import Creation
from shared.errors import (
    BadRequest,
    PlatformError,
    PreconditionFailed,
    ReelwrightError,
    StaleAttempt,
    StoreError,
    UnknownName,
)
from shared.launch import Fuses, Launcher, claim_name, never_fuses
from shared.logs import log
from shared.manifest import manifest_generation, rewrite_manifest
from shared.pipeline import FUSED, Pipeline
from shared.platforms import Platform
from shared.record import Claim, Record, Request, first_request, load, save, utc_now
from shared.status import RunStatus, StageStatus, observe
from shared.storage import ObjectStore
from shared.watch import Watch

_TRIES: Final = 20
_ACTIVE: Final = "_active/"
_MARK_LASTS: Final = timedelta(hours=1)
_SWEEPERS: Final = 8
_BUSY: Final = ("starting", "running", "retrying")
_Swept = Literal["looked", "launched", "ended", "failed"]


@dataclass(frozen=True, kw_only=True)
class SweepReport:
    """What a sweep did."""

    advanced: int
    """Runs under way that it looked at."""
    launched: int
    """Of those, runs that stood still and go on now."""
    ended: int
    """Of those, runs that turned out to have ended."""
    failed: list[str]
    """Creations that could not be advanced; the log says why."""


class Trigger:
    """`start`, `advance` and `status` of creations in one store, run by one platform."""

    def __init__(
        self,
        store: ObjectStore,
        platform: Platform,
        pipelines: Mapping[str, Pipeline],
        *,
        stale_after_s: float = 60.0,
        fuses: Fuses = never_fuses,
        holding: str = "",
        watch: Watch | None = None,
        time_limit_s: float | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`fuses` decides if all of a run's stages go into one container; `holding` is the token that such a
        container was launched with, in which this trigger runs its stages. `watch` is told how runs stand;
        `time_limit_s` is how long a run may take, over what its pipeline says."""
        self.store = store
        self.platform = platform
        self.pipelines = pipelines
        self._stale_after_s = stale_after_s
        self._launcher = Launcher(platform, pipelines, fuses=fuses, now=now)
        self._holding = holding
        self._watch = watch or Watch()
        self._time_limit_s = time_limit_s
        self._now = now

    def start(
        self,
        pipeline: str,
        creation_id: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        checked: bool = True,
    ) -> RunStatus:
        """Start a run, or the next one after a run that ended; a run that is under way goes on unharmed.

        Raises `BadRequest` for an unknown pipeline, a bad ID, no assets, a creation of another pipeline, and
        for what the pipeline's stages could not use; unless `checked`, they find that and record it.
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
        if checked:
            self.pipelines[pipeline].check(creation, parameters or {})
        if before:
            status = self._observe(creation, before)
            if status.status == "pending" and not status.is_deserted:
                return self.advance(creation_id)
            if self.store.stat(_mark(creation, before.run)):  # whoever has not heard of its end may do so now
                self._watch.ended(creation, before, status)
        self._ask(creation, pipeline, dict(parameters or {}), before, generation)
        return self.advance(creation_id)

    def resume(self, creation_id: str) -> RunStatus:
        """Start the next run of what was asked for before; raises `BadRequest` if nothing ever was."""
        request = self._request(Creation(self.store, creation_id))
        return self.start(request.pipeline, creation_id, request.parameters)

    def advance(self, creation_id: str, *, doubt: bool = False) -> RunStatus:
        """Launch every stage whose needs are met and rewrite the manifest.

        Safe to call any number of times, at once, in any order. With `doubt`, because something is said to
        have ended, the platform is asked anew even about stages that were heard of a moment ago.
        """
        creation = Creation(self.store, creation_id)
        noted, request, status = self._look(creation, doubt=doubt)
        self._watch.news(creation, request, status)  # before anything is launched: that it was asked for
        if status.status == "pending" and self._launcher.launch_all(creation, request, status):
            noted, request, status = self._look(creation)
            self._launcher.release(creation, request, status)
        if any(stage.ends for stage in status.stages.values()):
            self._end_frozen(creation, status)
            self._launcher.settle(creation, request, status)
            noted, request, status = self._look(creation)
        if status.status == "failed" and self._give_up(creation, request, status):
            noted, request, status = self._look(creation)
        for _ in range(_TRIES):
            if rewrite_manifest(creation, request, status, over=noted):
                break
            noted, request, status = self._look(creation)
        self._watch.news(creation, request, status)
        if status.status != "pending":
            self._close(creation, request, status)
        return status

    def sweep(self) -> SweepReport:
        """Advance every run that is under way, as is needed where the event that should have was lost."""
        with ThreadPoolExecutor(max_workers=_SWEEPERS, thread_name_prefix="sweep") as pool:
            found = list(pool.map(self._sweep_one, [info.key for info in self.store.list(_ACTIVE)]))
        outcomes = [outcome for outcome, _ in found]
        return SweepReport(
            advanced=len(found),
            launched=outcomes.count("launched"),
            ended=outcomes.count("ended"),
            failed=[creation_id for outcome, creation_id in found if outcome == "failed"],
        )

    def left_by(self, creation_id: str, execution: str) -> list[str]:
        """The stages that an earlier attempt of this execution left in the middle."""
        _, _, status = self._look(Creation(self.store, creation_id))
        return [name for name, stage in status.stages.items() if _is_left(stage, execution)]

    def take_up(self, creation_id: str, stage: str) -> None:
        """Go on with a stage that was left in the middle."""
        creation = Creation(self.store, creation_id)
        _, request, _ = self._look(creation)
        self._launcher.launch_claimed(creation, request, stage)

    def settle(self, pipeline: str, creation_id: str, *, opened_by: str, outcome: str) -> RunStatus:
        """Close the books of the run whose stages `opened_by` chained: what has not ended by now has died.

        A run that none of its stages came to open is opened here, and has failed; one that a later run has
        overtaken is left as it is.
        """
        if pipeline not in self.pipelines:
            raise UnknownName("pipeline", pipeline, list(self.pipelines))
        creation = Creation(self.store, creation_id)
        request, generation = load(creation, "request.json", Request)
        if request and opened_by in request.overtaken:
            return self.advance(creation_id)
        if request is None:
            limit_s = self._limit_of(pipeline)
            request = first_request(
                creation, pipeline, self._now(), opened_by=opened_by, time_limit_s=limit_s
            )
        elif request.opened_by != opened_by:
            request = request.next(
                self._now(),
                parameters=request.parameters,
                opened_by=opened_by,
                time_limit_s=self._limit_of(pipeline),
            )
        settled = request.model_copy(update={"outcome": request.outcome or outcome})
        self.store.write(_mark(creation, settled.run), b"")  # until whoever is to hear of its end has
        try:
            save(creation, "request.json", settled, expect=generation)
        except PreconditionFailed:
            return self.settle(pipeline, creation_id, opened_by=opened_by, outcome=outcome)
        return self.advance(creation_id)

    def _look(self, creation: Creation, *, doubt: bool = False) -> tuple[str, Request, RunStatus]:
        """The manifest's generation first, then how things stand: so it is never replaced by older news."""
        noted = manifest_generation(creation)
        request = self._request(creation)
        if self._holding:
            self._check_hold(creation, request)
        return noted, request, self._observe(creation, request, doubt=doubt)

    def _check_hold(self, creation: Creation, request: Request) -> None:
        """Raise `StaleAttempt` if this process was launched for a run that a later one has overtaken."""
        claim, _ = load(creation, claim_name(request, FUSED), Claim)
        if claim is None or claim.token != self._holding:
            raise StaleAttempt(f"{request.pipeline} (all stages)", 0)

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
        refused = self._cancel_all(creation, request)
        status = self.advance(creation_id)
        if refused:
            raise refused[0]
        return status

    def _give_up(self, creation: Creation, request: Request, status: RunStatus) -> bool:
        """Tell what still works on a run that has failed to stop, so that it costs no more."""
        busy = any(stage.state in _BUSY for stage in status.stages.values())
        if request.stopped_by or request.opened_by or not busy:
            return False
        found, generation = load(creation, "request.json", Request)
        if found is None or found.run != request.run or found.stopped_by:
            return True  # it was cancelled or started anew meanwhile: look again
        try:
            given_up = found.model_copy(update={"given_up": status.error})
            save(creation, "request.json", given_up, expect=generation)
        except PreconditionFailed:
            return True
        for error in self._cancel_all(creation, request):
            log(logging.WARNING, "stop_refused", f"{creation.creation_id}: could not be stopped: {error}")
        return True

    def _end_frozen(self, creation: Creation, status: RunStatus) -> None:
        """Stop the executions of which nothing is heard any more, so that they cost no more."""
        for execution in {each for stage in status.stages.values() for each in stage.frozen}:
            log(
                logging.WARNING,
                "execution_silent",
                f"{creation.creation_id}: ended {execution}: {status.error}",
            )
            try:
                self.platform.cancel(execution)
            except PlatformError as error:
                log(logging.WARNING, "stop_refused", f"{creation.creation_id}: could not be stopped: {error}")

    def _cancel_all(self, creation: Creation, request: Request) -> list[ReelwrightError]:
        """Ask the platform to stop all of a run's executions; returns what stood against it."""
        stages = self.pipelines[request.pipeline].jobs
        return [error for stage in stages if (error := self._cancel(creation, request, stage))]

    def _cancel(self, creation: Creation, request: Request, stage: str) -> ReelwrightError | None:
        """Stop one execution; returns what stood against it, so that the others are stopped all the same."""
        try:
            claim, _ = load(creation, claim_name(request, stage), Claim)
            if claim and claim.execution:
                self.platform.cancel(claim.execution)
        except (PlatformError, StoreError) as error:
            return error
        return None

    def _ask(
        self,
        creation: Creation,
        pipeline: str,
        parameters: dict[str, Any],
        before: Request | None,
        generation: str,
    ) -> None:
        limit_s = self._limit_of(pipeline)
        if before:
            request = before.next(self._now(), parameters=parameters, time_limit_s=limit_s)
        else:
            request = first_request(
                creation, pipeline, self._now(), parameters=parameters, time_limit_s=limit_s
            )
        self.store.write(_mark(creation, request.run), b"")
        try:
            save(creation, "request.json", request, expect=generation)
        except PreconditionFailed:
            log(logging.INFO, "start_joined", f"{creation.creation_id}: joined the run that is under way")

    def _limit_of(self, pipeline: str) -> float | None:
        return self._time_limit_s or self.pipelines[pipeline].time_limit_s

    def _request(self, creation: Creation) -> Request:
        request, _ = load(creation, "request.json", Request)
        if request is None:
            raise _never_started(creation.creation_id)
        if request.pipeline not in self.pipelines:
            raise UnknownName("pipeline", request.pipeline, list(self.pipelines))
        return request

    def _observe(self, creation: Creation, request: Request, *, doubt: bool = False) -> RunStatus:
        return observe(
            creation,
            request,
            self.pipelines[request.pipeline],
            self.platform,
            now=self._now(),
            stale_after_s=self._stale_after_s,
            holding=self._holding,
            doubt=doubt,
        )

    def _close(self, creation: Creation, request: Request, status: RunStatus) -> None:
        """Take the mark off a run that has ended, once nothing of it works any more and the platform has let
        go of it; what it knows of the ends is written down first."""
        mark = _mark(creation, request.run)
        if self.store.stat(mark) is None:
            return
        status = self._observe(creation, request, doubt=True)
        self._launcher.settle(creation, request, status)
        busy = any(stage.state in _BUSY for stage in status.stages.values())
        told = not busy and self._watch.ended(creation, request, status)
        if told and self._launcher.release_all(creation, request.run):
            self.store.delete(mark)

    def _sweep_one(self, mark: str) -> tuple[_Swept, str]:
        """Advance the run that has this mark: what came of it, and the creation's ID."""
        creation_id, _, run = mark.removeprefix(_ACTIVE).rpartition("/")
        try:
            return self._swept(mark, creation_id, run), creation_id
        except Exception as error:  # noqa: BLE001 - one creation that is broken must not hold up the others
            log(logging.ERROR, "sweep_failed", f"{creation_id}: could not be advanced: {error}")
            return "failed", creation_id

    def _swept(self, mark: str, creation_id: str, run: str) -> _Swept:
        creation = Creation(self.store, creation_id)
        request, _ = load(creation, "request.json", Request)
        if request is None or run != str(request.run):
            overtaken = request is not None and run.isdecimal() and int(run) < request.run
            told = not overtaken or self._watch.overtaken(creation, int(run))
            if not overtaken or (told and self._launcher.release_all(creation, int(run))):
                self._drop(mark, overtaken=overtaken)
            return "looked"
        before = self.status(creation_id)
        after = self.advance(creation_id)
        if after.status != "pending":
            return "ended"
        return "launched" if before.ready or before.lost else "looked"

    def _drop(self, mark: str, *, overtaken: bool) -> None:
        """Remove the mark of a run that never was, or that a later one has overtaken."""
        info = self.store.stat(mark)
        if info and (overtaken or self._now() - info.modified_at > _MARK_LASTS):
            with suppress(PreconditionFailed):  # it was set again meanwhile
                self.store.delete(mark, expect=info.generation)


def _is_left(stage: StageStatus, execution: str) -> bool:
    mine = any(record.execution == execution for record in stage.records)
    left = len(stage.records) < stage.tasks or any(map(_is_unfinished, stage.records))
    return mine and left and not any(map(_has_failed, stage.records))


def _is_unfinished(record: Record) -> bool:
    return record.status == "running" or (record.status == "failed" and not record.final)


def _has_failed(record: Record) -> bool:
    return record.status == "failed" and record.final


def _mark(creation: Creation, run: int) -> str:
    return f"{_ACTIVE}{creation.creation_id}/{run}"


def _never_started(creation_id: str) -> BadRequest:
    return BadRequest(f"creation {creation_id!r} was never started; start it first")
