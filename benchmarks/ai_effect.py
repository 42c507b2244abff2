"""AI-Effect's example with a million rows: rows a second and memory, beside pandas."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scripts.example_services import EXPORT, ExampleService, example_services
from shared.blueprints.folders import read_export
from shared.driving.addresses import services_of
from shared.driving.calling import Manner
from shared.driving.running import prepare
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage.memory import MemoryStore

ROWS: Final = 1_000_000
PANDAS: Final = """
import sys
import numpy as np
import pandas as pd

rows, folder = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(1)
minute = np.arange(rows) // 3
hour = minute % 1440
usual = 260 + 140 * np.sin((hour - 540) / 1440 * 2 * np.pi)
power = (usual * (0.8 + 0.4 * rng.random(rows))).round(2)
voltage = (227 + 6 * rng.random(rows)).round(1)
raw = pd.DataFrame({
    "timestamp": pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(minute, unit="min"),
    "household_id": "HH-" + pd.Series(np.arange(rows) % 3).astype(str),
    "power_consumption": power,
    "voltage": voltage,
    "current": (power / (voltage * (0.8 + 0.14 * rng.random(rows)))).round(4),
})
raw.to_csv(f"{folder}/raw.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
data = pd.read_csv(f"{folder}/raw.csv")
data["efficiency"] = data.power_consumption / (data.voltage * data.current)
data["anomaly_detected"] = (data.efficiency < 0.1) | (data.efficiency > 0.95)
data.to_csv(f"{folder}/analysed.csv", index=False)
seen = pd.read_csv(f"{folder}/analysed.csv")
hours = seen.groupby(seen.timestamp.str[11:13]).power_consumption.mean()
days = seen.groupby(seen.timestamp.str[:10]).power_consumption.mean()
print(len(seen), seen.anomaly_detected.sum(), seen.efficiency.mean(), len(hours), len(days))
print(seen.power_consumption.max(), seen.power_consumption.min())
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


def peak_mib(service: ExampleService) -> int:
    """The most memory that its process has held."""
    lines = Path(f"/proc/{service.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def drive(services: dict[str, ExampleService], rows: int) -> dict[str, float]:
    """Seconds of each node for so many rows."""
    export = read_export(EXPORT)
    addresses = {name: service.address for name, service in services.items()}
    places = services_of(export, addresses, {}, 1)
    manner, said = Manner(deadline_s=600), {"num_records": rows, "seed": 1}
    creation = Creation(MemoryStore(), f"rows-{rows}")
    status = prepare(export, creation, places, said, Settings(), manner).run()
    assert status.status == "completed", status.error
    return {name: stage.records[0].cost.duration_ms / 1000 for name, stage in status.stages.items()}


def rows_per_second(root: Path) -> Iterator[str]:
    """The figures, line by line."""
    with example_services(root) as services:
        drive(services, ROWS // 100)
        before = {name: peak_mib(service) for name, service in services.items()}
        took = drive(services, ROWS)
        after = {name: peak_mib(service) for name, service in services.items()}
    for (node, seconds), name in zip(took.items(), before, strict=True):
        memory = f"{before[name]} MiB at {ROWS // 100:,} rows, {after[name]} MiB at {ROWS:,}"
        yield f"  {node:<34} {seconds:6.1f} s {ROWS / seconds:10,.0f} rows/s   {memory}"
    total = sum(took.values())
    yield f"  {'three services':<34} {total:6.1f} s {ROWS / total:10,.0f} rows/s"
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PANDAS, str(ROWS), str(root)], capture_output=True, text=True, check=True
    )
    seconds = time.monotonic() - began
    yield f"  {'pandas':<34} {seconds:6.1f} s {ROWS / seconds:10,.0f} rows/s   {done.stderr.strip()} MiB"
