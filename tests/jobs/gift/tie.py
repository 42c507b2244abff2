import sys
from collections.abc import Iterable

from jobs.gift.stages import LIST, PIPELINE_FILE, output

from shared.records.creation import Creation
from shared.stages.stage import Context, Result, Stage
from shared.worker.entry import stage_main


def papers(creation: Creation) -> list[str]:
    return [name for name, _ in creation.list("assets/papers/")]


def inputs(creation: Creation) -> Iterable[str]:
    return [LIST, *papers(creation)]


def run(context: Context) -> Result:
    texts = [context.creation.read(name)[0].decode() for name in papers(context.creation)]
    return Result(outputs={"video": output(context, "assets/parcel.txt", "-".join(texts))})


STAGE = Stage(pipeline="gift", name="tie", version=1, inputs=inputs, run=run)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
