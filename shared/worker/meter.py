"""What a stage used, and its cost on each cloud."""

import resource
import time
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.machine.memory import PeakMemory
from shared.pipelines.definition import JobDefinition
from shared.records.documents import Cost
from shared.video.frames.pictures import DECODERS


@dataclass(frozen=True, kw_only=True)
class Price:
    """Price of running containers, in US dollars, beyond any free tier."""

    per_vcpu_second: float
    per_gib_second: float
    as_of: date
    source: str


_GIB_PER_GB: Final = 2**30 / 1e9

PRICES: Final[dict[str, Price]] = {
    "cloudrun": Price(
        per_vcpu_second=0.000018,
        per_gib_second=0.000002,
        as_of=date(2026, 8, 1),
        source="https://cloud.google.com/run/pricing (jobs, tier 1, us-central1)",
    ),
    "codeengine": Price(
        per_vcpu_second=0.00003431,
        per_gib_second=0.00000356 * _GIB_PER_GB,
        as_of=date(2024, 10, 5),
        source="https://cloud.ibm.com/containers/serverless/pricing (per GB-s, converted to GiB-s)",
    ),
}


def price_usd(platform: str, *, duration_ms: int, cpu: float, memory_mib: int) -> float:
    """The price of `duration_ms` of a container with this much CPU and memory."""
    price = PRICES[platform]
    rate = cpu * price.per_vcpu_second + memory_mib / 1024 * price.per_gib_second
    return round(duration_ms / 1000 * rate, 8)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a stage used."""

    duration_ms: int
    cpu_s: float
    """User and system time of the process and its tools."""
    peak_memory_mib: int
    """Peak memory of the process and its tools together, shared pages counted once (`PeakMemory`)."""


class Meter:
    """Measures a stage from here to `read()`."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._cpu = _cpu_seconds()
        self._memory = PeakMemory()

    def cost(self, definition: JobDefinition, *, bytes_in: int, bytes_out: int) -> Cost:
        """What was used so far, and its cost with the CPU and memory of `definition`."""
        used = self.read()
        usd = {
            platform: price_usd(
                platform,
                duration_ms=used.duration_ms,
                cpu=definition.cpu,
                memory_mib=definition.memory_mib,
            )
            for platform in PRICES
        }
        return Cost(
            duration_ms=used.duration_ms,
            cpu_s=used.cpu_s,
            peak_memory_mib=used.peak_memory_mib,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
            usd=usd,
        )

    def read(self) -> Usage:
        DECODERS.end_idle()  # a process is counted when it has ended
        return Usage(
            duration_ms=round((time.monotonic() - self._started) * 1000),
            cpu_s=round(_cpu_seconds() - self._cpu, 3),
            peak_memory_mib=round(self._memory.read_kib() / 1024),
        )


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
