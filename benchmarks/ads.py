"""Ads: how parallel the asset phase is, and how a server copes with many ads at once."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.measure import MemorySampler
from benchmarks.polling import serving
from jobs.ad.brief import BRIEF_NAME, Brief, write_brief
from jobs.ad.styles import style_names
from jobs.catalogue import pipelines
from scripts.sample_product import write_sample_product
from shared.platforms.local import LocalPlatform
from shared.records.creation import Creation
from shared.records.documents import Claim, Record, load
from shared.records.names import claim_name, record_name
from shared.runs.launch import always_fuses, never_fuses
from shared.runs.trigger import Trigger
from shared.storage import ObjectStore, open_store

ASSETS = ("voice_gen", "video_gen", "cta_gen")
_AD = "ad"
_EMBEDDED = {
    "TEXT_PROVIDER": "template",
    "SPEECH_PROVIDER": "espeak",
    "VIDEO_PROVIDER": "motion",
    "IMAGE_PROVIDER": "drawn",
}
_MOST_S = 600.0
_LOOKS_EVERY_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One of the parallel stages."""

    after_s: float
    """From the end of the script to its start."""
    took_s: float


@dataclass(frozen=True, kw_only=True)
class Phase:
    """From the end of the script to the end of the last asset, by the records' times."""

    seconds: float
    branches: Mapping[str, Branch]

    @property
    def slowest_s(self) -> float:
        return max(branch.took_s for branch in self.branches.values())


