"""The built-in copywriter: chooses sentences for the product, its style and its picture, without network."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jobs.ad.copy.picture import Shape, colour_name, light_of, look_at
from jobs.ad.copy.rules import (
    is_latin,
    name_in,
    said_proof,
    speaks_proof,
    spoken_name,
    words_in,
    words_of_proof,
)
from jobs.ad.copy.vocabulary import Kind, Pool, Slot, StyleLines, kind_of, lines_hash, vocabulary
from jobs.ad.copy.writer import AdBrief, AdCopy, ProductAnalysis, SceneBrief, SceneCopy
from shared.errors import UnknownName

_VERSION: Final = "1"
_LEAST_FILLED: Final = 0.8
"""Of a scene's words."""
_SLOT: Final = None
"""Stands for it among a template's sentences."""
_SLOTS: Final = re.compile(r"\[(benefit statement|social proof)\]", re.IGNORECASE)
_GIVEN: Final = re.compile(r"\{(product_name|cta_text)\}")
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+")
_SHAPES: Final[dict[Shape, str]] = {
    "upright": "an upright figure",
    "wide": "a wide, level figure",
    "square": "a compact figure",
}
_APPEAL: Final = {
    "dark": "depth and confidence",
    "light": "clarity and ease",
    "even": "a sense of being at home",
}


@dataclass(frozen=True, kw_only=True)
class _Line:
    text: str
    words: int


@dataclass(frozen=True, kw_only=True)
class _Writer:
    """What is known of one ad while it is written."""

    brief: AdBrief
    kind: Kind
    lines: StyleLines
    values: Mapping[str, str]
    """For the slots of lines; those that are not known are missing."""
    traits: frozenset[str]
    """Of the picture: dark, warm, upright and the like."""
    used: set[str]
    """Lines already used."""


class TemplateProvider:
    """Chooses by the picture and by the kind of product that the name suggests. The text depends on the brief
    and its variation only, and makes no claims of its own."""

    name = "template"

    def __init__(self) -> None:
        self.version = f"{_VERSION}/{lines_hash()[:12]}"

    def analyse(self, picture: Path | None, *, product_name: str) -> ProductAnalysis:
        """From the colours, light and shape of the picture and the words of the name."""
        kind = kind_of(product_name)
        sight = look_at(picture) if picture else None
        colours = sight.colours if sight else ()
        shown = _colour_words(colours)
        points = [*([f"{shown} at a glance"] if shown else []), *([_SHAPES[sight.shape]] if sight else [])]
        return ProductAnalysis(
            product_description=": ".join(filter(None, [product_name, _product(kind, shown)])),
            key_benefits=kind.gives,
            target_audience=kind.audience,
            unique_selling_points=tuple(points) or kind.gives[:2],
            emotional_appeal=_APPEAL[light_of(colours).level],
            colours=colours,
        )

    def write(self, brief: AdBrief, analysis: ProductAnalysis) -> AdCopy:
        """Fills each scene to at least 80 % if its name and call to action leave enough room."""
        writer = _writer(brief, analysis)
        scenes = tuple(_scene(writer, scene) for scene in brief.scenes)
        shown = _colour_words(analysis.colours)
        hints = f" with hints of {shown}" if shown else ""
        return AdCopy(
            hook=_shuffled(writer, writer.lines.hooks)[0],
            scenes=scenes,
            cta_image_prompt=f"{brief.orientation} background{hints}, no writing",
        )

    def estimate_usd(self, brief: AdBrief, *, with_picture: bool) -> float:  # noqa: ARG002 - the protocol's
        """Free."""
        return 0.0


def _writer(brief: AdBrief, analysis: ProductAnalysis) -> _Writer:
    styles = vocabulary().styles
    if brief.lines not in styles:
        raise UnknownName("lines", brief.lines, list(styles))
    kind, light = kind_of(brief.product_name), light_of(analysis.colours)
    shown = _colour_words(analysis.colours)
    # Said right after the name: `Discover Premium Watch. One for people who …`
    one = "One" if kind.noun and kind.noun in brief.product_name.casefold() else _capital(kind.with_article)
    values = {"colours": shown, "noun": kind.noun, "A": one, "Colours": _capital(shown)}
    shapes = {shape for shape, words in _SHAPES.items() if words in analysis.unique_selling_points}
    return _Writer(
        brief=brief,
        kind=kind,
        lines=styles[brief.lines],
        values={name: value for name, value in values.items() if value},
        traits=frozenset({light.level, light.temperature, *shapes}),
        used=set(),
    )


