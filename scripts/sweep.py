"""`reelwright sweep`: advance whatever stands still."""

from rich.console import Console

from scripts.wiring import make_trigger
from shared.errors import RunFailed
from shared.runs.sweeping import SweepReport
from shared.settings import Settings


def sweep(settings: Settings) -> SweepReport:
    """One sweep over all runs under way; on this machine's platforms what it launches is waited for.

    Raises `RunFailed` naming the creations that could not be advanced, when all others have been.
    """
    console = Console(stderr=True)
    trigger = make_trigger(settings)
    report = trigger.sweep()
    console.print(
        f"{report.advanced} runs under way: {report.launched} went on, {report.ended} had ended",
        highlight=False,
    )
    trigger.platform.wait()
    if report.failed:
        raise RunFailed(", ".join(report.failed), "could not be advanced; the log above says why")
    return report
