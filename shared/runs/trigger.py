"""The trigger: starts a pipeline, advances it, returns its status. Pure operations over the store.

Runs that are under way have a mark, `_active/<creation_id>/<run>`, a key that can't be a creation's: a sweep
reads only the marks, however many creations there are.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.errors import BadRequest, PreconditionFailed, RunOvertaken, UnknownName
from shared.logs import log
from shared.pipelines.definition import FUSED, Pipeline
from shared.platforms import Platform
from shared.records.creation import Creation
from shared.records.documents import Claim, Request, first_request, load, load_request, save_request, utc_now
from shared.records.names import MARKS, claim_name, marked_run
from shared.runs.asking import (
    Inputs,
    ask,
    check_pipeline,
    demand_kept_meanwhile,
    inputs_now,
    inputs_of,
    is_outdated,
    queue_behind,
    summary_of,
)
from shared.runs.launch import Fuses, Launcher, never_fuses
from shared.runs.listeners import Listeners, News
from shared.runs.manifest import manifest_generation, rewrite_manifest
from shared.runs.observe import observe
from shared.runs.status import RunStatus
from shared.runs.sweeping import SweepReport, Swept, sweep_all
from shared.storage import ObjectInfo, ObjectStore

_TRIES: Final = 20
_MARK_LASTS: Final = timedelta(hours=1)


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
        held_token: str = "",
        listeners: Listeners | None = None,
        time_limit_s: float | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`fuses` decides whether all of a run's stages go into one container; `held_token` is the token that
        such a container was launched with, in which this trigger runs its stages. `listeners` are notified of
        a run's status; `time_limit_s` is how long a run may take, and overrides the pipeline's own limit."""
        self.store = store
        self.platform = platform
        self.pipelines = pipelines
        self._stale_after_s = stale_after_s
        self._launcher = Launcher(platform, pipelines, fuses=fuses, now=now)
        self._held_token = held_token
        self._listeners = listeners or Listeners()
        self._time_limit_s = time_limit_s
        self._now = now
        self.follows_up = True
        """Whether it starts queued runs; False in a process that is about to end."""

    def start(
        self,
        pipeline: str,
        creation_id: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        checked: bool = True,
    ) -> RunStatus:
        """Start a run, or the next one after a run that ended. While one is under way, asking for changed
        inputs or parameters queues another behind it; asking for the same has no effect.

        Without `parameters` a run that is under way keeps its own. Raises `BadRequest` for an unknown
        pipeline, a bad ID, missing assets, a creation that is another pipeline's or deleted, and for
        parameters or assets that its stages could not use; with `checked=False` the stages record those.
        """
        if pipeline not in self.pipelines:
            raise UnknownName("pipeline", pipeline, list(self.pipelines))
        creation = Creation(self.store, creation_id)
        for _ in range(_TRIES):
            if self._asked(creation, pipeline, parameters, checked=checked):
                break
        return self.advance(creation_id)

    def _asked(
        self, creation: Creation, pipeline: str, parameters: Mapping[str, Any] | None, *, checked: bool
    ) -> bool:
        """False when another caller asked in between, so that the status has changed."""
        before, generation = load_request(creation)
        if before:
            check_pipeline(creation, before, pipeline)
        definition = self.pipelines[pipeline]
        inputs = inputs_of(creation, definition)
        if checked:
            definition.check(creation, parameters or {})
        if before:
            status = self._observe(creation, before)
            if not status.may_be_followed:
                facts = status, parameters, inputs
                return queue_behind(creation, definition, *facts, over=generation, now=self._now())
            self._notify_of_end(creation, before, status)
        return self._ask(creation, pipeline, dict(parameters or {}), before, generation, inputs)

    def _notify_of_end(self, creation: Creation, request: Request, status: RunStatus) -> None:
        """Report the end of a run that may be unreported, since the next one begins."""
        if self.store.stat(creation.mark_of(request.run)):
            self._listeners.ended(creation, request, status)

    def tell(self, listener: News) -> None:
        """Notify this listener, too, of each status that is read from now on."""
        self._listeners = replace(self._listeners, on_news=(*self._listeners.on_news, listener))

    def resume(self, creation_id: str) -> RunStatus:
        """Start the next run with the last parameters; raises `BadRequest` if there was no run yet."""
        request = self._request(Creation(self.store, creation_id))
        return self.start(request.pipeline, creation_id, request.latest_parameters)

    def advance(self, creation_id: str, *, ask_again: bool = False) -> RunStatus:
        """Launch every stage whose needs are met and rewrite the manifest.

        Safe to call any number of times, at once, in any order. With `ask_again`, because something is
        reported to have ended, the platform is asked even about stages that reported a moment ago.
        """
        creation = Creation(self.store, creation_id)
        try:
            status = self._advanced(creation, ask_again=ask_again)
            while self._follow_up(creation, status):
                status = self._advanced(creation)
            return self._as_returned(creation, status)
        finally:
            creation.withdraw_if_removed()

    def _advanced(self, creation: Creation, *, ask_again: bool = False) -> RunStatus:
        """Advance the present run as far as it goes now."""
        noted, request, status = self._look(creation, ask_again=ask_again)
        self._listeners.news(creation, request, status)  # before any launch: report that it was asked for
        if status.status == "pending" and self._launcher.launch_all(creation, request, status):
            noted, request, status = self._look(creation)
            self._launcher.release(creation, request, status)
        if any(stage.ends for stage in status.stages.values()):
            self._launcher.stop_frozen(creation, status)
            self._launcher.record_ends(creation, request, status)
            noted, request, status = self._look(creation)
        if status.status == "failed" and self._give_up(creation, request, status):
            noted, request, status = self._look(creation)
        for _ in range(_TRIES):
            if rewrite_manifest(creation, request, status, self.pipelines[request.pipeline], over=noted):
                break
            noted, request, status = self._look(creation)
        self._listeners.news(creation, request, status)
        if status.status != "pending" and request.queued is None:
            self._close(creation, request, status)
        return status

    def _follow_up(self, creation: Creation, status: RunStatus) -> bool:
        """Start the run that is queued behind one that is over; True if that changed the status.

        A container that runs all stages must have ended: it would find itself overtaken.
        """
        request = status.request
        if request.queued is None or not status.may_be_followed or not self.follows_up or self._held_token:
            return False
        if status.is_busy or self._launcher.is_at_work(creation, request, FUSED):
            return False
        found, generation = load_request(creation)
        if found is None or found.run != request.run or found.queued is None:
            return True
        self._notify_of_end(creation, found, status)
        inputs = inputs_now(creation, self.pipelines[found.pipeline])
        if self._ask(creation, found.pipeline, found.queued.parameters, found, generation, inputs):
            self._let_go(creation, found.run)
        return True

    def _let_go(self, creation: Creation, run: int) -> None:
        """Remove the mark of a run that a later one has overtaken, once it has ended and is reported."""
        if self._listeners.overtaken(creation, run) and self._launcher.release_all(creation, run):
            self._drop(creation.mark_of(run), overtaken=True)

    def _as_returned(self, creation: Creation, status: RunStatus) -> RunStatus:
        """The status to return: a run with another one queued behind it has not ended for those who wait."""
        request = status.request
        if request.queued and status.may_be_followed and not self._held_token:
            text = f"run {request.run} has ended as {status.status}; the next one is queued"
            facts: dict[str, Any] = {"error": "", "failure_kind": None, "failed_stage": None}
            return replace(status, status="pending", message=text, is_over=True, **facts)
        if status.status != "completed":
            return status
        pipeline = self.pipelines[request.pipeline]
        inputs = inputs_now(creation, pipeline)
        return replace(status, outdated=is_outdated(pipeline, request, status.records, inputs))

    def sweep(self) -> SweepReport:
        """Advance every run that is under way, in case the event that should have done so was lost."""
        return sweep_all([info.key for info in self.store.list(MARKS)], self._sweep_one)

    def unfinished_stages(self, creation_id: str, execution: str) -> list[str]:
        """The stages that an earlier attempt of this execution left unfinished."""
        _, _, status = self._look(Creation(self.store, creation_id))
        return [name for name, stage in status.stages.items() if stage.is_left_by(execution)]

    def continue_stage(self, creation_id: str, stage: str) -> None:
        """Continue a stage that was left unfinished."""
        creation = Creation(self.store, creation_id)
        _, request, _ = self._look(creation)
        self._launcher.launch_claimed(creation, request, stage)

    def close_run(self, pipeline: str, creation_id: str, *, opened_by: str, outcome: str) -> RunStatus:
        """Close the run whose stages `opened_by` chained: stages that have not ended by now have died.

        A run that none of its stages opened is opened here, and has failed; a run that a later one has
        overtaken is left alone.
        """
        if pipeline not in self.pipelines:
            raise UnknownName("pipeline", pipeline, list(self.pipelines))
        creation = Creation(self.store, creation_id)
        request, generation = load_request(creation)
        if request and opened_by in request.overtaken:
            return self.advance(creation_id)
        facts: dict[str, Any] = {"opened_by": opened_by, "time_limit_s": self._limit_of(pipeline)}
        if request is None:
            request = first_request(creation, pipeline, self._now(), **facts)
        elif request.opened_by != opened_by:
            request = request.next(self._now(), parameters=request.latest_parameters, **facts)
        settled = request.model_copy(update={"outcome": request.outcome or outcome})
        creation.mark(settled.run)  # until its end is reported
        try:
            save_request(creation, settled, expect=generation)
        except PreconditionFailed:
            return self.close_run(pipeline, creation_id, opened_by=opened_by, outcome=outcome)
        return self.advance(creation_id)

    def _look(self, creation: Creation, *, ask_again: bool = False) -> tuple[str, Request, RunStatus]:
        """The manifest's generation first, then the status: an old status must never replace a new one."""
        noted = manifest_generation(creation)
        request = self._request(creation)
        if self._held_token:
            self._check_hold(creation, request)
        return noted, request, self._observe(creation, request, ask_again=ask_again)

    def _check_hold(self, creation: Creation, request: Request) -> None:
        """Raise `RunOvertaken` if this process was launched for a run that a later one has overtaken."""
        claim, _ = load(creation, claim_name(request.run, FUSED), Claim)
        if claim is None or claim.token != self._held_token:
            raise RunOvertaken(creation.creation_id)

    def status(self, creation_id: str) -> RunStatus:
        """The status of the creation's latest run; raises `BadRequest` for one that was never started."""
        creation = Creation(self.store, creation_id)
        return self._as_returned(creation, self._observe(creation, self._request(creation)))

    def cancel(self, creation_id: str) -> RunStatus:
        """Stop the run: no further launches, and running stages are stopped. Running again resumes."""
        creation = Creation(self.store, creation_id)
        request, generation = load_request(creation)
        if request is None:
            raise _never_started(creation_id)
        pending = self._observe(creation, request).status == "pending"
        if pending or request.queued:
            at = self._now() if pending else request.cancelled_at
            request = request.model_copy(update={"cancelled_at": at, "queued": None})
            try:
                save_request(creation, request, expect=generation)
            except PreconditionFailed:
                return self.cancel(creation_id)  # it was cancelled, or ended and was restarted, meanwhile
        refused = self._launcher.stop_all(creation, request)
        status = self.advance(creation_id)
        if refused:
            raise refused[0]
        return status

    def _give_up(self, creation: Creation, request: Request, status: RunStatus) -> bool:
        """Stop the stages still at work on a run that has failed, so that it costs no more."""
        if request.stopped_by or request.opened_by or not status.is_busy:
            return False
        found, generation = load_request(creation)
        if found is None or found.run != request.run or found.stopped_by:
            return True  # it was cancelled or restarted meanwhile: look again
        try:
            save_request(creation, found.model_copy(update={"given_up": status.given_up}), expect=generation)
        except PreconditionFailed:
            return True
        for error in self._launcher.stop_all(creation, request):
            log(logging.WARNING, "stop_refused", f"{creation.creation_id}: could not be stopped: {error}")
        return True

    def _ask(
        self,
        creation: Creation,
        pipeline: str,
        parameters: dict[str, Any],
        before: Request | None,
        generation: str,
        inputs: Inputs,
    ) -> bool:
        """False if another caller asked in between."""
        facts: dict[str, Any] = {
            "parameters": parameters,
            "time_limit_s": self._limit_of(pipeline),
            "inputs": summary_of(inputs),
        }
        if before:
            return ask(creation, before.next(self._now(), **facts), over=generation)
        request = first_request(creation, pipeline, self._now(), **facts)
        if not ask(creation, request, over=generation):
            return False
        demand_kept_meanwhile(creation)
        return True

    def _limit_of(self, pipeline: str) -> float | None:
        return self._time_limit_s or self.pipelines[pipeline].time_limit_s

    def _request(self, creation: Creation) -> Request:
        request, _ = load_request(creation)
        if request is None:
            raise _never_started(creation.creation_id)
        if request.pipeline not in self.pipelines:
            raise UnknownName("pipeline", request.pipeline, list(self.pipelines))
        return request

    def _observe(self, creation: Creation, request: Request, *, ask_again: bool = False) -> RunStatus:
        return observe(
            creation,
            request,
            self.pipelines[request.pipeline],
            self.platform,
            now=self._now(),
            stale_after_s=self._stale_after_s,
            held_token=self._held_token,
            ask_again=ask_again,
        )

    def _close(self, creation: Creation, request: Request, status: RunStatus) -> None:
        """Remove the mark of a run that has ended, once none of its stages work any more and the platform has
        released it; what the platform knows of the ends is recorded first."""
        mark = self.store.stat(creation.mark_of(request.run))
        if mark is None:
            return
        status = self._observe(creation, request, ask_again=True)
        self._launcher.record_ends(creation, request, status)
        reported = not status.is_busy and self._listeners.ended(creation, request, status)
        if reported and self._launcher.release_all(creation, request.run):
            self._unmark(creation, request.run, mark)

    def _unmark(self, creation: Creation, run: int, mark: ObjectInfo) -> None:
        """Unless a run was queued behind this one after the status was read."""
        found, _ = load_request(creation)
        if found is None or found.run != run or found.queued is None:
            with suppress(PreconditionFailed):
                self.store.delete(mark.key, expect=mark.generation)

    def _sweep_one(self, mark: str) -> tuple[Swept, str]:
        """Advance the run that has this mark; returns the outcome and the creation's ID."""
        creation_id, run = marked_run(mark)
        try:
            return self._swept(mark, creation_id, run), creation_id
        except Exception as error:  # noqa: BLE001 - one broken creation must not hold up the others
            log(logging.ERROR, "sweep_failed", f"{creation_id}: could not be advanced: {error}")
            return "failed", creation_id

    def _swept(self, mark: str, creation_id: str, run: str) -> Swept:
        creation = Creation(self.store, creation_id)
        request, _ = load_request(creation)
        if request is None or run != str(request.run):
            if request and run.isdecimal() and int(run) < request.run:
                self._let_go(creation, int(run))
            else:
                self._drop(mark, overtaken=False)
            return "looked"
        if request.pipeline not in self.pipelines:
            return "looked"  # another trigger's
        before = self.status(creation_id)
        after = self.advance(creation_id)
        if after.status != "pending":
            return "ended"
        return "launched" if before.ready or before.lost else "looked"

    def _drop(self, mark: str, *, overtaken: bool) -> None:
        """Remove the mark of a run that never existed, or that a later one has overtaken."""
        info = self.store.stat(mark)
        if info and (overtaken or self._now() - info.modified_at > _MARK_LASTS):
            with suppress(PreconditionFailed):  # it was set again meanwhile
                self.store.delete(mark, expect=info.generation)


def _never_started(creation_id: str) -> BadRequest:
    return BadRequest(f"creation {creation_id!r} was never started; start it first")
