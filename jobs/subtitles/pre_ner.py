"""pre_ner: collects the names that may be said and writes the prompt."""

import sys
from typing import Final

from jobs.subtitles.entry import main
from jobs.subtitles.job.documents import is_made, read_document
from jobs.subtitles.job.names import ENTITIES, PROMPT, TMDB
from jobs.subtitles.naming.entities import entities_of
from jobs.subtitles.naming.facts import FilmFacts
from jobs.subtitles.naming.prompts import prompt_of
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Result, Stage


def run(context: Context) -> Result:
    """The stage's work."""
    facts = FilmFacts(source="none")
    if is_made(context.creation, TMDB, "tmdb"):
        facts = read_document(context.creation, TMDB, FilmFacts)
    entities = entities_of(facts)
    prompt = prompt_of(entities)
    return Result(
        outputs={
            "entities": write_output(context, ENTITIES, entities.to_bytes(), "the names that may be said"),
            "prompt": write_output(context, PROMPT, f"{prompt}\n".encode(), "these names as a prompt"),
        },
        metadata={
            "persons": len(entities.persons),
            "locations": len(entities.locations),
            "titles": len(entities.titles),
            "prompt_characters": len(prompt),
        },
    )


STAGE: Final = Stage(
    pipeline="subtitles",
    name="pre_ner",
    version=1,
    inputs=lambda _creation: [TMDB],
    run=run,
    facts=lambda creation: str(is_made(creation, TMDB, "tmdb")),
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
