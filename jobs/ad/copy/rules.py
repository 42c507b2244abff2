"""Rules for every text of an ad, from any writer."""

import re
import unicodedata
from typing import Final

from jobs.ad.copy.writer import AdBrief, AdCopy, SceneBrief, SceneCopy

_DENSE: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""Scripts written without spaces, or with a syllable to each character."""
_DENSE_IN_A_WORD: Final = 2
_LETTERS_IN_A_WORD: Final = 16
"""A longer word takes the time of two."""
_GIVEN_SHARE: Final = 0.6
"""The share of a scene's words that a product's name, or a call to action, may take."""
_LITTLE: Final = (
    frozenset({"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"})
    | frozenset({"de", "der", "des", "die", "du", "et", "la", "le", "und", "von"})
    | frozenset("&+-–—/|")
)
"""Words that a shortened name must not end with."""
_JOINT: Final = re.compile(r"\s*[,;:(\[|]\s*|\s+[-–—/]\s+|\s+(?:by|for|from|with)\s+", re.IGNORECASE)
"""Where a long name can be cut first."""

_PLACEHOLDER: Final = re.compile(r"\{[\w ]*\}|\[(?:benefit statement|social proof)\]", re.IGNORECASE)
_NOT_SPOKEN: Final = re.compile(r"[\[\](){}<>*_#`|\\]|https?:")
_SPEAKER: Final = re.compile(r"^\s*(?:narrator|voice-?over|vo|scene\s*\d+|sfx|music)\s*:", re.IGNORECASE)
_SIGNS: Final = "©®™°№"
"""Symbols that voices can speak."""


def words_in(text: str) -> int:
    """About how long this takes to say, in words. Words are separated by spaces; long ones count as several;
    Chinese, Japanese, Korean and Thai are counted by characters."""
    return sum(_words_of(token) for token in text.split())


def _words_of(token: str) -> int:
    dense = len(_DENSE.findall(token))
    others = sum(char.isalnum() for char in token) - dense
    return max(1, -(-dense // _DENSE_IN_A_WORD) + -(-max(0, others) // _LETTERS_IN_A_WORD))


def spoken_name(name: str, most_words: int) -> str:
    """The name, or the part of it that people would say if it is longer than `most_words` (at least 1)."""
    if words_in(name) <= most_words:
        return name
    head = _JOINT.split(name, maxsplit=1)[0].strip()
    if head and words_in(head) <= most_words:
        return head
    return _whole_words(head or name, most_words) or _characters(name, most_words)


def is_latin(text: str) -> bool:
    """Whether all its letters are Latin ones."""
    return all("LATIN" in unicodedata.name(c, "") for c in text if c.isalpha())


def name_in(scene: SceneBrief, product_name: str) -> str:
    """As it is said in this scene."""
    return spoken_name(product_name, max(1, int(scene.most_words * _GIVEN_SHARE)))


def said_proof(scene: SceneBrief, brief: AdBrief) -> str:
    """The brief's proof, word for word, if it belongs to this scene and can be spoken in its time."""
    proof = brief.proof or ""
    if not proof or not speaks_proof(scene) or (brief.latin_only and not is_latin(proof)):
        return ""
    sayable = (
        any(map(str.isalnum, proof)) and not _NOT_SPOKEN.search(proof) and not any(map(_is_symbol, proof))
    )
    return proof if sayable and words_of_proof(proof) <= scene.most_words else ""


def words_of_proof(proof: str) -> int:
    """Like `words_in`, plus one word for each digit: numbers take long to read out."""
    return words_in(proof) + sum(map(str.isdecimal, proof))


def speaks_proof(scene: SceneBrief) -> bool:
    return "[social proof]" in scene.template.lower()


def given_in(brief: AdBrief) -> tuple[str, ...]:
    """The advertiser's own phrases, and the name as scenes say it."""
    names = (name_in(scene, brief.product_name) for scene in brief.scenes)
    given = (brief.product_name, brief.cta_text, brief.proof or "", *names)
    return tuple(dict.fromkeys(filter(None, given)))


