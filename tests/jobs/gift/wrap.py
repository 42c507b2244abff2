import sys

from jobs.gift.stages import LIST, PIPELINE_FILE, output, words_of

from shared.stages.stage import Context, Result, Stage
from shared.worker.entry import stage_main


def run(context: Context) -> Result:
    words = words_of(context.creation)[context.task_index :: context.task_count]
    name = f"assets/papers/{context.task_index}.txt"
    return Result(outputs={f"paper{context.task_index}": output(context, name, " ".join(words).upper())})


STAGE = Stage(pipeline="gift", name="wrap", version=1, inputs=lambda _: [LIST], run=run)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
