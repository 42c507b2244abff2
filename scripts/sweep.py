"""`reelwright sweep`: advances every run under way."""

from rich.console import Console

from scripts.wiring import make_trigger
from shared.errors import RunFailed
from shared.preparing.looking import look_after_all
from shared.runs.sweeping import SweepReport
from shared.settings import Settings


def sweep(settings: Settings) -> SweepReport:
    """Sweep all runs under way once; on this machine's platforms, wait for the jobs that it launches.

    Raises `RunFailed` naming the creations that could not be advanced, after all others have been.
    """
    console = Console(stderr=True)
    trigger = make_trigger(settings)
    look_after_all(trigger)
    report = trigger.sweep()
    console.print(
        f"{report.advanced} runs under way: {report.launched} advanced, {report.ended} had ended",
        highlight=False,
    )
    trigger.platform.wait()
    if report.failed:
        raise RunFailed(", ".join(report.failed), "could not be advanced; the log above says why")
    return report
