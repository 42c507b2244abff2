"""How a stage's container starts: with a creation ID, or with the folder of a job on this disk.

    CONFIG_PATH=config/.env.job_20251030-001 python -m jobs.subtitles.asr out/2025/10/30/1/20251030-001

The variables of the file CONFIG_PATH apply where the process has none of its own. With LOG_ROOT among them
the log is also written to `<LOG_ROOT>/<stage>.log`.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from shared.errors import InvalidSettings
from shared.records.dated import place_of
from shared.records.job_env import parse_variables
from shared.settings import Settings
from shared.stages.stage import Stage
from shared.worker.entry import guarded, stage_main

PIPELINE_FILE: Final = Path(__file__).with_name("pipeline.yaml")


def main(
    stage: Stage, arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None
) -> int:
    """`stage_main` for a creation ID or a job's folder; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    own = {name: value for name, value in (os.environ if environ is None else environ).items() if value}

    def work(_settings: Settings) -> int:
        variables = {**_configured(own.get("CONFIG_PATH", "")), **own}
        if "LOG_ROOT" in variables:
            variables.setdefault("LOG_FILE", f"{variables['LOG_ROOT']}/{stage.name}.log")
        if given and (place := place_of(given[0])):
            variables["STORE_URL"], given[0] = place
        return stage_main(stage, PIPELINE_FILE, given, variables)

    return guarded(work, own)


def _configured(path: str) -> dict[str, str]:
    """The variables of the file that have a value."""
    if not path:
        return {}
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        remedy = "name the job's file or its job.env, or unset it"
        reason = f"CONFIG_PATH={path!r}: can't be read ({error}); {remedy}"
        raise InvalidSettings(reason) from error
    return {name: value for name, value in parse_variables(text).items() if value}
