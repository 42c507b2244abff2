"""The protocol of skills, and what they may know of a talk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from jobs.presenter.deck.slides import Slides


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What skills may know of a talk."""

    language: str
    """BCP 47, of the text."""
    title: str = ""
    """If the user gave one."""
    words_per_minute: float = 150.0
    """The voice's measured pace at this speaking rate."""
    media: Mapping[str, str] = field(default_factory=dict)
    """Pictures as Markdown names them, and their assets: `map.png` is `assets/media/map.png`."""


class Skills(Protocol):
    """The two skills. Safe to use from several threads; the account keeps paid results.

    Both raise `ProviderDenied`, `ProviderRefused`, `ProviderBusy` or `ProviderFailed`.
    """

    name: str
    version: str
    """Changes whenever the same text would get another answer: part of a stage's fingerprint."""

    def rewrite_script(self, text: str, wish: Wish) -> str:
        """The text (Markdown) as it is spoken, with pause marks (`jobs/presenter/deck/notes.py`).

        Numbers, names and negations of the text are in it. Figures stay figures: voices read them.
        """

    def generate_slides(self, script: str, source: str, wish: Wish) -> Slides:
        """The slides of a script; `source` is the text as it was written.

        The notes of all slides together are the script, up to white space.
        """
