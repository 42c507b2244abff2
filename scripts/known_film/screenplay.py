"""What is said in a film, by whom, over which picture and which other sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from shared.validation import from_yaml

Bed = Literal["music", "noise", "none"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one person says in one go."""

    speaker: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Shot:
    """What is heard over one picture."""

    picture: str
    """A drawing of `scripts.sample`: `lake`, `river`, `northern_light` …"""
    bed: Bed
    """What sounds under the voices."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Screenplay:
    """A film before it is made."""

    shots: tuple[Shot, ...]
    voices: dict[str, str]
    """By speaker."""
    facts: dict[str, Any]
    """Title, year, cast and places, as the pipeline takes them instead of TMDB's."""

    @property
    def names(self) -> tuple[str, ...]:
        """The words of all names that may be said."""
        named = [each["character"] for each in self.facts["cast"]] + self.facts["places"]
        return tuple(dict.fromkeys(word for name in named for word in name.split()))


def ferry() -> Screenplay:
    """The bundled screenplay: three speakers, music, noise, cuts and invented names, in about 75 s."""
    found = from_yaml(files(__package__).joinpath("ferry.yaml").read_text(encoding="utf-8"))
    return Screenplay(
        shots=tuple(
            Shot(
                picture=shot["picture"],
                bed=shot["bed"],
                lines=tuple(Line(speaker=speaker, text=text) for speaker, text in shot["lines"]),
            )
            for shot in found["shots"]
        ),
        voices={each["character"]: each["voice"] for each in found["cast"]},
        facts={
            "title": found["title"],
            "year": found["year"],
            "cast": [{"name": each["name"], "character": each["character"]} for each in found["cast"]],
            "places": found["places"],
        },
    )


def conversation(
    texts: Sequence[str], voices: Sequence[str], *, bed: Bed, lines_a_shot: int = 4
) -> Screenplay:
    """A long film in which these voices say these texts in turn, each one or two at a time."""
    lines: list[Line] = []
    left = list(texts)
    while left:
        count = 1 + len(lines) % 2
        lines.append(Line(speaker=voices[len(lines) % len(voices)], text=" ".join(left[:count])))
        left = left[count:]
    pictures = ("lake", "river", "northern_light", "lighthouse", "woods")
    groups = [lines[at : at + lines_a_shot] for at in range(0, len(lines), lines_a_shot)]
    return Screenplay(
        shots=tuple(
            Shot(picture=pictures[number % len(pictures)], bed=bed, lines=tuple(group))
            for number, group in enumerate(groups)
        ),
        voices={voice: voice for voice in voices},
        facts={"title": "A Long Conversation", "year": 2024, "cast": [], "places": []},
    )
