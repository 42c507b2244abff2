"""`make demo-ai-effect`: runs AI-Effect's example without containers and shows its report."""

import os
import sys

from rich.console import Console

from scripts.blueprint_run import run_export
from scripts.example_services import EXPORT, USE_CASE, example_services
from shared.driving.calling import Manner
from shared.settings import Settings
from shared.worker.entry import DONE, guarded

_CREATION_ID = "energy-demo"
_INPUT = {"num_records": 20_000, "households": 7, "seed": 42}


def main() -> int:
    def work(settings: Settings) -> int:
        console = Console(stderr=True)
        console.print("starting three services on free ports ...", style="dim")
        data = USE_CASE / "data"
        with example_services(data) as services:
            run_export(
                settings,
                EXPORT,
                creation_id=_CREATION_ID,
                said=_INPUT,
                addresses={name: service.address for name, service in services.items()},
                base_port=50051,
                manner=Manner(),
                fresh=True,
            )
        console.print((data / "energy_report.csv").read_text(), markup=False, highlight=False)
        console.print(f"the report: {(data / 'energy_report.html').as_uri()}", soft_wrap=True)
        return DONE

    return guarded(work, {"LOG_FORMAT": "text", **os.environ})


if __name__ == "__main__":
    sys.exit(main())
