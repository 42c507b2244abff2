"""The data analyzer: efficiency of each reading, and anomalies, in flat memory.

Efficiency is power / (voltage * current), the power factor. A reading is an anomaly if that is below the
threshold (`low`), above 0.95 (`high`), which a household's appliances don't reach, or can't be computed
because voltage or current is not positive (`invalid`; its efficiency counts as 0).

Run in `services/`: `python -m data_analyzer.server`.
"""

import csv
import math
from collections.abc import Iterator
from typing import Any, TextIO

import grpc
from serving import answering, checking, existing, invalid, load, name_inside, serve, written

messages, services = load("data_analyzer", "data_analyzer.proto")

DEFAULT_THRESHOLD = 0.1
TOO_HIGH = 0.95
COLUMNS = ["timestamp", "household_id", "power_consumption", "voltage", "current"]
HEADER = "timestamp,household_id,power,efficiency,status,anomaly_detected\n"
MOST_COLUMN_LETTERS = 200


def analyze(request: Any, context: grpc.ServicerContext) -> Any:
    threshold = request.anomaly_threshold or DEFAULT_THRESHOLD
    if not 0 < threshold <= TOO_HIGH:
        raise invalid(f"anomaly_threshold is {threshold:g}; use a number above 0, up to {TOO_HIGH}")
    source = existing(request.raw_data_path, "raw_data_path")
    path = source.with_name("analyzed_energy.csv")
    seen = anomalies = 0
    total = 0.0
    check = checking(context)
    with source.open(encoding="utf-8", newline="") as file, written(path) as target:
        target.write(HEADER)
        for stamp, household, power, volts_amperes in readings(file, source.name):
            efficiency = power / volts_amperes if volts_amperes > 0 else 0.0
            status = status_of(efficiency, volts_amperes, threshold)
            is_anomaly = status != "normal"
            seen += 1
            total += efficiency
            anomalies += is_anomaly
            target.write(
                f"{stamp},{household},{power:.2f},{efficiency:.6f},{status},{str(is_anomaly).lower()}\n"
            )
            check(seen)
    average = total / seen if seen else 0.0
    return messages.AnalyzeDataResponse(
        success=True,
        message=f"{anomalies} anomalies in {seen} readings",
        total_records=seen,
        anomalies_detected=anomalies,
        average_efficiency=average,
        analyzed_data_path=name_inside(path),
    )


def status_of(efficiency: float, volts_amperes: float, threshold: float) -> str:
    if volts_amperes <= 0:
        return "invalid"
    if efficiency < threshold:
        return "low"
    return "high" if efficiency > TOO_HIGH else "normal"


def readings(file: TextIO, name: str) -> Iterator[tuple[str, str, float, float]]:
    """Time, household, power, and voltage times current (0 if either is not positive) of each row."""
    lines = csv.reader(file)
    try:
        if next(lines, None) != COLUMNS:
            raise invalid(f"{name}: its first line is not {','.join(COLUMNS)}")
        for row in lines:
            stamp, household, *figures = row
            power, voltage, current = map(float, figures)
            if not math.isfinite(power + voltage + current) or not is_plain(stamp, household):
                raise ValueError
            yield stamp, household, power, voltage * current if voltage > 0 and current > 0 else 0.0
    except (ValueError, csv.Error):
        raise invalid(
            f"{name}: line {lines.line_num} is not a reading: 5 columns, of which 3 are numbers"
        ) from None


def is_plain(*texts: str) -> bool:
    return all(0 < len(text) <= MOST_COLUMN_LETTERS and not set(text) & set(',"\r\n') for text in texts)


class Servicer(services.DataAnalyzerServiceServicer):
    AnalyzeData = answering(analyze)


if __name__ == "__main__":
    serve(
        "data_analyzer",
        lambda server: services.add_DataAnalyzerServiceServicer_to_server(Servicer(), server),
        messages.DESCRIPTOR.services_by_name["DataAnalyzerService"],
    )
