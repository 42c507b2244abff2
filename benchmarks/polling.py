"""Status polling over HTTP: how fast it is, and whether it depends on the number of creations."""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles
from typing import IO

import httpx

from jobs.catalogue import pipelines
from shared.records.creation import Creation
from shared.records.documents import Claim, Record, Request, save, save_request, utc_now
from shared.records.names import claim_name, record_name
from shared.storage import ObjectStore, open_store

CLIENTS = 8
REQUESTS = 1200


@dataclass(frozen=True, kw_only=True)
class Polled:
    """Measurements of clients that poll the status of their own creations without pause."""

    per_second: float
    median_ms: float
    slow_ms: float
    """95 of 100 responses took at most this."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A process with the HTTP server."""

    url: str
    pid: int


def fill(store: ObjectStore, first: int, count: int) -> None:
    """Creations at work: narrated, now rendering."""
    now = utc_now()
    facts = {"pipeline": "story", "run": 1, "owner": "x", "started_at": now, "heartbeat_at": now}
    request = Request(pipeline="story", requested_at=now, created_at=now)
    claim = Claim(token="token", claimed_at=now, execution="local|elsewhere")
    narrated = Record(
        stage="narrate", status="success", completed_at=now, progress=1, metadata={"segments": 40}, **facts
    )
    rendering = Record(stage="render", status="running", progress=0.4, message="12 of 40", **facts)

    def put(number: int) -> None:
        creation = Creation(store, f"film-{number}")
        creation.write("assets/1/1.txt", b"A caption.")
        save_request(creation, request, expect=None)
        for stage in ("narrate", "render"):
            save(creation, claim_name(1, stage), claim, expect=None)
        save(creation, record_name("narrate", None), narrated, expect=None)
        save(creation, record_name("render", 0), rendering, expect=None)

    assert set(pipelines()["story"].stages) >= {"narrate", "render"}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(first, first + count)))


@contextmanager
def serving(store_url: str, environ: dict[str, str], *options: str) -> Iterator[Server]:
    """The HTTP server in a separate process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts", "serve", "--port", "0", *options],
        env={**os.environ, "LOG_LEVEL": "error", "STALE_AFTER_S": "86400", **environ, "STORE_URL": store_url},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Server(url=_url_from(process), pid=process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _url_from(process: "subprocess.Popen[str]") -> str:
    assert process.stderr
    for line in process.stderr:
        if found := re.search(r"listening on (http://\S+?),", line):
            threading.Thread(target=_drained, args=(process.stderr,), daemon=True).start()
            return found[1]
    raise SystemExit("the server did not start")


def _drained(log: IO[str]) -> None:
    with log:
        log.read()


@contextmanager
def cloud_storage() -> Iterator[str]:
    """The tests' stand-in for Cloud Storage in a separate process, with a bucket; yields its URL."""
    command = [sys.executable, "-m", "tests.emulators.cloud_storage", "--bucket", "reelwright"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def poll(url: str, creations: int) -> Polled:
    """Request the status of creations chosen at random, one for each client."""
    chosen = random.Random(creations).sample(range(creations), CLIENTS)

    def ask(number: int) -> list[float]:
        took = []
        with httpx.Client(base_url=url, timeout=30) as client:
            for _ in range(REQUESTS // CLIENTS):
                started = time.perf_counter()
                answer = client.get(f"/me/creation/film-{number}/generate_video_status")
                took.append(time.perf_counter() - started)
                assert json.loads(answer.content)["status"] == "pending", answer.text
        return took

    ask(chosen[0])
    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        times = [each for part in pool.map(ask, chosen) for each in part]
    cuts = quantiles(times, n=20)
    return Polled(
        per_second=REQUESTS / (time.perf_counter() - started),
        median_ms=cuts[9] * 1000,
        slow_ms=cuts[18] * 1000,
    )


def polls(store_url: str, environ: dict[str, str], sizes: tuple[int, ...]) -> dict[int, Polled]:
    """Poll with these numbers of creations in the store, the smallest first."""
    found, there = {}, 0
    for size in sizes:
        fill(open_store(store_url), there, size - there)
        there = size
        with serving(store_url, environ) as server:
            found[size] = poll(server.url, size)
    return found
