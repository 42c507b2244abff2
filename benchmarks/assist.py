"""`POST /assist` under load, to a server that runs beside this process.

The platform starts nothing; the store is a folder.
"""

import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import urlsplit

from jobs.presenter import PIPELINE_FILE
from shared.api.app import create_app
from shared.api.guard.serve import make_server, open_socket, url_of
from shared.pipelines.definition import load_pipeline
from shared.platforms import ExecutionState, JobOrder, LaunchOrder, Unattended
from shared.preparing.posting import read_payload
from shared.preparing.record import load_preparation
from shared.records.creation import Creation
from shared.records.names import PREPARED
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import open_store

_TALK: Final = {
    "avatarId": "Ada",
    "voiceId": "ada",
    "text": "# Hello\n\nThis is a talk about something. " * 20,
}


class Noting(Unattended):
    """Starts nothing."""

    name = "noting"

    def check(self, jobs: object) -> None:
        """Accepts all jobs."""

    def start_job(self, order: JobOrder) -> str:
        return f"noting-{order.token}"

    def launch(self, order: LaunchOrder) -> str:
        return f"noting-{order.token}"

    def find(self, order: LaunchOrder) -> str | None:
        return f"noting-{order.token}"

    def state(self, execution: str, *, ask_again: bool = False) -> ExecutionState:  # noqa: ARG002
        return ExecutionState(status="running")

    def cancel(self, execution: str) -> None:
        """There is nothing to stop."""

    def release(self, execution: str) -> bool:  # noqa: ARG002
        return True


def _serve(store_url: str, said: Any) -> None:
    store = open_store(store_url)
    trigger = Trigger(store, Noting(), {"presenter": load_pipeline(PIPELINE_FILE)})
    server = make_server(create_app(trigger, settings=Settings(store_url=store_url)))
    with open_socket("127.0.0.1", 0) as listener:
        said.send(url_of(listener))
        server.run(sockets=[listener])


def asked(requests: int, connections: int) -> dict[str, Any]:
    """Median and 99th percentile in milliseconds, and how many requests were lost or shared an ID."""
    with tempfile.TemporaryDirectory() as folder:
        url = Path(folder).as_uri()
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(url, theirs))
        server.start()
        try:
            address = urlsplit(ours.recv()).netloc
            _ask_all(address, 64, 8)  # warm
            began = time.monotonic()
            answers = _ask_all(address, requests, connections)
            took_s = time.monotonic() - began
            return _figures(answers, took_s, url)
        finally:
            server.terminate()
            server.join()


def _ask_all(address: str, requests: int, connections: int) -> list[tuple[str, float]]:
    """The ID and the time of every answer."""
    todo: SimpleQueue[int] = SimpleQueue()
    for number in range(requests):
        todo.put(number)
    answers: list[tuple[str, float]] = []
    start = threading.Barrier(connections)

    def work() -> None:
        connection = HTTPConnection(address, timeout=60)
        connection.connect()
        start.wait()
        while True:
            try:
                number = todo.get_nowait()
            except Empty:
                return
            answers.append(_ask(connection, {**_TALK, "name": f"Speaker {number}"}))

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _ask(connection: HTTPConnection, talk: Mapping[str, Any]) -> tuple[str, float]:
    began = time.monotonic()
    connection.request("POST", "/assist", json.dumps(talk), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 202, body
    return str(body["jobId"]), time.monotonic() - began


def _figures(answers: list[tuple[str, float]], took_s: float, url: str) -> dict[str, Any]:
    times = sorted(seconds * 1000 for _, seconds in answers)
    store, ids = open_store(url), [job_id for job_id, _ in answers]
    lost = [job_id for job_id in ids if not _is_there(Creation(store, job_id))]
    marked = {info.key.removeprefix(PREPARED) for info in store.list(PREPARED)}
    return {
        "requests": len(answers),
        "median_ms": round(statistics.median(times), 1),
        "p99_ms": round(times[int(len(times) * 0.99) - 1], 1),
        "requests_per_s": round(len(answers) / took_s),
        "ids_twice": len(ids) - len(set(ids)),
        "lost": len(lost) + len(set(ids) - marked),
    }


def _is_there(creation: Creation) -> bool:
    found, _ = load_preparation(creation)
    return bool(found and read_payload(creation, found)["text"] == _TALK["text"])
