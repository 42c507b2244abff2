"""Shows a run to a person: a table of stages, the outputs and what to type next."""

import os
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from shared.records.documents import Record
from shared.runs.manifest import paid_usd
from shared.runs.status import RunStatus, StageStatus
from shared.runs.trigger import Trigger
from shared.worker.meter import PRICES

_MARKS = {"success": "[green]done[/]", "failed": "[red]failed[/]", "waiting": "[dim]waiting[/]"}


_COLUMNS: Final = ("tasks", "time", "CPU", "memory", "in", "out", *PRICES)
OUTDATED: Final = (
    "inputs have changed since this run was requested, so its outputs are out of date; run it again"
)


def stage_table(status: RunStatus, console: Console) -> Table:
    """One row a stage: its state, time, use of resources and price in clouds, as far as they fit."""
    tables = [_stage_table(status, shown) for shown in (len(_COLUMNS), 6, 4, 2)]
    return next((table for table in tables if _width(table, console) <= console.width), tables[-1])


def _width(table: Table, console: Console) -> int:
    """The width that it would have without limits."""
    return console.measure(table, options=console.options.update(width=10_000)).maximum


def _stage_table(status: RunStatus, shown: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("stage", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for column in _COLUMNS[:shown]:
        table.add_column(column, justify="right", no_wrap=True)
    for stage in status.stages.values():
        table.add_row(stage.name, _state(stage), *_figures(stage)[:shown])
    return table


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    folded: Collection[str],
    right: Collection[str] = (),
) -> None:
    """Print a table on stdout without cutting text: if it is too wide, the `folded` columns are wrapped.

    Piped into another program it has one line a row.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        justify: JustifyMethod = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column not in folded)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=max(console.width, _width(table, console)))
    console.print(table)


def _state(stage: StageStatus) -> str:
    if stage.records and all(record.reused for record in stage.records):
        return "[green]unchanged[/]"
    if stage.state == "running":
        return f"[cyan]{stage.progress:.0%}[/]"
    return _MARKS.get(stage.state, stage.state)


def _figures(stage: StageStatus) -> Sequence[str]:
    costs = [record.cost for record in stage.records]
    if not costs:
        return [""] * (6 + len(PRICES))
    return [
        f"{stage.tasks_done}/{stage.tasks}",
        f"{max(cost.duration_ms for cost in costs) / 1000:.1f} s",
        f"{sum(cost.cpu_s for cost in costs):.1f} s",
        f"{max(cost.peak_memory_mib for cost in costs)} MiB",
        size(sum(cost.bytes_in for cost in costs)),
        size(sum(cost.bytes_out for cost in costs)),
        *(f"${sum(cost.usd.get(name, 0) for cost in costs):.5f}" for name in PRICES),
    ]


def cost_usd(records: Sequence[Record], platform: str) -> float:
    """The list price of the recorded work on a platform."""
    return sum(record.cost.usd.get(platform, 0) for record in records)


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def show_run(console: Console, trigger: Trigger, status: RunStatus) -> None:
    """Show a run on stderr; the caller prints the result on stdout."""
    console.print()
    console.print(stage_table(status, console))
    for warning in status.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False, highlight=False)
    if status.outdated:
        console.print(f"warning: {OUTDATED}", style="yellow", markup=False, highlight=False)
    console.print()
    if status.status == "completed":
        _print_result(console, trigger, status)
    elif status.status == "pending":
        console.print(f"pending, {status.progress:.0%}: {status.message}", markup=False, highlight=False)


def _print_result(console: Console, trigger: Trigger, status: RunStatus) -> None:
    facts = {name: value for stage in status.metadata.values() for name, value in stage.items()}
    video = status.outputs.get("video")
    took = (status.completed_at - status.request.requested_at).total_seconds() if status.completed_at else 0.0
    prices = ", ".join(
        f"${cost_usd(status.records, name):.5f} on {name} (prices of {price.as_of})"
        for name, price in PRICES.items()
    )
    film = {
        "video": trigger.store.signed_url(f"{status.creation_id}/{video.key}") if video else "",
        "length": _length(facts),
        "size": size(video.size_bytes) if video else "",
    }
    lines = {**(film if video else {}), "took": f"{took:.1f} s", "cloud": prices}
    paid = paid_usd(status.records)
    if paid:
        lines["paid"] = ", ".join(f"${usd:.4f} to {provider}" for provider, usd in paid.items())
    for name, text in lines.items():
        console.print(f"[bold]{name:<8}[/]", end="")
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _length(facts: Mapping[str, Any]) -> str:
    """What is known of a film's length, size, frames and loudness."""
    parts = (
        ("{duration_s:.1f} s", ("duration_s",)),
        ("{width}x{height}", ("width", "height")),
        ("{frame_rate} frames/s", ("frame_rate",)),
        ("{loudness_lufs} LUFS", ("loudness_lufs",)),
    )
    known = {name for name, value in facts.items() if value is not None}
    return ", ".join(text.format(**facts) for text, names in parts if known.issuperset(names))


def print_next(console: Console, commands: Sequence[str]) -> None:
    """Show what to type next."""
    console.print("\nnext:", style="dim")
    for command in commands:
        console.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)


def resuming(status: RunStatus) -> str:
    """The command that continues a run."""
    return f"{program()} resume {status.creation_id}"


def program() -> str:
    """How to call this program from the current folder."""
    if shutil.which("reelwright"):
        return "reelwright"
    beside = Path(sys.executable).with_name("reelwright")
    if not beside.exists():
        return "python -m scripts"
    here = Path.cwd()
    return str(beside.relative_to(here)) if beside.is_relative_to(here) else str(beside)
