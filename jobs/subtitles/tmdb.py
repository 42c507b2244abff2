"""tmdb: guesses title and year and looks the film up."""

import json
import sys
from typing import Final

from jobs.subtitles.entry import main
from jobs.subtitles.job.input import Given, read_given
from jobs.subtitles.job.names import SIDECAR, TMDB, TMDB_PROMPT
from jobs.subtitles.job.options import options_read
from jobs.subtitles.naming.entities import entities_of
from jobs.subtitles.naming.facts import FilmFacts, facts_of_title, facts_of_tmdb
from jobs.subtitles.naming.film_title import title_of
from jobs.subtitles.naming.prompts import prompt_of
from jobs.subtitles.naming.tmdb_client import ANSWERS, Tmdb
from shared.accepted import demand_small_text
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.settings import Settings
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Result, Stage
from shared.text.plain_text import decoded


def run(context: Context) -> Result:
    """The stage's work."""
    given = read_given(context.creation, context.parameters)
    kept: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    if given.has_sidecar:
        facts = _of_sidecar(context.creation, _languages(given))
    else:
        facts, kept, warnings = _looked_up(context, given)
    prompt = prompt_of(entities_of(facts))
    return Result(
        outputs={
            "tmdb": write_output(context, TMDB, facts.to_bytes(), "what is known about the film"),
            "prompt": write_output(context, TMDB_PROMPT, f"{prompt}\n".encode(), "its names as a prompt"),
        },
        metadata={
            "source": facts.source,
            "file": given.options.file or given.film,
            "title": facts.title,
            "year": facts.year,
            "tmdb_id": facts.tmdb_id,
            "cast": len(facts.cast),
        },
        warnings=warnings,
        keep={ANSWERS: kept},
    )


def _looked_up(context: Context, given: Given) -> tuple[FilmFacts, frozenset[str], tuple[str, ...]]:
    """From TMDB if there is a key; else what the title says."""
    title = title_of(given.options, this_year=_year_of_upload(context.creation, given.film))
    if not (context.settings.tmdb_api_key and title.title):
        return facts_of_title(title), frozenset(), ()
    client = Tmdb(context.settings, context.account, context.creation)
    languages = _languages(given)
    found = client.find(title, languages[0] if languages else "en")
    if found is None:
        unknown = f"TMDB knows no film like {title.title!r}; say the title with the option title"
        return facts_of_title(title), client.kept, (unknown,)
    return facts_of_tmdb(found, "tmdb", languages=languages, name="TMDB's answer"), client.kept, ()


def _languages(given: Given) -> list[str]:
    options = given.options
    return [each.split("-")[0] for each in (options.language, options.translate_to) if each]


def _year_of_upload(creation: Creation, film: str) -> int:
    """The year in which the film was put: the same whenever the stage is done again."""
    info = creation.stat(film)
    if info is None:
        raise InvalidAssets(f"{creation.key(film)}: is gone; put it again")
    return info.modified_at.year


def _of_sidecar(creation: Creation, languages: list[str]) -> FilmFacts:
    data, info = creation.read(SIDECAR)
    demand_small_text(SIDECAR, info.size_bytes)
    try:
        found = json.loads(decoded(data, SIDECAR))
    except (ValueError, RecursionError) as error:
        raise InvalidAssets(f"{SIDECAR}: not JSON ({error}); write it again") from error
    return facts_of_tmdb(found, "sidecar", languages=languages, name=SIDECAR)


def _asks(settings: Settings) -> str:
    return f"asks {settings.tmdb_url}" if settings.tmdb_api_key else ""


STAGE: Final = Stage(
    pipeline="subtitles",
    name="tmdb",
    version=2,
    inputs=lambda _creation: [SIDECAR],
    run=run,
    salt=_asks,
    facts=options_read("file", "title", "year", "language", "translate_to"),
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
