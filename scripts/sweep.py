"""`reelwright sweep`: advances every run under way, and removes what was deleted."""

from rich.console import Console

from scripts.wiring import make_trigger
from shared.api.creations.due import sweep_all
from shared.api.routes.removal import Rows
from shared.errors import RunFailed
from shared.runs.sweeping import SweepReport
from shared.settings import Settings


def sweep(settings: Settings) -> SweepReport:
    """Sweep all runs under way once; on this machine's platforms, wait for the jobs that it launches.

    Raises `RunFailed` naming the creations that could not be advanced, after all others have been.
    """
    console = Console(stderr=True)
    trigger = make_trigger(settings)
    report, removed = sweep_all(trigger, Rows(settings).remove)
    console.print(
        f"{report.advanced} runs under way: {report.launched} advanced, {report.ended} had ended",
        highlight=False,
    )
    if removed:
        console.print(f"removed {', '.join(removed)}, which had been deleted", markup=False, highlight=False)
    trigger.platform.wait()
    if report.failed:
        raise RunFailed(", ".join(report.failed), "could not be advanced; the log above says why")
    return report
