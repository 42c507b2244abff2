"""Processes that are killed, or sleep and wake too late, at every single store call."""

import io
import itertools
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from shared.records.creation import Creation
from shared.records.documents import Claim, Record, load
from shared.runs.trigger import Trigger
from shared.storage.file import FileStore
from tests.support.nursery import Nursery
from tests.support.patience import until
from tests.support.shards import EXTENTS, Extent, of_extent
from tests.support.toys import FakePlatform, When, contents, fill, generations, run_fused, toys, watched

WORDS = b"one two three"


@pytest.fixture(scope="module")
def nurseries() -> Iterator[list[Nursery]]:
    with Nursery() as one, Nursery() as other:
        yield [one, other]


def calls_of_a_run(root: Path) -> list[str]:
    """The names of all store calls of a run from the start to its end."""
    calls: list[str] = []
    store = watched(
        FileStore(root), lambda _n, side, name, _key: calls.append(name) if side == "before" else None
    )
    fill(FileStore(root), words=WORDS)
    assert run_fused(store).status == "completed"
    return calls


@pytest.mark.parametrize("extent", EXTENTS)
def test_a_run_killed_around_any_store_call_ends_in_the_same_bytes_when_run_again(
    tmp_path: Path, nurseries: list[Nursery], extent: Extent
) -> None:
    """On both sides of every call; the short form kills at the calls of the day's shard."""
    calls = calls_of_a_run(tmp_path / "whole")
    wanted = contents(FileStore(tmp_path / "whole"), "toy/assets/")
    cached = contents(FileStore(tmp_path / "whole"), "toy/cache/")
    assert len(wanted) == 8
    assert len(calls) > 100

    def kill_each(nursery: Nursery, cases: list[tuple[int, When]]) -> None:
        for call, when in cases:
            root = tmp_path / f"{call}-{when}"
            fill(FileStore(root), words=WORDS)
            assert nursery.run("fused", root, signal="SIGKILL", call=call, when=when) == -signal.SIGKILL
            assert nursery.run("fused", root) == 0
            assert contents(FileStore(root), "toy/assets/") == wanted, (call, when)
            assert contents(FileStore(root), "toy/cache/") == cached, (call, when)

    sides: tuple[When, ...] = ("before", "after")
    every = 1 if extent == "all" else 2  # mostly, after one call is before the next
    cases = of_extent(extent, [(call, side) for call in range(1, len(calls) + 1, every) for side in sides])
    with ThreadPoolExecutor(len(nurseries)) as pool:
        shares = [cases[number :: len(nurseries)] for number in range(len(nurseries))]
        list(pool.map(kill_each, nurseries, shares))


def fill_story(root: Path) -> None:
    """A story of two parts, as small as a film can be."""
    from PIL import Image

    creation = Creation(FileStore(root), "tale")
    for number, colour in enumerate(("firebrick", "navy"), 1):
        picture = io.BytesIO()
        Image.new("RGB", (90, 160), colour).save(picture, "PNG")
        creation.write(f"assets/{number}/image.png", picture.getvalue())
        creation.write(f"assets/{number}/1.txt", f"Part {number}.".encode())
    creation.write("assets/story.json", b'{"size": "320x568", "frame_rate": "12"}')


@pytest.mark.soak
def test_a_story_killed_around_any_store_call_ends_in_the_same_film_when_run_again(
    tmp_path: Path, nurseries: list[Nursery]
) -> None:
    fill_story(tmp_path / "whole")
    assert nurseries[0].run("story", tmp_path / "whole") == 0
    wanted = contents(FileStore(tmp_path / "whole"), "tale/assets/")
    assert len(wanted["tale/assets/video.mp4"]) > 1000

    def kill_each(nursery: Nursery, first: int) -> int:
        """Every other call, on one side and then the other, until the run is over before the call."""
        for call in itertools.count(first, len(nurseries)):
            for when in ("before", "after"):
                root = tmp_path / f"{call}-{when}"
                fill_story(root)
                end = nursery.run("story", root, signal="SIGKILL", call=call, when=when)
                assert end in (-signal.SIGKILL, 0)
                assert nursery.run("story", root) == 0
                assert contents(FileStore(root), "tale/assets/") == wanted, (call, when)
                shutil.rmtree(root)
                shutil.rmtree(f"{root}-scratch")
                if end == 0:
                    return call
        raise AssertionError

    with ThreadPoolExecutor(len(nurseries)) as pool:
        ends = list(pool.map(kill_each, nurseries, range(1, len(nurseries) + 1)))
    assert min(ends) > 80


