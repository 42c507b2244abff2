from collections.abc import Callable

import pytest

from shared.platforms import ExecutionState
from shared.platforms.remembered import Remembered


class _Cloud:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.answer = ExecutionState(status="running")
        self.asked: list[str] = []
        self.now = 0.0
        self.remembered = Remembered(lambda: self.now)

    def state(self, *, ask_again: bool = False) -> str:
        return self.remembered.state("one", self.ask, ask_again=ask_again).status

    def ask(self, execution: str) -> ExecutionState:
        self.asked.append(execution)
        return self.answer


@pytest.fixture
def cloud() -> _Cloud:
    return _Cloud()


def test_what_runs_is_asked_for_again_after_some_seconds_and_what_ended_after_minutes(cloud: _Cloud) -> None:
    assert [cloud.state(), cloud.state()] == ["running", "running"]
    assert len(cloud.asked) == 1
    cloud.now, cloud.answer = 5.0, ExecutionState(status="ended")
    assert cloud.state() == "ended"
    cloud.now = 304.0
    assert cloud.state() == "ended"
    assert len(cloud.asked) == 2
    cloud.now = 305.0
    assert cloud.state() == "ended"
    assert len(cloud.asked) == 3


@pytest.mark.parametrize(
    "forget", [lambda cloud: cloud.state(ask_again=True), lambda cloud: cloud.remembered.forget("one")]
)
def test_what_must_be_new_is_asked_for_but_an_end_stays_one(
    cloud: _Cloud, forget: Callable[[_Cloud], object]
) -> None:
    cloud.state()
    cloud.answer = ExecutionState(status="ended")
    forget(cloud)
    assert cloud.state() == "ended"
    assert len(cloud.asked) == 2
    cloud.answer = ExecutionState(status="running")
    assert cloud.state(ask_again=True) == "ended"


def test_what_is_no_longer_asked_for_takes_no_room(cloud: _Cloud) -> None:
    for each in range(50):
        cloud.remembered.state(str(each), cloud.ask, ask_again=False)
        cloud.now += 1
    assert len(cloud.remembered._states) == 5