def _scene(writer: _Writer, scene: SceneBrief) -> SceneCopy:
    brief = writer.brief
    given = {"product_name": brief.product_name, "cta_text": brief.cta_text}
    pictured = _GIVEN.sub(lambda found: given[found.group(1)], scene.picture_template)
    product = _product(writer.kind, writer.values.get("colours", ""))
    parts = [
        pictured,
        f"The product: {product}" if product else "",
        f"{brief.orientation.capitalize()}, no writing",
    ]
    return SceneCopy(
        id=scene.id,
        voiceover_text=_voiceover(writer, scene),
        text_overlay="",
        video_prompt=". ".join(filter(None, parts))[:1500],
    )


def _voiceover(writer: _Writer, scene: SceneBrief) -> str:
    """The template's own sentences as far as they fit, with others in its slot or after its first sentence;
    the template's last sentence stays last."""
    sentences = _fixed(writer, scene)
    if _SLOT not in sentences:
        sentences.insert(min(1, max(0, len(sentences) - 1)), _SLOT)
    proof = said_proof(scene, writer.brief)
    room = scene.most_words - _words(sentences) - words_of_proof(proof)
    least = room - int(scene.most_words * (1 - _LEAST_FILLED))
    chosen = _chosen(writer, _slot_of(scene), least, room)
    lines = [*([_ended(proof)] if proof else []), *(line.text for line in chosen)]
    text = " ".join(part for each in sentences for part in (lines if each is _SLOT else [each or ""]))
    return text or spoken_name(writer.brief.product_name, max(1, scene.most_words))


def _slot_of(scene: SceneBrief) -> Slot:
    found = _SLOTS.search(scene.template)
    if found is None:
        return "closing"
    if speaks_proof(scene):
        return "proof"
    return "benefit" if found.start() == 0 else "opening"


def _planned(template: str) -> list[str | None]:
    """Its sentences, with `_SLOT` for text that is to be written. Input is filled in later, so a product may
    be called `[social proof]`."""
    planned: list[str | None] = []
    for i, part in enumerate(_SLOTS.split(template)[::2]):
        planned += [_SLOT] if i else []
        planned += [sentence for sentence in _SENTENCES.split(part.strip()) if sentence]
    return planned


def _words(sentences: Iterable[str | None]) -> int:
    return sum(words_in(sentence or "") for sentence in sentences)


def _fixed(writer: _Writer, scene: SceneBrief) -> list[str | None]:
    """The template's sentences with the name and the call to action in them, at most as long as the scene.

    If they are too long, the name is shortened, then left out, then the template's own words, and finally the
    call to action, which can be read on the screen.
    """
    planned = _planned(scene.template)
    name = name_in(scene, writer.brief.product_name)
    if writer.brief.latin_only:
        planned, name = _sayable(planned, name, writer.brief.cta_text)
    unnamed = [sentence for sentence in planned if "{product_name}" not in (sentence or "")]
    cta = [sentence for sentence in unnamed if sentence is _SLOT or "{cta_text}" in sentence]
    own = [sentence for sentence in unnamed if sentence not in cta or sentence is _SLOT]
    versions = [(planned, spoken_name(name, most)) for most in range(max(1, words_in(name)), 0, -1)]
    for sentences, said in [*versions, (unnamed, name), (cta, name), (own, name)]:
        filled = _filled(writer.brief, sentences, said)
        if filled and _words(filled) <= scene.most_words:
            return filled
    return []


def _sayable(planned: list[str | None], name: str, cta_text: str) -> tuple[list[str | None], str]:
    """The plan without the call to action and with another word for the name, where the voice can't read
    them."""
    if not is_latin(cta_text):
        planned = [each for each in planned if each is _SLOT or "{cta_text}" not in each]
    if is_latin(name):
        return planned, name
    return [each for each in planned if each is _SLOT or each.strip(" .!") != "{product_name}"], "it"


