"""Checks that an ad claims only what is in its brief."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from jobs.ad.copy.claims import claims_in
from jobs.ad.copy.rules import given_in, plain, said_proof
from jobs.ad.copy.writer import AdBrief, AdCopy

_SEEN_AND_HEARD: Final = ("voiceover_text", "text_overlay")
_REMEDY: Final = "ask for another --variation, or give what is true of it as --proof"


@dataclass(frozen=True, kw_only=True)
class Untruth:
    """Words that must be replaced."""

    scene: int | None
    """None for the hook."""
    field: str
    problem: str
    """What is wrong, in words for the writer."""

    @property
    def place(self) -> str:
        """E.g. `scene 3: text_overlay`."""
        return self.field if self.scene is None else f"scene {self.scene}: {self.field}"

    def __str__(self) -> str:
        return f"{self.place} {self.problem}"


def untruths(copy: AdCopy, brief: AdBrief) -> list[Untruth]:
    """All claims of the copy that are not in its brief, and a proof that is not quoted word for word.

    The copy has the brief's scenes, in the same order.
    """
    return list(_untruths(copy, brief))


def _untruths(copy: AdCopy, brief: AdBrief) -> Iterator[Untruth]:
    given = given_in(brief)
    texts: list[tuple[int | None, str, str]] = [(None, "hook", copy.hook)]
    texts += [(scene.id, name, getattr(scene, name)) for scene in copy.scenes for name in _SEEN_AND_HEARD]
    for number, field, text in texts:
        if found := claims_in(text, given):
            problem = f"claims what the brief does not hold: {', '.join(map(repr, found))}"
            yield Untruth(scene=number, field=field, problem=problem)
    for scene, written in zip(brief.scenes, copy.scenes, strict=True):
        proof = said_proof(scene, brief)
        if proof and plain(proof) not in plain(written.voiceover_text):
            problem = f"must say the proof, {proof!r}, word for word"
            yield Untruth(scene=scene.id, field="voiceover_text", problem=problem)


def made_true(copy: AdCopy, brief: AdBrief, instead: Callable[[], AdCopy]) -> AdCopy:
    """The copy, with texts of `instead` for those that claim more than the brief; a warning for each."""
    found = untruths(copy, brief)
    if not found:
        return copy.model_copy(update={"warnings": ()})
    other = instead()
    places = {(each.scene, each.field) for each in found}
    scenes = tuple(
        mine.model_copy(
            update={name: getattr(theirs, name) for name in _SEEN_AND_HEARD if (mine.id, name) in places}
        )
        for mine, theirs in zip(copy.scenes, other.scenes, strict=True)
    )
    hook = other.hook if (None, "hook") in places else copy.hook
    warnings = tuple(f"{each}; the built-in words stand there instead: {_REMEDY}" for each in found)
    return copy.model_copy(update={"hook": hook, "scenes": scenes, "warnings": warnings})
