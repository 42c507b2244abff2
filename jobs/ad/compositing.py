"""compositing: fits scenes to voices, draws and encodes the ad, mixes the sound, adds captions and poster."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from jobs.ad import FRAME_RATE, PIPELINE_FILE
from jobs.ad.plan.direction import Filmed, Footage, direct_ad, scene_starts
from jobs.ad.plan.scenes import CTA_NAME, clip_name
from jobs.ad.plan.script import SCRIPT_NAME, Script, read_script
from jobs.ad.plan.voiceovers import VOICEOVERS_NAME, Voiceovers, read_voiceovers, voiceover_name
from jobs.ad.styles import Style, style_named
from shared.brief import music
from shared.errors import InvalidAssets
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.stages.stage import Context, Output, Result, Stage
from shared.video.rendering.segments import RENDERER_VERSION, Segment, plan_segments
from shared.video.timeline import Music, Timeline
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.captions.pages import State
    from shared.video.sound.mix import AudioReport

    Plane = NDArray[np.uint8]

COMPOSED: Final = "cache/music.wav"
"""Music that was made for the ad, where none was put in."""
_FIRST_PART, _RENDERED_PART = 0.06, 0.9


@dataclass(frozen=True, kw_only=True)
class _Film:
    """All that the film is made of."""

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
            "duration_s": round(timeline.duration_s, 3),
            "frames": timeline.frames,
            "width": timeline.width,
            "height": timeline.height,
            "frame_rate": str(timeline.frame_rate),
            "loudness_lufs": round(audio.integrated_lufs, 2),
            "true_peak_dbtp": round(audio.true_peak_dbtp, 2),
            "size_bytes": outputs["video"].path.stat().st_size,
            "segments": len(plan),
        },
        warnings=film.warnings,
        keep={"cache/segments/": frozenset(segment.name for segment in plan)},
    )


def _direct(context: Context) -> _Film:
    """The timeline, and everything in it at hand."""
    from shared.video.frames.words import draw_overlay
    from shared.video.lettering.fonts import choose_fonts

    script, voiceovers = _demand_all(context.creation)
    style = style_named(script.style)
    own_music = music(context.creation)
    voice_texts = [voice.text for voice in voiceovers.voiceovers]
    choice = choose_fonts(voice_texts, voiceovers.voiceovers[0].language)
    timeline = direct_ad(
        script,
        style,
        voiceovers,
        _footage(context.creation, script),
        music=Music(key=own_music or COMPOSED, volume=style.music.volume, looped=own_music is not None),
        fonts=choice.faces,
    )
    files = _fetched(context, [name for name in _assets_of(timeline) if name != COMPOSED])
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
    """Script and voice-overs, once everything that they call for is there; raises `InvalidAssets`."""
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
            raise InvalidAssets(f"{name}: went away while it was read; run its stage again")
        return Filmed(name=name, content_hash=info.content_hash)

    clips = {scene.id: filmed(clip_name(scene.id)) for scene in script.scenes}
    return Footage(clips=clips, cta=filmed(CTA_NAME))


def _assets_of(timeline: Timeline) -> list[str]:
    """All objects that the timeline shows or plays."""
    seen = [name for shot in timeline.shots for name in (shot.clip, shot.picture) if name]
    heard = [spoken.key for spoken in timeline.speech]
    return list(dict.fromkeys([*seen, *heard, *([timeline.music.key] if timeline.music else [])]))


def _fetched(context: Context, names: Sequence[str]) -> dict[str, Path]:
    folder = context.scratch / "assets"
    folder.mkdir()
    return {
        name: context.creation.download(name, folder / f"{number}{PurePosixPath(name).suffix}")
        for number, name in enumerate(names)
    }


def _composed(context: Context, timeline: Timeline, style: Style, variation: int) -> Path:
    """Music for this film: something new at every cut."""
    from jobs.ad.music import write_music

    path = context.scratch / "music.wav"
    write_music(
        path,
        mood=style.music.mood,
        tempo_bpm=style.music.tempo_bpm,
        seconds=timeline.duration_s,
        cuts_s=[start / FRAME_RATE for start in scene_starts(timeline)],
        seed=variation,
    )
    return path


def _made(context: Context, film: _Film) -> "tuple[list[Segment], Path, AudioReport]":
    """The plan, the film without sound, and its sound in `audio.m4a`; both made side by side."""
    from shared.video.captions.pages import caption_states
    from shared.video.encoding.join import join_segments
    from shared.video.sound.mix import mix_audio

    timeline, scratch = film.timeline, context.scratch
    states = caption_states(timeline)
    plan = plan_segments(timeline, states)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sound") as pool:
        mixing = pool.submit(mix_audio, timeline, film.files, scratch / "audio.m4a", scratch)
        _render(context, film, plan, states)
        context.progress.update(0.92, "mixing the sound")
        audio = mixing.result()
    joined = scratch / "joined.mp4"
    join_segments(_segments(context, plan), joined, timeline.frame_rate)
    return plan, joined, audio


def _render(context: Context, film: _Film, plan: Sequence[Segment], states: "Sequence[State]") -> None:
    """Draw and encode what no earlier try has left behind."""
    from shared.video.frames.pictures import load_picture
    from shared.video.rendering.render import render_segments

    there = {name for name, _ in context.creation.list("cache/segments/")}
    todo = [segment for segment in {s.key: s for s in plan}.values() if segment.name not in there]
    if not todo:
        return
    folder = context.scratch / "rendered"
    folder.mkdir()

    def load(name: str) -> "Plane":
        return load_picture(film.files[name], name=name)

    render_segments(
        film.timeline,
        todo,
        states,
        load,
        lambda segment, path: context.creation.upload_once(path, segment.name),
        scratch=folder,
        clip=film.files.__getitem__,
        cores=context.settings.cores,
        on_frame=context.progress.count_frames(
            sum(segment.frames for segment in todo), since=_FIRST_PART, until=_RENDERED_PART
        ),
    )


def _segments(context: Context, plan: Sequence[Segment]) -> Iterator[tuple[Path, int]]:
    """Each segment's file, only there while it is read, and its frames."""
    path = context.scratch / "segment.mp4"
    for segment in plan:
        context.creation.download(segment.name, path)
        yield path, segment.frames