def _filled(brief: AdBrief, sentences: Sequence[str | None], name: str) -> list[str | None]:
    """Without a sentence that the call to action after it repeats."""
    given = {"product_name": name, "cta_text": brief.cta_text}
    filled = [each and _tidy(_GIVEN.sub(lambda found: given[found.group(1)], each)) for each in sentences]
    plain = [re.sub(r"\W+", " ", each or "").casefold().strip() for each in filled]
    return [each for i, each in enumerate(filled) if each is _SLOT or plain[i] not in plain[i + 1 :]]


def _ended(proof: str) -> str:
    return proof if proof[-1] in ".!?…。！？" else f"{proof}."


def _tidy(sentence: str) -> str:
    """A single punctuation mark at the end, even if a name or a call to action ends with its own."""
    return re.sub(r"([.!?…。！？])[.!]+$", r"\1", sentence)


def _chosen(writer: _Writer, slot: Slot, least: int, most: int) -> tuple[_Line, ...]:
    """Lines that take `least` to `most` words together, or the longest that fit if none do."""
    best: tuple[_Line, ...] = ()
    for lines in _sequences(writer, slot):
        words = sum(line.words for line in lines)
        if words <= most and words > sum(line.words for line in best):
            best = lines
            if words >= least:
                break
    writer.used.update(line.text for line in best)
    return best


def _sequences(writer: _Writer, slot: Slot) -> Iterator[tuple[_Line, ...]]:
    """A main line with none to two tails, the most fitting main lines first; then tails alone."""
    pool = writer.lines.pool(slot)
    mains, tails = _mains(writer, slot, pool), _usable(writer, pool.tail)
    pairs = [(a, b) for i, a in enumerate(tails) for b in tails[i + 1 :]]
    for main in mains:
        yield from ((main, tail) for tail in tails)
        yield (main,)
        yield from ((main, *pair) for pair in pairs)
    yield from pairs
    yield from ((tail,) for tail in tails)


def _mains(writer: _Writer, slot: Slot, pool: Pool) -> list[_Line]:
    """Lines about this product come before general ones."""
    own = [line for line in pool.main if isinstance(line, dict) or "{" in line]
    general = [line for line in pool.main if line not in own]
    if slot == "benefit":
        own = [*(f"{line}{writer.lines.stop}" for line in getattr(writer.kind, writer.lines.mood)), *own]
    if slot == "opening":
        return _usable(writer, [*own, *general[:2]]) + _usable(writer, general[2:])
    return _usable(writer, own) + _usable(writer, general)


def _usable(writer: _Writer, lines: Iterable[str | dict[str, str]]) -> list[_Line]:
    """The unused lines that suit this product, in an order that depends on the brief."""
    found = []
    for line in lines:
        ((trait, text),) = line.items() if isinstance(line, dict) else [("", line)]
        slots = re.findall(r"\{(\w+)\}", text)
        if (trait and trait not in writer.traits) or any(slot not in writer.values for slot in slots):
            continue
        said = text.format(**{slot: writer.values[slot] for slot in slots})
        if said not in writer.used:
            found.append(said)
    return [_Line(text=text, words=words_in(text)) for text in _shuffled(writer, found)]


def _shuffled(writer: _Writer, texts: Iterable[str]) -> list[str]:
    brief = writer.brief
    seed = f"{brief.product_name}\0{brief.style}\0{brief.variation}\0"
    return sorted(texts, key=lambda text: hashlib.sha256((seed + text).encode()).digest())


def _colour_words(colours: Sequence[str]) -> str:
    """The two most frequent, e.g. `black and gold`; empty without colours."""
    return " and ".join(list(dict.fromkeys(colour_name(colour) for colour in colours[:3]))[:2])


def _product(kind: Kind, colours: str) -> str:
    """E.g. `watch in black and gold`; empty if neither is known."""
    what = "" if kind.name == "thing" else kind.name
    return f"{what} in {colours}" if what and colours else what or colours


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
