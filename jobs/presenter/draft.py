"""draft: rewrites the text for speech and divides it into slides; a given deck keeps its own."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.deck.sections import notes_for
from jobs.presenter.deck.slides import MEDIA, SCRIPT_NAME, SLIDES_NAME, Slides
from jobs.presenter.messages.composed import message_of
from jobs.presenter.messages.outbox import MESSAGE_NAME
from jobs.presenter.skills import Skills, Wish, skills_provider
from jobs.presenter.skills.embedded.provider import EmbeddedSkills
from jobs.presenter.skills.pictures import addresses_in, asset_of, pictures_in
from jobs.presenter.talk import Talk, read_talk, talk_inputs
from shared.providers.account import Account
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Output, Result, Stage
from shared.text.guessing import Guesser
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    from jobs.presenter.deck.reading.decks import Deck

WORDS_PER_MINUTE: Final = 165.0
"""The built-in English voices' pace, pauses between sentences included."""
_LONGEST_NAME: Final = 120
"""Of a picture in a warning; one that is written into the text itself is longer."""


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A talk, ready to be spoken and drawn."""

    script: str
    slides: Slides
    warnings: tuple[str, ...] = ()


def compose(talk: Talk, skills: Skills) -> Composed:
    """The script and slides of a text; raises what the skills raise. Done again, it costs nothing."""
    text = talk.text or ""
    wish = wish_of(talk)
    script = skills.rewrite_script(text, wish)
    slides = _signed(skills.generate_slides(script, text, wish), talk.options.name.strip())
    return Composed(script=script, slides=slides, warnings=_lost_pictures(text, wish))


def composed_before(creation: Creation, talk: Talk) -> Composed | None:
    """The script and slides of the message that asked for this talk, if they still are those of its text and
    its pictures."""
    job = message_of(creation, talk)
    if job is None:
        return None
    text, wish = talk.text or "", wish_of(talk)
    shown = {slide.picture.name for slide in job.slides if slide.picture}
    if not shown.issuperset(filter(None, (asset_of(name, wish) for name in pictures_in(text)))):
        return None
    slides = Slides(title=job.slides[0].title, language=wish.language, slides=job.slides)
    return Composed(script=job.script, slides=slides, warnings=_lost_pictures(text, wish))


def _lost_pictures(text: str, wish: Wish) -> tuple[str, ...]:
    names = dict.fromkeys((*pictures_in(text), *addresses_in(text)))
    return tuple(
        f"picture {name[:_LONGEST_NAME]!r} is left out: put it into {MEDIA} and run again"
        for name in names
        if asset_of(name, wish) is None
    )


def _signed(slides: Slides, name: str) -> Slides:
    """With the presenter's name on the title slide."""
    first, *others = slides.slides
    if not name or first.kind != "title":
        return slides
    signed = first.model_copy(update={"subtitle": " · ".join(filter(None, (first.subtitle, name)))})
    return slides.model_copy(update={"slides": (signed, *others)})


def present(talk: Talk, deck: "Deck") -> Composed:
    """A deck with its own notes, or with a section of the text for each page; raises `InvalidAssets` if there
    are more sections than pages."""
    skills = EmbeddedSkills()
    wish = wish_of(talk, [slide.notes for slide in deck.slides])
    notes, warnings = notes_for(deck.slides, talk.text, talk.deck or "")
    spoken = [skills.rewrite_script(each, wish) if each.strip() else "" for each in notes]
    slides = Slides(
        title=next((slide.title for slide in deck.slides if slide.title), ""),
        language=wish.language,
        slides=tuple(
            slide.model_copy(update={"notes": each}) for slide, each in zip(deck.slides, spoken, strict=True)
        ),
    )
    script = "\n\n".join(each for each in spoken if each)
    return Composed(script=script, slides=slides, warnings=(*deck.warnings, *warnings))


def wish_of(talk: Talk, notes: Sequence[str] = ()) -> Wish:
    """What the skills may know of the talk; `notes` are those of a deck."""
    texts = (talk.text or "").split("\n\n") if talk.text else notes
    paragraphs = [paragraph for paragraph in texts if paragraph.strip()]
    language = Guesser().guess(paragraphs, talk.options.language).language if paragraphs else "und"
    return Wish(
        language=language,
        words_per_minute=WORDS_PER_MINUTE * talk.options.speaking_rate,
        media={PurePosixPath(name).name: name for name in talk.media},
    )


def run(context: Context) -> Result:
    """The stage's work."""
    context.progress.update(0.05, "reading the text")
    talk = read_talk(context.creation, context.parameters)
    pages: dict[str, Output] = {}
    maker = "none"
    before = composed_before(context.creation, talk)
    if talk.deck:
        context.progress.update(0.1, "reading the deck")
        composed = present(talk, _brought(context, talk.deck, pages))
    elif before:
        composed, maker = before, "message"
    else:
        skills = skills_provider(context.settings, context.account)
        context.progress.update(0.2, f"writing script and slides ({skills.name})")
        composed, maker = compose(talk, skills), skills.name
    script = composed.script.encode()
    slides = canonical_json(composed.slides.model_dump(mode="json", exclude_defaults=True))
    return Result(
        outputs={
            "script": write_output(context, SCRIPT_NAME, script, "what is spoken, with pause marks"),
            "slides": write_output(context, SLIDES_NAME, slides, "the slides with their notes"),
            **pages,
        },
        metadata={
            "slides": len(composed.slides.slides),
            "language": composed.slides.language,
            "skills": maker,
            "planned_s": round(sum(slide.seconds for slide in composed.slides.slides), 1),
        },
        warnings=composed.warnings,
    )


def _brought(context: Context, name: str, pages: dict[str, Output]) -> "Deck":
    """The deck that people brought; its pictures are added to `pages`."""
    from jobs.presenter.deck.reading.decks import read_deck

    def save(asset: str, data: bytes) -> None:
        pages[f"page_{len(pages) + 1:03}"] = write_output(context, asset, data, "a picture of the deck")

    path = context.creation.download(name, context.scratch / PurePosixPath(name).name)
    return read_deck(path, name, save)


def _inputs(creation: Creation) -> list[str]:
    return [*talk_inputs(creation), *([MESSAGE_NAME] if creation.stat(MESSAGE_NAME) else [])]


def _skills(settings: Settings) -> str:
    skills = skills_provider(settings, Account.closed())
    return f"{skills.name} {skills.version}"


STAGE: Final = Stage(pipeline="presenter", name="draft", version=1, inputs=_inputs, run=run, salt=_skills)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
