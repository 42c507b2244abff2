"""narrate: checks the assets, speaks the captions, lays out the timeline and plans the segments."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from jobs.story import PIPELINE_FILE
from jobs.story.direction import Look, NarratedPart, direct
from jobs.story.input.caption_text import as_shown, caption_text
from jobs.story.input.layout import Layout, read_layout, story_inputs
from jobs.story.input.options import (
    StoryOptions,
    read_options,
    size_for,
    unknown_parts,
    with_parameters,
)
from jobs.story.input.part import Part
from shared.accepted import demand_small_text
from shared.errors import BadRequest, InvalidAssets
from shared.providers.account import Account
from shared.providers.speech import speech_provider, unpaid, voice_doubts
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.settings import Settings
from shared.stages.film_steps import shape_of, write_captions, write_timeline
from shared.stages.narration import Caption, Narrated, Narrator, pace_for_reading, speak_all
from shared.stages.plan import SPEECH, speech_stands, write_plan
from shared.stages.stage import Context, Result, Stage
from shared.text.guessing import Guess, Guesser
from shared.text.markup import Marked
from shared.validation import noting
from shared.video.rendering.segments import RENDERER_VERSION, plan_segments
from shared.video.sizes import parse_size
from shared.video.subjects.boxes import Box
from shared.video.subjects.subjects import LOOKED_AT, what_matters
from shared.video.timeline import FontFace, Timeline
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    from shared.video.lettering.font_check import Drawable


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A picture that was looked at."""

    size: tuple[int, int]
    """Upright: width and height."""
    subjects: tuple[Box, ...]


@dataclass(frozen=True, kw_only=True)
class _Story:
    """What people put in, looked through and found to be in order."""

    layout: Layout
    options: StoryOptions
    captions: tuple[tuple[Caption, ...], ...]
    """By part."""
    guess: Guess
    """The languages of the captions."""
    pictures: Mapping[str, _Seen]

    @property
    def language(self) -> str:
        """Of all captions together; of a story without words what it says itself, if anything."""
        return self.guess.language if any(self.captions) else self.options.language or "und"


def run(context: Context) -> Result:
    """The stage's work."""
    context.progress.update(0.02, "reading the assets")
    story = _read(context)
    drawable = _drawable(story)
    narrated = _narrate(context, [caption for part in story.captions for caption in part], story.options)
    timeline = _timeline(context, story, narrated, drawable.faces)
    return _result(context, story, timeline, narrated, drawable)


def _read(context: Context) -> _Story:
    """The whole story; raises `InvalidAssets` naming every problem in every object at once."""
    creation = context.creation
    problems: list[str] = []
    layout = read_layout(story_inputs(creation), creation.key(ASSETS), problems)
    read = _reader(creation)
    options = StoryOptions()
    if layout.options:
        with noting(problems):
            options = read_options(read(layout.options), layout.options)
    with noting(problems):
        options = with_parameters(options, context.parameters)
    texts = _texts(read, layout, options.captions.markup, problems)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="languages") as pool:
        guessing = pool.submit(_guess, texts, options)
        pictures = _check_media(context, layout, problems)
    problems += unknown_parts(options, [part.number for part in layout.parts], layout.options)
    if problems:
        raise InvalidAssets(*problems)
    guess = guessing.result()
    return _Story(
        layout=layout, options=options, captions=_captions(texts, guess), guess=guess, pictures=pictures
    )


def _reader(creation: Creation) -> Callable[[str], bytes]:
    """Fetches a text, unless it is too large, which is `InvalidAssets`."""
    sizes = {name: info.size_bytes for name, info in creation.list(ASSETS)}

    def read(name: str) -> bytes:
        demand_small_text(name, sizes.get(name, 0))
        return creation.read(name)[0]

    return read


def _texts(
    read: Callable[[str], bytes], layout: Layout, markup: str, problems: list[str]
) -> list[list[tuple[str, Marked]]]:
    """The captions' names and texts, by part."""
    texts: list[list[tuple[str, Marked]]] = []
    for part in layout.parts:
        texts.append([])
        for name in part.captions:
            with noting(problems):
                shown = as_shown(caption_text(read(name), name), markup)
                texts[-1] += [(name, shown)] if shown.text else []
    return texts


def _guess(texts: Sequence[Sequence[tuple[str, Marked]]], options: StoryOptions) -> Guess:
    return Guesser().guess([shown.text for part in texts for _, shown in part], options.language)


def _captions(texts: Sequence[Sequence[tuple[str, Marked]]], guess: Guess) -> tuple[tuple[Caption, ...], ...]:
    languages = iter(guess.languages)
    return tuple(
        tuple(
            Caption(name=name, text=shown.text, language=next(languages), styles=shown.styles)
            for name, shown in part
        )
        for part in texts
    )


