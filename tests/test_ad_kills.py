"""Stages that buy, killed, stopped and cancelled as processes: what was paid for is not paid for again."""

import itertools
import os
import shutil
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.providers.account import PAID
from shared.runs.trigger import Trigger
from shared.storage.file import FileStore
from shared.worker.entry import DONE, FAILED
from tests.emulators.elevenlabs import SPOKEN
from tests.support.ad_process import AdNursery
from tests.support.ads import CLIP, ID, PICTURE, Vendors, fill, open_vendors, shrink
from tests.support.nursery import Nursery
from tests.support.patience import until
from tests.support.shards import EXTENTS, Extent, in_turn, of_extent
from tests.support.toys import FakePlatform, When

BOUGHT_BY = {
    "script_gen": {"message": 2},
    "voice_gen": {SPOKEN: 4},
    "video_gen": {CLIP: 4},
    "cta_gen": {PICTURE: 1},
}
CALLS = {"script_gen": 6, "voice_gen": 24, "video_gen": 28, "cta_gen": 7}
"""On what is paid for."""
SIDES: tuple[When, When] = ("before", "after")
AFTER_ANSWERS: tuple[tuple[int, When], ...] = ((2, "before"), (2, "after"), (3, "before"))
ANSWERED = frozenset((first + call, when) for first in (0, 3) for call, when in AFTER_ANSWERS)
"""Sides of script_gen's store calls between an answer of Claude's and the note that tells of it. Each of its
two questions makes three calls: a look for the note, the answer's words, the note."""


@pytest.fixture(scope="module")
def nurseries() -> Iterator[list[Nursery]]:
    with AdNursery() as one, AdNursery() as other:
        yield [one, other]


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory, nurseries: list[Nursery]) -> Path:
    """A store with a creation that has its script."""
    root = tmp_path_factory.mktemp("scripted") / "store"
    fill(FileStore(root))
    with open_vendors() as vendors:
        assert nurseries[0].run("ad", root, **job("script_gen", vendors)) == 0
    return root


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch.setattr)


def job(stage: str, vendors: Vendors, **how: Any) -> dict[str, Any]:
    return {"stage": stage, "environ": vendors.environ(), **how}


def settle(vendors: Vendors) -> None:
    """Wait until the stand-ins have heard to their ends those who were killed."""
    until(lambda: not any(vendor._server.connections for vendor in vendors.all))


def fill_root(root: Path, stage: str, scripted: Path) -> Path:
    """Make it a store with what the stage needs."""
    if stage == "script_gen":
        fill(FileStore(root))
    else:
        shutil.copytree(scripted, root)
    return root


def kill_each(
    nursery: Nursery, folder: Path, scripted: Path, stage: str, cases: Iterable[tuple[int, When]]
) -> None:
    """Kill at these calls on what is paid for; the stage makes `CALLS` of them."""
    for call, when in cases:
        how = {"signal": "SIGKILL", "paid_call": call, "when": when}
        end, paid = killed_and_run_again(nursery, folder / f"{call}-{when}", scripted, stage, how)
        assert end == (-signal.SIGKILL if call <= CALLS[stage] else 0), (call, when)
        lost = stage == "script_gen" and (call, when) in ANSWERED
        assert paid == ({"message": 3} if lost else BOUGHT_BY[stage]), (call, when)


def killed_and_run_again(
    nursery: Nursery, root: Path, scripted: Path, stage: str, how: dict[str, Any]
) -> tuple[int, dict[str, int]]:
    """The end of the process that was to be killed, and what was paid for in all."""
    fill_root(root, stage, scripted)
    with open_vendors() as vendors:
        end = nursery.run("ad", root, **job(stage, vendors, **how))
        assert end in (-signal.SIGKILL, 0)
        settle(vendors)
        assert nursery.run("ad", root, **job(stage, vendors)) == 0
        shutil.rmtree(root)
        return end, vendors.paid


@pytest.mark.parametrize("extent", EXTENTS)
@pytest.mark.parametrize("stage", BOUGHT_BY)
def test_a_stage_killed_around_any_note_of_what_it_buys_buys_nothing_twice(
    tmp_path: Path, nurseries: list[Nursery], scripted: Path, stage: str, extent: Extent
) -> None:
    """But for Claude's answers: one that came and was not noted is asked for once more.

    After one call is before the next, so every other call on both sides is each place between two calls.
    """
    odd = range(1, CALLS[stage] + 3, 2)  # the last one never comes
    cases = of_extent(extent, [(call, when) for call in odd for when in SIDES])

    def kill(number: int) -> None:
        kill_each(nurseries[number], tmp_path, scripted, stage, cases[number :: len(nurseries)])

    with ThreadPoolExecutor(len(nurseries)) as pool:
        list(pool.map(kill, range(len(nurseries))))


