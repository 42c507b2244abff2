"""compositing: fits scenes to voices, encodes the ad, mixes the sound, adds captions and a poster."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs.ad import PIPELINE_FILE
from jobs.ad.brief import music
from jobs.ad.plan.direction import Filmed, Footage, direct_ad, scene_starts
from jobs.ad.plan.scenes import CTA_NAME, clip_name
from jobs.ad.plan.script import SCRIPT_NAME, Script, read_script
from jobs.ad.plan.voiceovers import VOICEOVERS_NAME, Voiceovers, read_voiceovers, voiceover_name
from jobs.ad.styles import Style, style_named
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.records.names import POSTER, SEGMENTS
from shared.settings import Settings
from shared.stages.film_steps import (
    fetch_assets,
    finish_film,
    join_plan,
    loudness_of,
    missing_segments,
    mixing,
    render_missing,
    shape_of,
    sounds_of,
    write_captions,
    write_timeline,
)
from shared.stages.stage import Context, Output, Result, Stage
from shared.video.rendering.segments import RENDERER_VERSION, Segment, plan_segments
from shared.video.timeline import Music, Timeline
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.sound.mix import AudioReport

    Plane = NDArray[np.uint8]

COMPOSED: Final = "cache/music.wav"
"""Music composed for the ad, if none came with the brief."""
_FIRST_PART, _RENDERED_PART = 0.06, 0.9


@dataclass(frozen=True, kw_only=True)
class _Film:
    """Everything that the film is made from."""

    timeline: Timeline
    files: dict[str, Path]
    """Local copies of clips, pictures, speech and music, by their names."""
    warnings: tuple[str, ...]


def run(context: Context) -> Result:
    """The stage's work."""
    context.progress.update(0.01, "collecting clips, voices and the call to action")
    film = _direct(context)
    plan, video_only, audio = _made(context, film)
    context.progress.update(0.96, "putting picture and sound together")
    outputs = _outputs(context, film, video_only)
    timeline = film.timeline
    return Result(
        outputs=outputs,
        metadata={
            **shape_of(timeline),
            **loudness_of(audio),
            "size_bytes": outputs["video"].path.stat().st_size,
            "segments": len(plan),
        },
        warnings=film.warnings,
        keep={SEGMENTS: frozenset(segment.name for segment in plan)},
    )


def _direct(context: Context) -> _Film:
    """The timeline, with local copies of its assets."""
    from shared.video.frames.words import draw_overlay
    from shared.video.lettering.font_check import check_fonts
    from shared.video.lettering.fonts import choose_fonts

    script, voiceovers = _demand_all(context.creation)
    style = style_named(script.style)
    own_music = music(context.creation)
    voice_texts = [voice.text for voice in voiceovers.voiceovers]
    choice = choose_fonts(voice_texts, voiceovers.voiceovers[0].language, emoji_in_colour=True)
    timeline = direct_ad(
        script,
        style,
        voiceovers,
        _footage(context.creation, script),
        music=Music(key=own_music or COMPOSED, volume=style.music.volume, looped=own_music is not None),
        fonts=choice.faces,
    )
    titles = {f"{SCRIPT_NAME}: {words.text!r}": words.text for words in timeline.overlays}
    check_fonts(titles, "und", otherwise="write the words in another script", none_empty=True)
    files = fetch_assets(context, [name for name in _assets_of(timeline) if name != COMPOSED])
    if own_music is None:
        files[COMPOSED] = _composed(context, timeline, style, script.variation)
    unseen = map(str, choice.missing) if script.captions else ()
    undrawn = [text for words in timeline.overlays for text in draw_overlay(words, timeline).warnings]
    hurried = [
        f"the voice-over of scene {number} was sped up by {spoken.pace:.2f} so that the ad keeps its length"
        for number, spoken in enumerate(timeline.speech, 1)
        if spoken.pace > 1
    ]
    return _Film(timeline=timeline, files=files, warnings=(*dict.fromkeys([*unseen, *undrawn]), *hurried))


def _demand_all(creation: Creation) -> tuple[Script, Voiceovers]:
    """Script and voice-overs; raises `InvalidAssets` naming every missing asset."""
    problems = []
    for name, what, stage in _wanted():
        if creation.stat(name) is None:
            problems.append(f"missing {what} ({name}): run {stage} again")
    if problems:
        raise InvalidAssets(*problems)
    return read_script(creation), read_voiceovers(creation)


