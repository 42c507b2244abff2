"""Which stage a failed run has failed for."""

from shared.status import RunStatus, StageStatus


def failed_stage(status: RunStatus) -> StageStatus | None:
    """The stage that the others were stopped for; None for a run that goes on, or failed for another reason.

    Once one has failed, those that had not begun are told to stop too, and end without a word, which looks
    like a failure of their own: what the run was given up for is the one that counts.
    """
    if status.status != "failed" or status.request.cancelled_at:
        return None
    failed = [stage for stage in status.stages.values() if stage.state == "failed" and not stage.was_stopped]
    if not status.request.given_up:
        return failed[0] if failed else None
    return next((stage for stage in failed if status.error.startswith(f"{stage.name}: ")), None)
