"""What people put in: a film or sound, and optionally its options, its script and facts about it.

assets/film.<type>     what is subtitled
assets/film.json       optional: options (`job.options`)
assets/script.txt      optional: what is said, which is then only timed
assets/tmdb.json       optional: facts about the film, in the format of TMDB
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from jobs.subtitles.job.names import FILM_STEM, OPTIONS, SCRIPT, SIDECAR
from jobs.subtitles.job.options import JobOptions, read_options
from shared.accepted import FILM_TYPES, SOUND_TYPES
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.text.plain_text import decoded


@dataclass(frozen=True, kw_only=True)
class Given:
    """What people put in, found to be complete."""

    film: str
    """Its asset's name."""
    options: JobOptions
    has_script: bool
    has_sidecar: bool


def read_given(creation: Creation, parameters: Mapping[str, Any] | None = None) -> Given:
    """Raises `InvalidAssets` naming every problem."""
    problems: list[str] = []
    films = film_names(creation)
    if not films:
        types = ", ".join((*FILM_TYPES, *SOUND_TYPES))
        problems.append(f"{creation.key(ASSETS)}: no film; put film.<type> there, of the types {types}")
    if len(films) > 1:
        problems.append(f"{', '.join(films)}: keep one of them")
    options = JobOptions()
    try:
        options = read_options(creation, parameters)
    except InvalidAssets as error:
        problems.extend(error.problems)
    if problems:
        raise InvalidAssets(*problems)
    return Given(
        film=films[0],
        options=options,
        has_script=creation.stat(SCRIPT) is not None,
        has_sidecar=creation.stat(SIDECAR) is not None,
    )


def film_names(creation: Creation) -> list[str]:
    """The assets that may be the film."""
    return [name for name, _ in creation.list(f"{ASSETS}{FILM_STEM}.") if _is_film(PurePosixPath(name))]


def _is_film(name: PurePosixPath) -> bool:
    return name.stem == FILM_STEM and name.suffix.lower() in (*FILM_TYPES, *SOUND_TYPES)


def read_script(creation: Creation) -> str:
    """What is said; raises `InvalidAssets` if it holds no words."""
    text = decoded(creation.read(SCRIPT)[0], SCRIPT)
    if not any(map(str.isalnum, text)):
        raise InvalidAssets(f"{SCRIPT}: holds no words; write what is said, or leave it out")
    return text


def check_job(creation: Creation, parameters: Mapping[str, Any]) -> None:
    """Raise `InvalidAssets` for what the stages would refuse, as far as it can be known without work."""
    read_given(creation, parameters)


def given_inputs(creation: Creation) -> list[str]:
    """Names of all assets that people put in."""
    return [*film_names(creation), OPTIONS, SCRIPT, SIDECAR]
