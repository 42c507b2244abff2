"""render: draws and encodes the segments that are missing in the store. Fans out over the plan."""

import sys
from typing import Final

from jobs.presenter import PIPELINE_FILE
from shared.stages.plan import render_share, rendering_inputs, segments_stand
from shared.stages.stage import Stage
from shared.worker.entry import stage_main

STAGE: Final = Stage(
    pipeline="presenter",
    name="render",
    version=1,
    inputs=rendering_inputs,
    run=render_share,
    stands=segments_stand,
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