def launched(root: Path) -> dict[str, str]:
    """A creation whose stage `left` was launched by some platform: the variables of its process."""
    store = FileStore(root)
    creation = Creation(store, "toy")
    request = Trigger(store, FakePlatform(), {"toys": toys()}).start("toys", "toy").request
    claim = Claim(token="secret", claimed_at=request.requested_at, execution="fake-left")
    creation.write(f"claims/{request.run}/left", claim.to_bytes())
    return {
        "STORE_URL": store.url,
        "REELWRIGHT_CLAIM": "secret",
        "TASK_EXECUTION": "fake-left",
        "HEARTBEAT_S": "30",
    }


def woken(nursery: Nursery, pid: int) -> int:
    os.kill(pid, signal.SIGCONT)
    return nursery.wait(pid)


def calls_of_left(root: Path, nursery: Nursery) -> int:
    """How many store calls the stage makes."""
    fill(FileStore(root), words=WORDS)
    run_fused(FileStore(root))
    FileStore(root).write("toy/assets/style.txt", b"+")
    environ = launched(root)
    call = 1
    while True:
        pid = nursery.fork("stage", root, stage="left", environ=environ, signal="SIGSTOP", call=call)
        if nursery.wait(pid) != -signal.SIGSTOP:
            return call - 1
        os.kill(pid, signal.SIGKILL)
        nursery.wait(pid)
        environ = environ | {"TASK_ATTEMPT": str(call)}
        call += 1


@pytest.mark.parametrize("extent", EXTENTS)
def test_an_attempt_that_sleeps_before_any_store_call_while_the_next_one_works_publishes_nothing(
    tmp_path: Path, nurseries: list[Nursery], extent: Extent
) -> None:
    nursery = nurseries[0]
    calls = calls_of_left(tmp_path / "count", nursery)
    assert calls > 10
    for call in of_extent(extent, range(1, calls + 1)):
        root, log = tmp_path / str(call), tmp_path / f"{call}.log"
        store = FileStore(root)
        fill(store, words=WORDS)
        run_fused(store)
        store.write("toy/assets/style.txt", b"+")
        environ = launched(root)
        sleeper = nursery.fork(
            "stage", root, stage="left", environ=environ, signal="SIGSTOP", call=call, log=str(log)
        )
        assert nursery.wait(sleeper) == -signal.SIGSTOP
        assert nursery.run("stage", root, stage="left", environ=environ | {"TASK_ATTEMPT": "1"}) == 0
        before = generations(store, "toy/")
        assert woken(nursery, sleeper) == 1, call
        assert generations(store, "toy/") == before, call
        assert "was taken over by another; nothing was published" in log.read_text()
        record, _ = load(Creation(store, "toy"), "stages/left.json", Record)
        assert record is not None
        assert (record.status, record.attempt) == ("success", 1)
        assert store.read("toy/assets/left.txt")[0] == b"eno+owt+eerht"


def completes(nursery: Nursery, root: Path) -> bool:
    """Whether a run now does; not while the sleeper still counts as alive."""
    return nursery.run("fused", root, stale_after_s=0.02) == 0


@pytest.mark.parametrize("extent", EXTENTS)
def test_an_attempt_that_sleeps_through_a_later_run_harms_none_of_it(
    tmp_path: Path, nurseries: list[Nursery], extent: Extent
) -> None:
    """The later run makes what was there before, byte for byte: still the sleeper may not overwrite it."""
    nursery = nurseries[0]
    calls = calls_of_left(tmp_path / "count", nursery)
    for call in of_extent(extent, range(1, calls + 1)):
        root = tmp_path / str(call)
        store = FileStore(root)
        fill(store, words=WORDS)
        run_fused(store)
        wanted = contents(store)
        store.write("toy/assets/style.txt", b"+")
        environ = launched(root)
        sleeper = nursery.fork("stage", root, stage="left", environ=environ, signal="SIGSTOP", call=call)
        assert nursery.wait(sleeper) == -signal.SIGSTOP
        store.write("toy/assets/style.txt", b"-")
        until(partial(completes, nursery, root))
        before = generations(store, "toy/")
        assert woken(nursery, sleeper) == 1, call
        assert generations(store, "toy/") == before, call
        assert contents(store) == wanted
