"""The report generator: sums up analysed readings as CSV and as one HTML page with charts, in flat memory.

Run in `services/`: `python -m report_generator.server`.
"""

import csv
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TextIO

import grpc
from report_generator.page import page_of
from serving import answering, checking, existing, invalid, load, name_inside, serve, written

messages, services = load("report_generator", "report_generator.proto")

COLUMNS = ["timestamp", "household_id", "power", "efficiency", "status", "anomaly_detected"]
FORMATS = ("csv", "html")
STATUSES = ("normal", "low", "high", "invalid")
BINS = 20
MOST_NAME_LETTERS = 200
MOST_HOUSEHOLDS = 20_000
MOST_DAYS = 200_000


@dataclass
class Sum:
    """The mean of numbers that come one by one."""

    count: int = 0
    total: float = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0


@dataclass
class Figures:
    """What the report says."""

    efficiency: Sum = field(default_factory=Sum)
    anomalies: int = 0
    max_power: float = -math.inf
    min_power: float = math.inf
    by_hour: dict[int, Sum] = field(default_factory=lambda: {hour: Sum() for hour in range(24)})
    by_day: dict[str, Sum] = field(default_factory=dict)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    households: Counter[str] = field(default_factory=Counter)
    """Anomalies by household."""

    def add(self, stamp: str, household: str, power: float, efficiency: float, is_anomaly: bool) -> None:
        self.efficiency.add(efficiency)
        self.max_power = max(self.max_power, power)
        self.min_power = min(self.min_power, power)
        self.by_hour[int(stamp[11:13])].add(power)
        day = self.by_day.get(stamp[:10])
        if day is None:
            day = self.by_day[stamp[:10]] = Sum()
        day.add(power)
        self.histogram[min(BINS - 1, max(0, int(efficiency * BINS)))] += 1
        if is_anomaly:
            self.anomalies += 1
            self.households[household] += 1

    @property
    def metrics(self) -> dict[str, str]:
        count = self.efficiency.count
        return {
            "Total Records": str(count),
            "Anomalies Detected": str(self.anomalies),
            "Average Efficiency": f"{self.efficiency.mean:.4f}",
            "Max Power (W)": f"{self.max_power if count else 0:.2f}",
            "Min Power (W)": f"{self.min_power if count else 0:.2f}",
            "Anomaly Rate (%)": f"{100 * self.anomalies / count if count else 0:.2f}",
        }


def report(request: Any, context: grpc.ServicerContext) -> Any:
    wanted = FORMATS if not request.report_format else (request.report_format,)
    if not set(wanted) <= set(FORMATS):
        raise invalid(
            f"report_format is {request.report_format[:40]!r}; use 'csv', 'html', or nothing for both"
        )
    source = existing(request.analyzed_data_path, "analyzed_data_path")
    check = checking(context)
    with source.open(encoding="utf-8", newline="") as file:
        figures = read(file, source.name, check)
    path = source
    for kind in wanted:
        path = source.with_name(f"energy_report.{kind}")
        with written(path) as target:
            target.write(page_of(figures) if kind == "html" else as_csv(figures))
    return messages.GenerateReportResponse(
        success=True,
        message=f"reported {figures.efficiency.count} readings",
        report_path=name_inside(path),
        report_summary="; ".join(f"{name}: {value}" for name, value in figures.metrics.items()),
    )


def read(file: TextIO, name: str, check: Any) -> Figures:
    lines = csv.reader(file)
    figures = Figures()
    try:
        if next(lines, None) != COLUMNS:
            raise invalid(f"{name}: its first line is not {','.join(COLUMNS)}")
        for stamp, household, power, efficiency, status, is_anomaly in lines:
            if status not in STATUSES or len(household) > MOST_NAME_LETTERS:
                raise ValueError
            figures.add(stamp, household, number(power), number(efficiency), is_anomaly == "true")
            check(figures.efficiency.count)
            if len(figures.households) > MOST_HOUSEHOLDS or len(figures.by_day) > MOST_DAYS:
                raise invalid(f"{name}: has more than {MOST_HOUSEHOLDS} households or {MOST_DAYS} days")
    except (ValueError, LookupError, csv.Error):
        wanted = "time, household, power, efficiency, status, true or false"
        raise invalid(f"{name}: line {lines.line_num} is not an analysed reading: {wanted}") from None
    return figures


def number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def as_csv(figures: Figures) -> str:
    return "metric,value\n" + "".join(f"{name},{value}\n" for name, value in figures.metrics.items())


class Servicer(services.ReportGeneratorServiceServicer):
    GenerateReport = answering(report)


if __name__ == "__main__":
    serve(
        "report_generator",
        lambda server: services.add_ReportGeneratorServiceServicer_to_server(Servicer(), server),
        messages.DESCRIPTOR.services_by_name["ReportGeneratorService"],
    )
