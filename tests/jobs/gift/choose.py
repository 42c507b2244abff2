import sys

from jobs.gift.stages import LIST, PIPELINE_FILE, listed, output

from shared.stages.stage import Context, Result, Stage
from shared.worker.entry import stage_main


def run(context: Context) -> Result:
    words = context.creation.read("assets/wish.txt")[0].decode().split()
    return Result(outputs={"list": output(context, LIST, listed(words))}, metadata={"words": len(words)})


STAGE = Stage(pipeline="gift", name="choose", version=1, inputs=lambda _: ["assets/wish.txt"], run=run)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
