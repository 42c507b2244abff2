"""The options of a job: `assets/film.json` over the variables of `job.env`, a file at the creation's root.

Both are optional. A stage depends only on the options that it names with `options_read`, so that another line
length doesn't make anything be heard again.
"""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jobs.subtitles.job.names import OPTIONS
from shared.accepted import demand_small_text
from shared.errors import InvalidAssets
from shared.records.creation import Creation, canonical_json
from shared.records.job_env import job_variables
from shared.text.plain_text import decoded
from shared.validation import LANGUAGE, problems_of

Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
ProfileName = Literal["netflix", "bbc", "social"]

VARIABLES: Final = {
    "WHISPER_MODEL": "whisper_model",
    "SRC_LANG": "language",
    "TGT_LANG": "translate_to",
    "PROFILE": "profile",
    "TITLE": "title",
    "YEAR": "year",
    "SPEAKERS": "speakers",
}
"""Variables of `job.env` by option."""


class JobOptions(BaseModel):
    """How a film is subtitled; every option has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    file: str = Field("", max_length=400)
    """The film's own file name or path, from which title and year are guessed."""
    title: str | None = Field(None, min_length=1, max_length=200)
    year: int | None = Field(None, ge=1870, le=2200)
    language: Language | None = Field(None, json_schema_extra=LANGUAGE)
    """Of what is said, BCP 47; unset or `auto`, it is detected."""
    translate_to: Language | None = Field(None, json_schema_extra=LANGUAGE)
    """The language of the subtitles, if it is to be another."""
    audio_language: Language | None = Field(None, json_schema_extra=LANGUAGE)
    """Which track of sound is taken; unset, that of `language`, else the default one."""
    whisper_model: str | None = Field(None, min_length=1, max_length=400)
    """A size such as `large-v3`, or a folder; unset, that of the setting."""
    speakers: int | None = Field(None, ge=1, le=20)
    """How many people speak; unset, it is found out."""
    profile: ProfileName = "netflix"
    speaker_labels: Literal["dashes", "names", "off"] = "dashes"
    """Whether a change of speakers within a cue is marked by dashes, or speakers are named too."""
    sdh: bool = False
    """For people who don't hear: whoever speaks is named, and lines may be longer on screen."""
    burn: bool = False
    """Draw the subtitles into the picture."""


def read_options(creation: Creation, parameters: Mapping[str, Any] | None = None) -> JobOptions:
    """The job's options; `parameters` override them. Raises `InvalidAssets` naming every problem."""
    return checked_options({**_of_variables(creation), **options_in_file(creation), **(parameters or {})})


def checked_options(found: Mapping[str, Any]) -> JobOptions:
    """Raises `InvalidAssets` naming every problem."""
    try:
        return JobOptions.model_validate(found)
    except ValidationError as error:
        raise InvalidAssets(f"{OPTIONS} (or job.env): {problems_of(error)}") from error


def options_read(*names: str) -> Callable[[Creation], str]:
    """The `facts` of a stage that reads these options and no others."""

    def facts(creation: Creation) -> str:
        options = read_options(creation).model_dump(mode="json")
        return canonical_json({name: options[name] for name in names}).decode()

    return facts


def _of_variables(creation: Creation) -> dict[str, Any]:
    variables = job_variables(creation)
    found: dict[str, Any] = {option: variables.get(name, "") for name, option in VARIABLES.items()}
    return {option: value for option, value in found.items() if value and value != "auto"}


def options_in_file(creation: Creation) -> dict[str, Any]:
    """As they stand in the job's `film.json`; raises `InvalidAssets` if that is none of options."""
    info = creation.stat(OPTIONS)
    if info is None:
        return {}
    demand_small_text(OPTIONS, info.size_bytes)
    try:
        found = json.loads(decoded(creation.read(OPTIONS)[0], OPTIONS))
    except (ValueError, RecursionError) as error:
        raise InvalidAssets(f"{OPTIONS}: not JSON ({error}); write it again") from error
    if not isinstance(found, dict):
        raise InvalidAssets(f'{OPTIONS}: must be an object such as {{"language": "en"}}')
    return {option: value for option, value in found.items() if value != "auto"}