def _whole_words(text: str, most_words: int) -> str:
    """Words from the start as far as they fit, without short ones at the end."""
    tokens: list[str] = []
    for token in text.split():
        if words_in(" ".join([*tokens, token])) > most_words:
            break
        tokens.append(token)
    while tokens and tokens[-1].casefold() in _LITTLE:
        tokens.pop()
    return " ".join(tokens)


def _characters(text: str, most_words: int) -> str:
    """Characters from the start as far as they fit; marks stay with the letters below them."""
    end = max(1, len(text))
    while end > 1 and (words_in(text[:end]) > most_words or _continues(text, end)):
        end -= 1
    return text[:end].strip()


def _continues(text: str, end: int) -> bool:
    return end < len(text) and unicodedata.category(text[end]) in ("Mn", "Mc", "Cf")


def problems_of_copy(copy: AdCopy, brief: AdBrief) -> list[str]:
    """Sentences that say what the writer must correct; empty if the copy can be spoken and shown."""
    wanted, got = [scene.id for scene in brief.scenes], [scene.id for scene in copy.scenes]
    if wanted != got:
        return [f"scenes must have the ids {wanted} in this order, not {got}"]
    problems = _unwritten(brief, "hook", copy.hook)
    problems += _unwritten(brief, "cta_image_prompt", copy.cta_image_prompt)
    for scene, written in zip(brief.scenes, copy.scenes, strict=True):
        problems += [f"scene {scene.id}: {problem}" for problem in _problems_of_scene(scene, written, brief)]
    problems += _unsaid_calls(copy, brief)
    first = brief.scenes[0]
    names = {plain(brief.product_name), plain(name_in(first, brief.product_name))}
    if not any(name in plain(copy.scenes[0].voiceover_text) for name in names):
        said = name_in(first, brief.product_name)
        problems.append(f"scene {first.id}: voiceover_text must say the product's name, {said!r}")
    return problems


def _unsaid_calls(copy: AdCopy, brief: AdBrief) -> list[str]:
    """Scenes that say another call to action than the one on the screen; one that is too long to say may be
    left out."""
    call = plain(brief.cta_text).rstrip(".!? ")
    return [
        f"scene {scene.id}: voiceover_text must say the call to action, {brief.cta_text!r}, word for word"
        for scene, written in zip(brief.scenes, copy.scenes, strict=True)
        if "{cta_text}" in scene.template
        and words_in(brief.cta_text) <= scene.most_words * _GIVEN_SHARE
        and call not in plain(written.voiceover_text)
    ]


def _problems_of_scene(scene: SceneBrief, written: SceneCopy, brief: AdBrief) -> list[str]:
    words, problems = words_in(written.voiceover_text), []
    if words > scene.most_words:
        problems.append(f"voiceover_text has {words} words; at most {scene.most_words} fit")
    if not any(char.isalnum() for char in written.voiceover_text):
        problems.append("voiceover_text says nothing")
    own = _own_words(written.voiceover_text, brief)
    if _NOT_SPOKEN.search(own) or _SPEAKER.search(own) or any(map(_is_symbol, own)):
        problems.append("voiceover_text must hold spoken words only: no brackets, directions, emoji or links")
    for name, text in (
        ("voiceover_text", written.voiceover_text),
        ("text_overlay", written.text_overlay),
        ("video_prompt", written.video_prompt),
    ):
        problems += _unwritten(brief, name, text)
    return problems


def _unwritten(brief: AdBrief, name: str, text: str) -> list[str]:
    if name != "text_overlay" and not text.strip():
        return [f"{name} is blank"]
    found = _PLACEHOLDER.search(_own_words(text, brief))
    return [f"{name} still holds the placeholder {found.group()!r}"] if found else []


def _own_words(text: str, brief: AdBrief) -> str:
    """Without the advertiser's own phrases: a product may have any name."""
    for given in sorted(given_in(brief), key=len, reverse=True):
        text = text.replace(given, " ")
    return text


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Cs", "Co") and char not in _SIGNS


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
