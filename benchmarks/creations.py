"""The list of all creations, of 10,000 in a folder: how soon a page is there, and what the index costs.

The creations are the project's own documents: briefs, requests, claims, stages' records and manifests, as a
worker writes them. They are written as plain files, since a store waits for the disk with each one.
"""

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx

from benchmarks.polling import serving
from jobs.catalogue import pipelines
from shared.machine.memory import tree_kib
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation, canonical_json
from shared.records.documents import Claim, Cost, InputFile, OutputFile, Record, Request, utc_now
from shared.records.names import MANIFEST, REQUEST, claim_name, record_name
from shared.runs.manifest import manifest
from shared.runs.observe import observe
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from shared.worker.inline import InlinePlatform

_WORDS: Final = (
    "Autumn",
    "Premium",
    "Harbour",
    "Night",
    "Watch",
    "Garden",
    "Tale",
    "River",
    "Studio",
    "Blue",
)
_PIPELINES: Final = ("ad", "story", "presenter")
_BRIEFS: Final = {"ad": "assets/ad.json", "story": "assets/story.json", "presenter": "assets/slides.json"}
_ROUNDS: Final = 20
_ID: Final = "film-template"
_TITLE: Final = "Untitled film"
_AT: Final = datetime(2001, 1, 1, tzinfo=UTC)
_TO_THE_MINUTE: Final = "%Y-%m-%dT%H:%M:"


@dataclass(frozen=True, kw_only=True)
class Timed:
    """Answers to the same question."""

    median_ms: float
    slowest_ms: float
    cpu_ms: float
    """Of the server for each answer, what it looks up beside the requests included."""
    total: int
    """Creations that match."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What a server took for its list."""

    first_s: float
    """The first page of a server that knows nothing yet."""
    shown: int
    whole_s: float
    """Until the list said that it is complete."""
    memory_kib: int
    """By how much the process has grown."""
    pages: dict[str, Timed]
    health_ms: float
    """The median answer of `/healthz`."""
    appears_s: float
    """From writing a creation into the folder to seeing it in the list."""


def fill(root: Path, count: int) -> None:
    """Creations that are completed, and one in 20 failed; their objects as files of the store.

    Of each kind one is made, and the others are copies with their own ID, title and time.
    """
    shuffled = random.Random(count)
    known = pipelines()
    made = {
        (name, failed): list(_objects(known[name], is_broken=failed))
        for name in _PIPELINES
        for failed in (False, True)
    }
    start = utc_now() - timedelta(days=90)
    for number in range(count):
        title = f"{' '.join(shuffled.sample(_WORDS, 3))} {number}"
        own = {
            _ID: f"film-{number:05d}",
            _TITLE: title,
            f"{_AT:{_TO_THE_MINUTE}}": f"{start + timedelta(minutes=number):{_TO_THE_MINUTE}}",
        }
        for key, data in made[_PIPELINES[number % len(_PIPELINES)], number % 20 == 0]:
            path = root / key.replace(_ID, own[_ID])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_with(own, data))


def _with(own: dict[str, str], data: bytes) -> bytes:
    for old, new in own.items():
        data = data.replace(old.encode(), new.encode())
    return data


def _objects(pipeline: Pipeline, *, is_broken: bool) -> Iterator[tuple[str, bytes]]:
    """Those of one creation, in the order in which they are written."""
    creation_id, at, title = _ID, _AT, _TITLE
    creation = Creation(MemoryStore(), creation_id)
    request = Request(pipeline=pipeline.name, requested_at=at, created_at=at)
    put = creation.write
    put("assets/1/1.txt", b"A caption.")
    put(_BRIEFS[pipeline.name], canonical_json({"product_name": title, "title": title}))
    failing = list(pipeline.stages)[-1] if is_broken else ""
    for place, stage in enumerate(pipeline.stages, 1):
        done = at + timedelta(seconds=place)
        put(claim_name(1, stage), Claim(token="token", claimed_at=at, execution="local|elsewhere").to_bytes())
        fans_out = pipeline.stages[stage].fan_out is not None
        record = _record(pipeline, stage, at, done, is_broken=stage == failing)
        put(record_name(stage, 0 if fans_out else None), record.to_bytes())
    status = observe(
        creation,
        request,
        pipeline,
        InlinePlatform(creation.store, Settings(), {}, {}),
        now=utc_now(),
        stale_after_s=60,
    )
    put(REQUEST, request.to_bytes())
    put(MANIFEST, canonical_json(manifest(request, status)))
    for info in sorted(creation.store.list(""), key=lambda info: int(info.generation)):
        yield info.key, creation.store.read(info.key)[0]


