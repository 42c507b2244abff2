"""narrate: speaks the notes, lays out the timeline and plans the segments."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.deck.notes import Spoken, between_pauses
from jobs.presenter.deck.slides import SLIDES_NAME, Slide
from jobs.presenter.drawing.keys import DRAWING_VERSION
from jobs.presenter.film.direction import Directed, Said, Scene, Setting, direct
from jobs.presenter.film.drawn import STARTS_NAME, Deck, deck_of, pages_in
from jobs.presenter.film.presenter import AVATARS, Presenter, presenter_of, standing
from jobs.presenter.talk import Talk, read_talk, talk_inputs
from shared.providers.account import Account
from shared.providers.speech import speech_provider, unpaid, voice_doubts
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.stages.film_steps import shape_of, write_captions, write_output, write_timeline
from shared.stages.narration import Caption, Narrated, Narrator, speak_all
from shared.stages.plan import SPEECH, read_timeline, speech_stands, write_plan
from shared.stages.stage import Context, Result, Stage
from shared.text.guessing import Guesser
from shared.text.language import words_of
from shared.text.markup import spoken_text
from shared.video.rendering.segments import RENDERER_VERSION, plan_segments
from shared.video.timeline import CaptionStyle, Music
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    from shared.video.lettering.font_check import Drawable


def run(context: Context) -> Result:
    """The stage's work."""
    context.progress.update(0.02, "reading the slides")
    talk = read_talk(context.creation, context.parameters)
    deck = deck_of(context.creation, talk)
    _check_music(context, talk)
    pieces = [_pieces(slide) for slide in deck.slides.slides]
    captions = _captions(pieces, deck, talk)
    drawable = _drawable(captions, deck, talk)
    presenter = presenter_of(context, deck, talk)
    narrated = _spoken(context, captions, talk)
    directed = direct(_scenes(deck, pieces, narrated), _setting(deck, talk, drawable))
    directed = standing(context, directed, presenter)
    return _result(context, deck, directed, narrated, drawable, presenter)


def _check_music(context: Context, talk: Talk) -> None:
    """Raise `InvalidAssets` for music that can't be played."""
    from shared.video.sound.mix import check_music

    if talk.music:
        path = context.creation.download(talk.music, context.scratch / PurePosixPath(talk.music).name)
        check_music(path, name=talk.music)


def _pieces(slide: Slide) -> list[Spoken]:
    """What is spoken over the slide; a piece without words is left out."""
    return [piece for piece in between_pauses(slide.notes) if words_of(spoken_text(piece.text).text)]


def _captions(pieces: Sequence[Sequence[Spoken]], deck: Deck, talk: Talk) -> list[Caption]:
    named = [
        (f"{SLIDES_NAME}: slide {number}, piece {place}", piece.text)
        for number, slide in enumerate(pieces, 1)
        for place, piece in enumerate(slide, 1)
    ]
    said = deck.slides.language
    asked = talk.options.language or (said if said != "und" else None)
    languages = Guesser().guess([text for _, text in named], asked).languages
    return [
        Caption(name=name, text=text, language=language)
        for (name, text), language in zip(named, languages, strict=True)
    ]


def _drawable(captions: Sequence[Caption], deck: Deck, talk: Talk) -> "Drawable":
    """What draws the captions; raises `InvalidAssets` for a script that no font has, if they are burnt in."""
    from shared.video.lettering.font_check import Drawable, check_fonts
    from shared.video.lettering.fonts import choose_fonts

    texts = {caption.name: caption.text for caption in captions}
    language = deck.slides.language
    if talk.options.captions == "off":
        return Drawable(faces=choose_fonts(texts.values(), language, emoji_in_colour=True).faces)
    return check_fonts(texts, language, otherwise='set "captions": "off"', emoji_in_colour=True)


def _spoken(context: Context, captions: Sequence[Caption], talk: Talk) -> list[Narrated]:
    def on_progress(done: int, count: int) -> None:
        context.progress.update(0.05 + 0.85 * done / count, f"spoke {done} of {count} pieces")

    narrator = Narrator(
        provider=speech_provider(unpaid(context.settings), context.account),
        voice=talk.options.voice,
        rate=talk.options.speaking_rate,
    )
    return speak_all(context.creation, captions, narrator, on_progress)


def _scenes(deck: Deck, pieces: Sequence[Sequence[Spoken]], narrated: Sequence[Narrated]) -> Iterator[Scene]:
    spoken = iter(narrated)
    states: dict[int, list[tuple[str, str]]] = {}
    for state in deck.states():
        states.setdefault(state.slide, []).append((state.name, state.key))
    for number, (slide, said) in enumerate(zip(deck.slides.slides, pieces, strict=True)):
        yield Scene(
            slide=slide,
            pictures=tuple(states[number]),
            said=tuple(
                Said(narrated=next(spoken), start=piece.start, pause_ms=piece.pause_ms) for piece in said
            ),
        )


def _setting(deck: Deck, talk: Talk, drawable: "Drawable") -> Setting:
    options = talk.options
    width, height = talk.size
    return Setting(
        width=width,
        height=height,
        frame_rate=options.frame_rate,
        language=deck.slides.language,
        captions=CaptionStyle(look=options.captions),
        fonts=drawable.faces,
        music=Music(key=talk.music, volume=options.music_volume) if talk.music else None,
    )


def _result(
    context: Context,
    deck: Deck,
    directed: Directed,
    narrated: Sequence[Narrated],
    drawable: "Drawable",
    presenter: Presenter | None,
) -> Result:
    from shared.video.captions.pages import caption_states

    context.progress.update(0.92, "planning the segments")
    timeline = directed.timeline
    segments = plan_segments(timeline, caption_states(timeline))
    unsaid = dict.fromkeys(piece.warning for piece in narrated if piece.warning)
    doubts = voice_doubts(unpaid(context.settings)) if narrated else []
    return Result(
        outputs={
            "timeline": write_timeline(context, timeline, "the film as data"),
            **write_captions(context, timeline),
            "starts": write_output(
                context, STARTS_NAME, canonical_json(list(directed.starts)), "the first frame of each slide"
            ),
            "plan": write_plan(context, segments),
        },
        metadata={
            "slides": len(deck.slides.slides),
            "pieces": len(narrated),
            "segments": len(segments),
            **shape_of(timeline),
            "language": timeline.language,
        },
        warnings=(*drawable.warnings, *doubts, *unsaid),
        reusable=not drawable.missing,  # a font may be installed by the next time
        keep={
            SPEECH: frozenset(_speech_in_use(narrated)),
            AVATARS: frozenset([presenter.name] if presenter else []),
        },
    )


def _speech_in_use(narrated: Sequence[Narrated]) -> Iterator[str]:
    for piece in narrated:
        yield from filter(None, (piece.speech, piece.times))


def _all_stands(creation: Creation) -> bool:
    """Whether all speech and the avatar are in the store."""
    figure = read_timeline(creation).figure
    avatar = (figure.picture or figure.clip) if figure else None
    return speech_stands(creation) and (avatar is None or creation.stat(avatar) is not None)


def _inputs(creation: Creation) -> list[str]:
    return [SLIDES_NAME, *talk_inputs(creation), *pages_in(creation)]


def _voice(settings: Settings) -> str:
    provider = speech_provider(unpaid(settings), Account.closed())
    return f"{provider.name} {provider.version} renderer {RENDERER_VERSION} drawing {DRAWING_VERSION}"


STAGE: Final = Stage(
    pipeline="presenter",
    name="narrate",
    version=1,
    inputs=_inputs,
    run=run,
    salt=_voice,
    stands=_all_stands,
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
