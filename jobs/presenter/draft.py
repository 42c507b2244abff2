"""draft: rewrites the text for speech and divides it into slides; a given deck keeps its own."""

import sys
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.deck.slides import MEDIA, SCRIPT_NAME, SLIDES_NAME, Slides
from jobs.presenter.skills import Skills, Wish, skills_provider
from jobs.presenter.skills.pictures import asset_of, pictures_in
from jobs.presenter.talk import Talk, read_talk, talk_inputs
from shared.providers.account import Account
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.stages.film_steps import write_output
from shared.stages.stage import Context, Result, Stage
from shared.text.guessing import Guesser
from shared.worker.entry import stage_main

WORDS_PER_MINUTE: Final = 165.0
"""The built-in English voices' pace, pauses between sentences included."""


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
    slides = skills.generate_slides(script, text, wish)
    lost = [name for name in dict.fromkeys(pictures_in(text)) if asset_of(name, wish) is None]
    warnings = (f"picture {name!r} is left out: put it into {MEDIA} and run again" for name in lost)
    return Composed(script=script, slides=slides, warnings=tuple(warnings))


def wish_of(talk: Talk) -> Wish:
    """What the skills may know of the talk."""
    text = talk.text or ""
    paragraphs = [paragraph for paragraph in text.split("\n\n") if paragraph.strip()]
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
    skills = skills_provider(context.settings, context.account)
    context.progress.update(0.2, f"writing script and slides ({skills.name})")
    composed = compose(talk, skills)
    script = composed.script.encode()
    slides = canonical_json(composed.slides.model_dump(mode="json", exclude_defaults=True))
    return Result(
        outputs={
            "script": write_output(context, SCRIPT_NAME, script, "what is spoken, with pause marks"),
            "slides": write_output(context, SLIDES_NAME, slides, "the slides with their notes"),
        },
        metadata={
            "slides": len(composed.slides.slides),
            "language": composed.slides.language,
            "skills": skills.name,
            "planned_s": round(sum(slide.seconds for slide in composed.slides.slides), 1),
        },
        warnings=composed.warnings,
    )


def _inputs(creation: Creation) -> list[str]:
    return talk_inputs(creation)


def _skills(settings: Settings) -> str:
    skills = skills_provider(settings, Account.closed())
    return f"{skills.name} {skills.version}"


STAGE: Final = Stage(pipeline="presenter", name="draft", version=1, inputs=_inputs, run=run, salt=_skills)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
