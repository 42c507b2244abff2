import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from shared.machine.temporary import abandoned, remove, remove_abandoned, scratch

ELSEWHERE = "memory://elsewhere"


def left_by_a_killed_process() -> Path:
    """What one that was killed at work leaves behind, with four bytes in it."""
    code = (
        "import os, signal; from shared.machine.temporary import scratch\n"
        "with scratch() as folder:\n"
        "    (folder / 'file').write_bytes(b'left'); print(folder.parent, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    environ = {**os.environ, "TMPDIR": tempfile.gettempdir()}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, text=True, check=False
    )
    return Path(done.stdout.strip())


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_empty_and_goes_away_also_after_an_error(temporary: Path) -> None:
    def fail() -> None:
        with scratch() as folder:
            assert list(folder.iterdir()) == []
            (folder / "file").write_bytes(b"x")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(temporary: Path) -> None:
    dead = left_by_a_killed_process()
    with scratch() as used:
        remove_abandoned(ELSEWHERE)
        assert list(temporary.iterdir()) == [used.parent]
        remove(used.parent)
        assert used.is_dir()
    assert not dead.exists()


def test_what_has_no_mark_of_the_program_s_own_is_never_touched(temporary: Path) -> None:
    target = left_by_a_killed_process().rename(temporary / "other")
    (temporary / "reelwright-linked").symlink_to(target)
    (temporary / "reelwright-store").mkdir()
    (temporary / "reelwright-marked").mkdir()
    (temporary / "reelwright-marked/.reelwright-scratch").symlink_to(target / ".reelwright-scratch")
    before = sorted(temporary.rglob("*"))
    assert abandoned(ELSEWHERE) == []
    for name in ("reelwright-linked", "reelwright-store", "reelwright-marked"):
        remove(temporary / name)
    remove_abandoned(ELSEWHERE)
    assert sorted(temporary.rglob("*")) == before


@pytest.mark.parametrize("store", ["", "/files", "/files/creations", "/.."])
def test_neither_the_store_nor_what_holds_it_is_taken_for_abandoned(store: str) -> None:
    dead = left_by_a_killed_process()
    assert abandoned(f"{dead.as_uri()}{store}") == []
    assert [left.folder for left in abandoned(f"{dead.as_uri()}-beside")] == [dead]


def test_another_user_s_folder_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = left_by_a_killed_process()
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    assert abandoned(ELSEWHERE) == []
    remove(dead)
    assert dead.is_dir()