def _outputs(context: Context, film: _Film, joined: Path) -> dict[str, Output]:
    from shared.video.captions.subtitle_files import to_srt, to_vtt
    from shared.video.encoding.join import mux

    timeline, scratch = film.timeline, context.scratch
    srt, vtt, video = scratch / "captions.srt", scratch / "captions.vtt", scratch / "video.mp4"
    srt.write_text(to_srt(timeline), encoding="utf-8", newline="\n")
    vtt.write_text(to_vtt(timeline), encoding="utf-8", newline="\n")
    data = scratch / "timeline.json"
    data.write_bytes(canonical_json(timeline.model_dump(mode="json")))
    soft = srt if srt.stat().st_size else None
    mux(joined, scratch / "audio.m4a", soft, video, language=timeline.language)
    files = {
        "video": (video, "the ad, H.264 and AAC"),
        "poster": (_poster(film, scratch), "a picture of the ad"),
        "captions_srt": (srt, "captions, SubRip"),
        "captions_vtt": (vtt, "captions, WebVTT"),
        "timeline": (data, "the ad as data"),
    }
    outputs = {
        label: Output(name=f"assets/{path.name}", path=path, description=description)
        for label, (path, description) in files.items()
    }
    if COMPOSED in film.files:
        outputs["music"] = Output(
            name=COMPOSED, path=film.files[COMPOSED], description="the music composed for the ad"
        )
    return outputs


def _poster(film: _Film, scratch: Path) -> Path:
    """The first scene when its words are there, as JPEG."""
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
