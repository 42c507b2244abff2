"""The built-in writer's vocabulary: `lines.yaml`, and the guess of a product's kind from its name."""

import hashlib
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from shared.validation import from_yaml

Slot = Literal["opening", "benefit", "proof", "closing"]
Mood = Literal["calm", "lively"]

_UNSPACED: Final = re.compile("[^\u0000-\u024f\u0370-\u052f\u1e00-\u1fff]")
"""Letters of scripts that join words or use no spaces, so words are searched for anywhere in a name."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pool(_Data):
    """Sentences for one slot; a mapping has one of `dark`, `light`, … as its key: only for such pictures."""

    main: tuple[str | dict[str, str], ...]
    tail: tuple[str | dict[str, str], ...] = ()


class StyleLines(_Data):
    """A style's own sentences."""

    mood: Mood
    stop: str = "."
    """The ends of a kind's sentences."""
    hooks: tuple[str, ...]
    opening: Pool
    benefit: Pool
    proof: Pool
    closing: Pool

    def pool(self, slot: Slot) -> Pool:
        pools = {"opening": self.opening, "benefit": self.benefit, "proof": self.proof}
        return pools.get(slot, self.closing)


class Kind(_Data):
    """A kind of product."""

    name: str
    words: tuple[str, ...]
    noun: str
    """Empty if none is safe."""
    audience: str
    gives: tuple[str, ...]
    calm: tuple[str, ...]
    """Benefits, without the full stop; `lively` too."""
    lively: tuple[str, ...]

    @property
    def with_article(self) -> str:
        """E.g. `a watch`."""
        return f"{'an' if self.noun[:1] in 'aeiou' else 'a'} {self.noun}" if self.noun else ""


class Vocabulary(_Data):
    """The whole of `lines.yaml`."""

    styles: dict[str, StyleLines]
    kinds: tuple[Kind, ...]


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary.model_validate(from_yaml(_lines()))


def lines_hash() -> str:
    """SHA-256 of all lines: other lines make other copy."""
    return hashlib.sha256(_lines()).hexdigest()


def _lines() -> bytes:
    return files(__package__).joinpath("lines.yaml").read_bytes()


def kind_of(product_name: str) -> Kind:
    """The kind that the last telling word of the name suggests, or the last kind of the vocabulary."""
    name = unicodedata.normalize("NFKC", product_name).casefold()
    kinds = vocabulary().kinds
    places = [max(_place(word, name) for word in kind.words) for kind in kinds]
    best = max(range(len(kinds)), key=lambda i: places[i])
    return kinds[best] if places[best] >= 0 else kinds[-1]


def _place(word: str, name: str) -> int:
    """Where in the name the word (or its English plural) ends, for the last time; -1 if nowhere."""
    ending, word = word.startswith("-"), unicodedata.normalize("NFKC", word).casefold().lstrip("-")
    if _UNSPACED.search(word):
        found = name.rfind(word)
        return found + len(word) if found >= 0 else -1
    before = r"\w" if ending else r"(?<!\w)"
    matches = list(re.finditer(rf"{before}{re.escape(word)}(?:e?s)?(?!\w)", name))
    return matches[-1].end() if matches else -1
