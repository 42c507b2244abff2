import pytest

from shared.runs.trigger import Trigger
from shared.storage.memory import MemoryStore
from tests.jobs.ad.http.ads import fail, finish, leave, start
from tests.support.api import AD, NotingPlatform


@pytest.fixture
def trigger() -> Trigger:
    return Trigger(MemoryStore(), NotingPlatform(), {"ad": AD})


def blamed(trigger: Trigger) -> str | None:
    stage = trigger.status("job-123").failed_stage
    return stage.name if stage else None


def test_stages_that_never_began_are_not_to_blame(trigger: Trigger) -> None:
    creation = start(trigger)
    finish(trigger, creation, "script_gen")
    fail(creation, "cta_gen", "no")
    assert blamed(trigger) == "cta_gen"
    trigger.advance("job-123")
    assert trigger.status("job-123").stages["voice_gen"].state == "failed"
    assert blamed(trigger) == "cta_gen"


def test_stages_that_were_stopped_are_not_to_blame(trigger: Trigger) -> None:
    creation = start(trigger)
    finish(trigger, creation, "script_gen")
    failure = {"kind": "Stopped", "message": "stopped", "permanent": False}
    leave(creation, "voice_gen", "failed", error=failure)
    fail(creation, "video_gen", "no")
    assert blamed(trigger) == "video_gen"


def test_nothing_is_to_blame_for_what_was_cancelled_or_goes_on(trigger: Trigger) -> None:
    start(trigger)
    assert blamed(trigger) is None
    trigger.cancel("job-123")
    assert blamed(trigger) is None