def _record(pipeline: Pipeline, stage: str, at: datetime, done: datetime, *, is_broken: bool) -> Record:
    last = stage == list(pipeline.stages)[-1]
    names = (
        {"video": pipeline.film, "poster": "assets/poster.jpg"} if last else {"made": f"cache/{stage}/made"}
    )
    output = {"size_bytes": 1 << 20, "content_hash": "0" * 64, "description": "what it made"}
    made = {label: OutputFile(key=key, **output) for label, key in names.items()}
    error = {"kind": "ProviderFailed", "message": f"{stage}: the model timed out", "permanent": False}
    read = InputFile(key="assets/1/1.txt", size_bytes=10, content_hash="0" * 64)
    return Record.model_validate(
        {
            "pipeline": pipeline.name,
            "stage": stage,
            "run": 1,
            "owner": "x",
            "status": "failed" if is_broken else "success",
            "started_at": at,
            "heartbeat_at": done,
            "completed_at": done,
            "progress": 0.5 if is_broken else 1,
            "inputs": (read,),
            "outputs": {} if is_broken else made,
            "metadata": {"words": 120, "scenes": 4},
            "cost": Cost(duration_ms=1000, cpu_s=1.5, peak_memory_mib=400, usd={"cloudrun": 0.0002}),
            "error": error if is_broken else None,
        }
    )


def listed(root: Path, count: int) -> Listed:
    """Ask a server in a process of its own."""
    fill(root, count)
    with serving(root.as_uri(), {}) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        before_kib = tree_kib(server.pid)
        began = time.perf_counter()
        first = _page(client)
        first_s = time.perf_counter() - began
        while not _page(client)["complete"]:
            time.sleep(0.1)
        whole_s = time.perf_counter() - began
        grown_kib = tree_kib(server.pid) - before_kib
        last = _last_cursor(client)
        asked = {
            "first page": {},
            "search": {"search": "harbour 77"},
            "no match": {"search": "nothing of the kind"},
            "filter": {"pipeline": "ad", "status": "failed"},
            "last page": {"cursor": last},
        }
        pages = {name: _timed(client, server.pid, query) for name, query in asked.items()}
        health_ms = _health_ms(client)
        appears_s = _appears(client, root)
    return Listed(
        first_s=first_s,
        shown=len(first["creations"]),
        whole_s=whole_s,
        memory_kib=grown_kib,
        pages=pages,
        health_ms=health_ms,
        appears_s=appears_s,
    )


def _page(client: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = client.get("/creations", params={"limit": 50, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _last_cursor(client: httpx.Client) -> str:
    cursor = before = ""
    while True:
        found = _page(client, limit=100, **({"cursor": cursor} if cursor else {}))
        if found["next_cursor"] is None:
            return before
        before, cursor = cursor or before, found["next_cursor"]


def _timed(client: httpx.Client, pid: int, query: dict[str, str]) -> Timed:
    times, total, cpu_s = [], 0, _cpu_s(pid)
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        total = _page(client, **query)["total"]
        times.append(time.perf_counter() - began)
        time.sleep(0.1)
    return Timed(
        median_ms=median(times) * 1000,
        slowest_ms=max(times) * 1000,
        cpu_ms=1000 * (_cpu_s(pid) - cpu_s) / _ROUNDS,
        total=total,
    )


def _cpu_s(pid: int) -> float:
    """That a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _health_ms(client: httpx.Client) -> float:
    """The server's shortest answer, to compare with: the machine may be busy."""
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        client.get("/healthz")
        times.append(time.perf_counter() - began)
    return median(times) * 1000


def _appears(client: httpx.Client, root: Path) -> float:
    """Another process makes a creation; a page that is open asks twice a second."""
    place = root / "brand-new/assets/1/1.txt"
    place.parent.mkdir(parents=True)
    place.write_text("Hello.")
    began = time.perf_counter()
    while not _page(client, search="brand-new")["total"]:
        time.sleep(0.5)
    return time.perf_counter() - began
