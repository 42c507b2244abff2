"""A store in a folder that many processes use at once, some of which are killed."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.storage.file import FileStore

REPOSITORY = Path(__file__).parents[3]

CLAIM = """
import sys, pathlib
from shared.errors import PreconditionFailed
from shared.storage.file import FileStore
store = FileStore(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    try:
        store.write(f"claims/{number}", sys.argv[2].encode(), expect="0")
        print(number)
    except PreconditionFailed:
        pass
"""
COUNT = """
import sys, pathlib
from shared.errors import PreconditionFailed
from shared.storage.file import FileStore
store = FileStore(pathlib.Path(sys.argv[1]))
done = 0
while done < 10:
    data, info = store.read("count")
    try:
        store.write("count", str(int(data) + 1).encode(), expect=info.generation)
        done += 1
    except PreconditionFailed:
        pass
"""
REPLACE = """
import itertools, sys, pathlib
from shared.storage.file import FileStore
store = FileStore(pathlib.Path(sys.argv[1]))
for number in itertools.count(int(sys.argv[2])):
    chunk = bytes([number % 256]) * 100_000
    store.write("kept/a", (chunk for _ in range(10)))
    store.write("passing/by/b", chunk)
    store.delete("passing/by/b")
    if number == int(sys.argv[2]):
        print("ready", flush=True)
"""


def child(script: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=-1, stdout=-1, text=True)


def finished(process: "subprocess.Popen[str]") -> str:
    stdout, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def test_one_of_many_processes_creates_an_object(root: Path) -> None:
    processes = [child(CLAIM, root, str(number)) for number in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [finished(process).split() for process in processes]
    assert sorted((claim for claims in won for claim in claims), key=int) == [
        str(number) for number in range(10)
    ]
    for number, claims in enumerate(won):
        assert all(FileStore(root).read(f"claims/{claim}")[0] == str(number).encode() for claim in claims)


def test_processes_that_count_with_preconditions_lose_no_count(root: Path) -> None:
    store = FileStore(root)
    store.write("count", b"0")
    processes = [child(COUNT, root) for _ in range(8)]
    for process in processes:
        finished(process)
    assert store.read("count")[0] == b"80"


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_a_killed_writer_leaves_the_old_object_or_the_new_one(root: Path, kills: int) -> None:
    chance = random.Random(kills)
    for number in range(kills):
        process = child(REPLACE, root, str(number))
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        data, info = FileStore(root).read("kept/a")
        assert (len(data), len(set(data))) == (1_000_000, 1)
        assert info == FileStore(root).stat("kept/a")
        assert info.content_hash == hashlib.sha256(data).hexdigest()
        assert [info.size_bytes for info in FileStore(root).list("")] in ([1_000_000], [1_000_000, 100_000])