@contextmanager
def stand_ins() -> Iterator[dict[str, str]]:
    """The paid providers' stand-ins in a separate process; yields the variables to use them."""
    command = [sys.executable, "-m", "benchmarks.stand_ins"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield {"TEXT_PROVIDER": "template", "LOG_LEVEL": "error", **json.loads(process.stdout.readline())}
        finally:
            process.stdin.close()


def asset_phase(root: Path, environ: Mapping[str, str], *, fused: bool) -> Phase:
    """Make an ad up to its assets on the local platform, in one process or one for each stage."""
    store = open_store(root.as_uri())
    brief = Brief(product_name="Premium Watch", style="luxury", cta_text="Shop Now")
    write_brief(Creation(store, _AD), brief, picture=_picture(root))
    said: list[str] = []
    platform = LocalPlatform(store, environ=environ, on_log=said.append)
    trigger = Trigger(store, platform, pipelines(), fuses=always_fuses if fused else never_fuses)
    platform.on_end = trigger.advance
    try:
        trigger.start("ad", _AD)
        _wait_for_assets(trigger, said)
    finally:
        platform.stop()
    return _phase(Creation(store, _AD))


def _wait_for_assets(trigger: Trigger, said: list[str]) -> None:
    until = time.monotonic() + _MOST_S
    while time.monotonic() < until:
        status = trigger.status(_AD)
        if all(status.stages[name].state == "success" for name in ASSETS):
            return
        if status.status != "pending":
            break
        time.sleep(0.5)
    raise SystemExit("\n".join([*said, f"the assets were not made within {_MOST_S:g} s"]))


def _phase(creation: Creation) -> Phase:
    begun = _ended(_record(creation, "script_gen"))
    records = {name: _record(creation, name) for name in ASSETS}
    return Phase(
        seconds=max(_ended(record) for record in records.values()) - begun,
        branches={
            name: Branch(after_s=record.started_at.timestamp() - begun, took_s=_took_s(record))
            for name, record in records.items()
        },
    )


def branch_alone(made: Path, root: Path, environ: Mapping[str, str]) -> float:
    """Seconds of video_gen alone on the machine, for the script of the ad in `made`."""
    store, other = open_store(made.as_uri()), open_store(root.as_uri())
    for name in (BRIEF_NAME, "assets/script.json", "assets/product.png"):
        Creation(other, _AD).write(name, Creation(store, _AD).read(name)[0])
    subprocess.run(
        [sys.executable, "-m", "jobs.ad.video_gen", _AD],
        env={**os.environ, **environ, "STORE_URL": root.as_uri()},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return _took_s(_record(Creation(other, _AD), "video_gen"))


@dataclass(frozen=True, kw_only=True)
class StageLoad:
    """One stage of one ad."""

    waited_s: float
    """From its claim to its start: the wait for a slot and for its process."""
    took_s: float
    cpu_s: float
    peak_mib: int


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Ads that were requested at once."""

    posts_s: list[float]
    """The response times of the POSTs, shortest first."""
    ads_s: list[float]
    """The time from the first POST until each was completed, in that order."""
    failures: list[str]
    peak_mb: float
    """Largest sum of the resident sizes of all processes."""
    stages: Mapping[str, list[StageLoad]]


def crowd(root: Path, ads: int) -> Crowd:
    """Post `count` ads at once, with the styles in turn, and wait until all have ended."""
    picture, place = _picture(root).read_bytes(), root / "store"
    with (
        serving(place.as_uri(), {**_EMBEDDED, "STALE_AFTER_S": "60"}) as server,
        MemorySampler(server.pid, every_s=0.25) as memory,
        httpx.Client(base_url=server.url, timeout=120) as client,
    ):
        began = time.time()
        with ThreadPoolExecutor(ads) as pool:
            posts_s = list(pool.map(lambda number: _post(client, number, picture), range(ads)))
        failures = _wait_for_all(client, ads)
    store = open_store(place.as_uri())
    made = [number for number in range(ads) if _id(number) not in failures]
    ended = [_ended(_record(Creation(store, _id(number)), "compositing")) for number in made]
    return Crowd(
        posts_s=sorted(posts_s),
        ads_s=sorted(at - began for at in ended),
        failures=[f"{name}: {error}" for name, error in failures.items()],
        peak_mb=memory.peak_mb,
        stages={
            stage: [_load(store, number, stage) for number in made] for stage in pipelines()["ad"].stages
        },
    )


def _post(client: httpx.Client, number: int, picture: bytes) -> float:
    started = time.perf_counter()
    fields = {
        "job_id": _id(number),
        "product_name": f"Premium Watch {number}",
        "style": style_names()[number % len(style_names())],
        "cta_text": "Shop Now",
    }
    files = {"product_image": ("watch.png", picture, "image/png")}
    answer = client.post("/api/videos/generate", data=fields, files=files)
    assert answer.json()["status"] == "pending", answer.text
    return time.perf_counter() - started


def _wait_for_all(client: httpx.Client, ads: int) -> dict[str, str]:
    """The errors of those that failed, by ID."""
    failures: dict[str, str] = {}
    left = [_id(number) for number in range(ads)]
    while left:
        time.sleep(_LOOKS_EVERY_S)
        found = {job_id: client.get(f"/api/videos/{job_id}").json() for job_id in left}
        failures |= {job_id: body["error"] for job_id, body in found.items() if body["status"] == "failed"}
        left = [job_id for job_id in left if found[job_id]["status"] not in ("completed", "failed")]
    return failures


def _load(store: ObjectStore, number: int, stage: str) -> StageLoad:
    creation = Creation(store, _id(number))
    record = _record(creation, stage)
    claim, _ = load(creation, claim_name(record.run, stage), Claim)
    assert claim
    return StageLoad(
        waited_s=(record.started_at - claim.claimed_at).total_seconds(),
        took_s=_took_s(record),
        cpu_s=record.cost.cpu_s,
        peak_mib=record.cost.peak_memory_mib,
    )


def _id(number: int) -> str:
    return f"{_AD}-{number}"


def _picture(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    path = root / "product.png"
    write_sample_product(path)
    return path


def _record(creation: Creation, stage: str) -> Record:
    record, _ = load(creation, record_name(stage, None), Record)
    assert record, f"{stage} of {creation.creation_id} has not run"
    return record


def _took_s(record: Record) -> float:
    return _ended(record) - record.started_at.timestamp()


def _ended(record: Record) -> float:
    assert record.completed_at
    assert record.status == "success"
    return record.completed_at.timestamp()