@pytest.mark.soak
@pytest.mark.parametrize("stage", BOUGHT_BY)
def test_a_stage_killed_around_any_store_call_buys_nothing_twice(
    tmp_path: Path, nurseries: list[Nursery], scripted: Path, stage: str
) -> None:
    def kill(number: int) -> int:
        for call in itertools.count(number + 1, len(nurseries)):
            for when in SIDES:
                how = {"signal": "SIGKILL", "call": call, "when": when}
                root = tmp_path / f"{call}-{when}"
                end, paid = killed_and_run_again(nurseries[number], root, scripted, stage, how)
                extra = {"message": 3} if stage == "script_gen" else {}
                assert paid in (BOUGHT_BY[stage], BOUGHT_BY[stage] | extra), (call, when)
            if end == 0:
                return call
        raise AssertionError

    with ThreadPoolExecutor(len(nurseries)) as pool:
        ends = list(pool.map(kill, range(len(nurseries))))
    assert min(ends) > 20


def begin(nursery: Nursery, root: Path, stage: str, vendors: Vendors) -> int:
    """A process whose predictions have begun, and would never end; returns its ID."""
    vendors.replicate.polls = 1_000_000_000
    process = nursery.fork("ad", root, **job(stage, vendors))
    begun = sum(BOUGHT_BY[stage].values())
    until(lambda: len(list(FileStore(root).list(f"{PAID}predictions/ids/"))) == begun)
    return process


@pytest.mark.parametrize("stage", in_turn([("video_gen",), ("cta_gen",)], kind=lambda _case: ""))
def test_a_stage_that_is_told_to_end_leaves_its_predictions_to_the_next_attempt_and_no_files(
    tmp_path: Path, nurseries: list[Nursery], scripted: Path, stage: str
) -> None:
    root = fill_root(tmp_path / "store", stage, scripted)
    with open_vendors() as vendors:
        process = begin(nurseries[0], root, stage, vendors)
        os.kill(process, signal.SIGTERM)
        assert nurseries[0].wait(process) == FAILED
        assert list(Path(f"{root}-scratch").iterdir()) == []
        assert vendors.cancelled == []
        vendors.replicate.polls = 1
        assert nurseries[0].run("ad", root, **job(stage, vendors)) == DONE
        assert vendors.paid == BOUGHT_BY[stage]
        assert "GET /v1/predictions" not in {call.line for call in vendors.replicate.calls}, "had to look"


def test_a_voice_that_is_heard_while_the_stage_is_told_to_end_is_kept(
    tmp_path: Path, nurseries: list[Nursery], scripted: Path
) -> None:
    root = fill_root(tmp_path / "store", "voice_gen", scripted)
    with open_vendors() as vendors:
        vendors.elevenlabs.takes_s = 0.3
        process = nurseries[0].fork("ad", root, **job("voice_gen", vendors))
        until(lambda: len(vendors.elevenlabs.calls_of("POST /v1/text-to-speech/")) == 4)
        os.kill(process, signal.SIGTERM)
        assert nurseries[0].wait(process) == FAILED
        assert list(Path(f"{root}-scratch").iterdir()) == []
        assert nurseries[0].run("ad", root, **job("voice_gen", vendors)) == DONE
        assert vendors.paid == BOUGHT_BY["voice_gen"]
        assert len(vendors.elevenlabs.calls) == 4


@pytest.mark.parametrize(
    ("told", "stage"),
    in_turn(list(itertools.product(("by its heartbeat", "by a signal"), ("video_gen", "cta_gen")))),
)
def test_a_stage_whose_run_is_cancelled_cancels_its_predictions(
    tmp_path: Path, nurseries: list[Nursery], scripted: Path, told: str, stage: str
) -> None:
    """Platforms send the signal too: it comes before the heartbeat has looked."""
    root = fill_root(tmp_path / "store", stage, scripted)
    with open_vendors() as vendors:
        process = begin(nurseries[0], root, stage, vendors)
        status = Trigger(FileStore(root), FakePlatform(), pipelines()).cancel(ID)
        assert status.request.cancelled_at
        if told == "by a signal":
            os.kill(process, signal.SIGTERM)
        assert nurseries[0].wait(process) == FAILED
        assert list(Path(f"{root}-scratch").iterdir()) == []
        assert sorted(vendors.cancelled) == sorted(each.id for each in vendors.replicate.predictions)
        assert {each.ended for each in vendors.replicate.predictions} <= {"canceled", "aborted"}
