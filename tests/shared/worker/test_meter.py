import subprocess
import sys

import pytest

from shared.worker.meter import PRICES, Meter, price_usd


@pytest.mark.parametrize(
    ("platform", "duration_ms", "cpu", "memory_mib", "usd"),
    [
        # 1 vCPU at 0.000018 and 2 GiB at 0.000002: 0.000022 a second
        ("cloudrun", 1_000, 1, 2048, 0.000022),
        ("cloudrun", 3_600_000, 1, 2048, 0.0792),
        # 4 vCPU at 0.000018 and 0.5 GiB at 0.000002: 0.000073 a second
        ("cloudrun", 10_000, 4, 512, 0.00073),
        # 1 vCPU at 0.00003431 and 4 GiB = 4.294967296 GB at 0.00000356: 0.0000496000835... a second
        ("codeengine", 1_000, 1, 4096, 0.0000496),
        ("codeengine", 1_000_000, 1, 4096, 0.04960008),
        ("cloudrun", 0, 8, 32768, 0),
    ],
)
def test_a_stage_costs_its_time_by_its_cpu_and_memory(
    platform: str, duration_ms: int, cpu: float, memory_mib: int, usd: float
) -> None:
    found = price_usd(platform, duration_ms=duration_ms, cpu=cpu, memory_mib=memory_mib)
    assert found == pytest.approx(usd, abs=1e-8)


def test_every_price_tells_its_source_and_date() -> None:
    assert set(PRICES) == {"cloudrun", "codeengine"}
    for price in PRICES.values():
        assert price.source.startswith("https://")
        assert price.as_of.year >= 2024


def test_the_meter_counts_cpu_of_the_process_and_of_its_tools() -> None:
    meter = Meter()
    burn = "import time\nwhile time.process_time() < 0.1: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    used = meter.read()
    assert used.cpu_s >= 0.1
    assert used.duration_ms >= 50


def test_the_meter_says_the_peak_in_mebibytes() -> None:
    assert 20 <= Meter().read().peak_memory_mib < 2000
