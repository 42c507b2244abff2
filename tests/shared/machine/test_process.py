import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from shared.machine.process import process_is_alive, process_is_gone, this_process
from tests.support.patience import until
from tests.support.toys import ROOT

NAME = (
    "import sys; from shared.machine.process import this_process; "
    "print(this_process(), flush=True); sys.stdin.read()"
)
Child = tuple["subprocess.Popen[str]", str]


@pytest.fixture
def child() -> Iterator[Child]:
    process = subprocess.Popen(
        [sys.executable, "-c", NAME], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


def test_this_process_is_alive() -> None:
    assert process_is_alive(this_process())
    assert not process_is_gone(this_process())


def test_another_process_is_alive_until_it_ends(child: Child) -> None:
    process, name = child
    assert name != this_process()
    assert process_is_alive(name)
    process.send_signal(signal.SIGSTOP)
    assert process_is_alive(name)
    process.kill()
    until(lambda: process_is_gone(name))  # a zombie by now, which nobody has waited for
    process.wait()
    assert process_is_gone(name)
    assert not process_is_alive(name)


def test_a_process_number_that_another_process_has_now_is_a_gone_process() -> None:
    host, namespace, number, _ = this_process().split("|")
    assert process_is_gone(f"{host}|{namespace}|{number}|1")


def test_a_forked_process_has_a_name_of_its_own() -> None:
    code = (
        "import os; from shared.machine.process import this_process; this_process(); pid = os.fork()\n"
        "if not pid: os.write(1, this_process().encode()); os._exit(0)\n"
        "os.waitpid(pid, 0); print(f' {pid}')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    name, number = done.stdout.split()
    assert name.split("|")[2] == number
    assert process_is_gone(name)


@pytest.mark.parametrize(
    "name",
    ["", "elsewhere|pid:[1]@boot|1|1", f"{socket.gethostname()}|pid:[4026531836]@boot|1|1"],
    ids=["nameless", "another host", "another kernel of the same host name"],
)
def test_what_cannot_be_seen_from_here_is_neither_alive_nor_gone(name: str) -> None:
    assert not process_is_alive(name)
    assert not process_is_gone(name)