def _check_media(context: Context, layout: Layout, problems: list[str]) -> dict[str, _Seen]:
    """What is in each picture, once all of them and the music are known to decode."""
    import cv2  # noqa: F401 - it puts itself together at its first import, which no other thread may see

    from shared.video.frames.pictures import look_at
    from shared.video.sound.mix import check_music

    folder = context.scratch / "assets"
    folder.mkdir()
    seen: dict[str, _Seen] = {}

    def check(number: int, name: str) -> list[str]:
        found: list[str] = []
        path = context.creation.download(name, folder / f"{number}{PurePosixPath(name).suffix}")
        with noting(found):
            if name == layout.music:
                check_music(path, name=name)
            else:
                size, small = look_at(path, name=name, max_side=LOOKED_AT)
                seen[name] = _Seen(size=size, subjects=what_matters(small))
        path.unlink()
        return found

    names = [name for name in (*(part.picture for part in layout.parts), layout.music) if name]
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="check") as pool:
        for found in pool.map(check, range(len(names)), names):
            problems.extend(found)
    return seen


def _drawable(story: _Story) -> "Drawable":
    """What draws the captions; raises `InvalidAssets` for a script that no font has, if they are burnt in."""
    from shared.video.lettering.font_check import Drawable, check_fonts
    from shared.video.lettering.fonts import choose_fonts

    captions = {caption.name: caption.text for part in story.captions for caption in part}
    if story.options.captions.look == "off":
        return Drawable(faces=choose_fonts(captions.values(), story.language, emoji_in_colour=True).faces)
    return check_fonts(captions, story.language, otherwise='set "captions": "off"', emoji_in_colour=True)


def _narrate(context: Context, captions: Sequence[Caption], options: StoryOptions) -> list[Narrated]:
    if not (options.narration and captions):
        return [pace_for_reading(caption) for caption in captions]

    def on_progress(done: int, count: int) -> None:
        context.progress.update(0.1 + 0.7 * done / count, f"spoke {done} of {count} captions")

    narrator = Narrator(
        provider=speech_provider(unpaid(context.settings), context.account),
        voice=options.voice,
        rate=options.speaking_rate,
    )
    return speak_all(context.creation, captions, narrator, on_progress)


def _timeline(
    context: Context, story: _Story, narrated: Sequence[Narrated], fonts: tuple[FontFace, ...]
) -> Timeline:
    said = iter(narrated)
    parts = [
        _part(context, part, story.pictures[part.picture], tuple(next(said) for _ in captions))
        for part, captions in zip(story.layout.parts, story.captions, strict=True)
    ]
    options = story.options
    shapes = [part.picture_size for part in parts]
    width, height = size_for(shapes) if options.size == "auto" else parse_size(options.size)
    look = Look(
        options=options,
        width=width,
        height=height,
        language=story.language,
        fonts=fonts,
        music=story.layout.music,
    )
    return direct(parts, look)


def _part(context: Context, part: Part, seen: _Seen, captions: tuple[Narrated, ...]) -> NarratedPart:
    info = context.creation.stat(part.picture)
    if info is None:
        raise BadRequest(f"{part.picture}: went away while the story was read; put it back and run again")
    return NarratedPart(
        picture=part.picture,
        picture_hash=info.content_hash,
        picture_size=seen.size,
        number=part.number,
        subjects=seen.subjects,
        captions=captions,
    )


def _result(
    context: Context,
    story: _Story,
    timeline: Timeline,
    narrated: Sequence[Narrated],
    drawable: "Drawable",
) -> Result:
    from shared.video.captions.pages import caption_states

    context.progress.update(0.9, "planning the segments")
    segments = plan_segments(timeline, caption_states(timeline))
    unsaid = dict.fromkeys(caption.warning for caption in narrated if caption.warning)
    doubts = voice_doubts(unpaid(context.settings)) if any(caption.speech for caption in narrated) else []
    ignored = [f"{name}: plays no part in the film" for name in story.layout.ignored]
    return Result(
        outputs={
            "timeline": write_timeline(context, timeline, "the film as data"),
            **write_captions(context, timeline),
            "plan": write_plan(context, segments),
        },
        metadata={
            "parts": len(story.layout.parts),
            "captions": len(timeline.cues),
            "segments": len(segments),
            **shape_of(timeline),
            "language": timeline.language,
            "languages": sorted({cue.language for cue in timeline.cues}),
            "narration": story.options.narration,
            "fonts": [face.family for face in timeline.fonts],
            "missing_scripts": list(drawable.missing),
        },
        warnings=(*drawable.warnings, *_doubt(story.guess), *doubts, *unsaid, *ignored),
        reusable=not drawable.missing,  # a font may be installed by the next time
        keep={SPEECH: frozenset(_speech_in_use(narrated))},
    )


def _doubt(guess: Guess) -> Iterator[str]:
    if guess.rival:
        yield (
            f"the language of the captions was guessed as {guess.language!r} and may be {guess.rival!r}: "
            f'set it in story.json, e.g. "language": "{guess.language}"'
        )


def _speech_in_use(narrated: Sequence[Narrated]) -> Iterator[str]:
    for caption in narrated:
        yield from filter(None, (caption.speech, caption.times))


def _voice(settings: Settings) -> str:
    provider = speech_provider(unpaid(settings), Account.closed())
    return f"{provider.name} {provider.version} renderer {RENDERER_VERSION}"


STAGE: Final = Stage(
    pipeline="story",
    name="narrate",
    version=4,
    inputs=story_inputs,
    run=run,
    salt=_voice,
    stands=speech_stands,
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