def _wanted() -> Iterator[tuple[str, str, str]]:
    """Name, what it is, and the stage that makes it."""
    yield SCRIPT_NAME, "script", "script_gen"
    yield VOICEOVERS_NAME, "list of voice-overs", "voice_gen"
    for scene in range(1, 5):
        yield voiceover_name(scene), f"voice-over of scene {scene}", "voice_gen"
        yield clip_name(scene), f"clip of scene {scene}", "video_gen"
    yield CTA_NAME, "picture with the call to action", "cta_gen"


def _footage(creation: Creation, script: Script) -> Footage:
    def filmed(name: str) -> Filmed:
        info = creation.stat(name)
        if info is None:
            raise InvalidAssets(f"{name}: was deleted while it was read; run its stage again")
        return Filmed(name=name, content_hash=info.content_hash)

    clips = {scene.id: filmed(clip_name(scene.id)) for scene in script.scenes}
    return Footage(clips=clips, cta=filmed(CTA_NAME))


def _assets_of(timeline: Timeline) -> list[str]:
    """All objects that the timeline shows or plays."""
    seen = [name for shot in timeline.shots for name in (shot.clip, shot.picture) if name]
    return [*seen, *sounds_of(timeline)]


def _composed(context: Context, timeline: Timeline, style: Style, variation: int) -> Path:
    """Music for this film, which changes at every cut."""
    from jobs.ad.music.composer import write_music

    path = context.scratch / "music.wav"
    write_music(
        path,
        mood=style.music.mood,
        tempo_bpm=style.music.tempo_bpm,
        seconds=timeline.duration_s,
        cuts_s=[float(start / timeline.frame_rate) for start in scene_starts(timeline)],
        seed=variation,
    )
    return path


def _made(context: Context, film: _Film) -> "tuple[list[Segment], Path, AudioReport]":
    """The plan, the film without sound, and a report on its sound; both are made in parallel."""
    from shared.video.captions.pages import caption_states
    from shared.video.frames.pictures import load_picture

    def load(name: str) -> "Plane":
        return load_picture(film.files[name], name=name)

    timeline = film.timeline
    states = caption_states(timeline)
    plan = plan_segments(timeline, states)
    missing = missing_segments(context.creation, plan)
    with mixing(context, timeline, film.files) as sound:
        render_missing(
            *(context, timeline, missing, states, load),
            clip=film.files.__getitem__,
            since=_FIRST_PART,
            until=_RENDERED_PART,
        )
        context.progress.update(0.92, "mixing the sound")
        audio = sound.result()
    return plan, join_plan(context, timeline, plan, stage="compositing", since=0.92, until=0.96), audio


def _outputs(context: Context, film: _Film, joined: Path) -> dict[str, Output]:
    captions = write_captions(context, film.timeline)
    outputs = {
        "video": finish_film(
            context, film.timeline, joined, captions["captions_srt"].path, "the ad, H.264 and AAC"
        ),
        "poster": Output(name=POSTER, path=_poster(film, context.scratch), description="a picture of the ad"),
        **captions,
        "timeline": write_timeline(context, film.timeline, "the ad as data"),
    }
    if COMPOSED in film.files:
        outputs["music"] = Output(
            name=COMPOSED, path=film.files[COMPOSED], description="the music composed for the ad"
        )
    return outputs


def _poster(film: _Film, scratch: Path) -> Path:
    """A frame of the first scene while its words are shown, as JPEG."""
    from shared.video.rendering.stills import save_still

    timeline = film.timeline
    words = next((words for words in timeline.overlays if words.at_frame < timeline.shots[0].frames), None)
    at = words.at_frame + words.frames // 2 if words else timeline.shots[0].frames // 2
    path = scratch / "poster.jpg"
    save_still(timeline, at, path, clip=film.files.__getitem__)
    return path


def _inputs(creation: Creation) -> list[str]:
    names = [name for name, _, _ in _wanted()]
    own_music = music(creation)
    return [*names, own_music] if own_music else names


def _renderer(_settings: Settings) -> str:
    return f"renderer {RENDERER_VERSION}"


STAGE: Final = Stage(pipeline="ad", name="compositing", version=2, inputs=_inputs, run=run, salt=_renderer)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
