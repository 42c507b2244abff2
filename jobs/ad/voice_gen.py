"""voice_gen: speaks the four voice-overs in parallel, each at a pace that suits its scene."""

import hashlib
import itertools
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from jobs.ad import PIPELINE_FILE
from jobs.ad.plan.pace import pace_for, windows_of
from jobs.ad.plan.schedule import make_schedule
from jobs.ad.plan.script import SCRIPT_NAME, Script, read_script
from jobs.ad.plan.voiceovers import VOICEOVERS_NAME, Voiceover, Voiceovers, voiceover_name
from jobs.ad.styles import style_named
from shared.errors import InvalidAssets, ProviderFailed
from shared.providers.account import Account
from shared.providers.speech import Speech, SpeechProvider, say, speech_provider, voice_doubts
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.stages.stage import Context, Output, Result, Stage
from shared.text.guessing import Guesser
from shared.text.markup import spoken_text
from shared.video.sound.mp3 import BITS_PER_S, EDGE_MS, RATE_HZ, duration_ms, read_mp3, trimmed, write_mp3
from shared.video.timeline import Word
from shared.worker.entry import stage_main

_TOO_LONG_S: Final = 0.5
_OFF_MS: Final = 120
"""By how much a time-stretched file may miss its length: a few periods of the voice, and MP3's frames."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """The words of one scene."""

    scene: int
    text: str
    language: str
    window_s: float
    """The time available for it."""


@dataclass(frozen=True, kw_only=True)
class _Speaker:
    provider: SpeechProvider
    voice: str | None
    rate: float


@dataclass(frozen=True, kw_only=True)
class _Take:
    """A line, spoken."""

    speech: Speech
    pcm: bytes
    """With little silence at both ends."""
    shift_ms: int
    """By how much that moved all that is heard."""
    whole_ms: int


@dataclass(frozen=True, kw_only=True)
class _Said:
    voiceover: Voiceover
    path: Path
    warning: str


def run(context: Context) -> Result:
    """The stage's work."""
    context.progress.update(0.02, "reading the script")
    script = read_script(context.creation)
    lines = lines_of(script)
    style = style_named(script.style)
    provider = speech_provider(context.settings, context.account)
    speaker = _Speaker(provider=provider, voice=style.voice.voices.get(provider.name), rate=style.voice.rate)
    return _result(context, speaker, script, lines, _spoken(context, speaker, lines))


def lines_of(script: Script) -> tuple[Line, ...]:
    """The four voice-overs with their languages and times; raises `InvalidAssets` if words are missing."""
    silent = [
        scene.id
        for scene in script.scenes
        if not any(map(str.isalnum, spoken_text(scene.voiceover_text).text))
    ]
    if silent:
        raise InvalidAssets(
            *(
                f"{SCRIPT_NAME}: scene {scene} has no voice-over text; write it, or run script_gen again"
                for scene in silent
            )
        )
    languages = Guesser().guess([scene.voiceover_text for scene in script.scenes]).languages
    windows = windows_of(style_named(script.style))
    return tuple(
        Line(
            scene=scene.id,
            text=scene.voiceover_text,
            language=language,
            window_s=window.seconds,
        )
        for scene, language, window in zip(script.scenes, languages, windows, strict=True)
    )


def _spoken(context: Context, speaker: _Speaker, lines: Sequence[Line]) -> list[_Said]:
    """Raises the provider's errors; lines that it has not started by then are not bought."""
    done = itertools.count(1)

    def say(line: Line) -> _Said:
        said = _say(context, speaker, line)
        number = next(done)
        context.progress.update(
            0.05 + 0.9 * number / len(lines), f"spoke {number} of {len(lines)} voice-overs"
        )
        return said

    with ThreadPoolExecutor(speaker.provider.concurrency, thread_name_prefix="speak") as pool:
        waiting = [pool.submit(say, line) for line in lines]
        try:
            return [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _say(context: Context, speaker: _Speaker, line: Line) -> _Said:
    take = _take(speaker, line, speaker.rate)
    pace = round(pace_for((take.whole_ms - 2 * EDGE_MS) / 1000, line.window_s), 3)
    stretch = pace
    if speaker.provider.paces and pace != 1.0:
        take, stretch = _take(speaker, line, speaker.rate * pace), 1.0
    path = context.scratch / PurePosixPath(voiceover_name(line.scene)).name
    write_mp3(take.pcm, take.speech.sample_rate_hz, path, pace=stretch)
    published_ms = _checked(path, take.whole_ms / stretch, line.scene)
    voiceover = Voiceover(
        scene=line.scene,
        name=voiceover_name(line.scene),
        content_hash=hashlib.sha256(path.read_bytes()).hexdigest(),
        text=line.text,
        language=line.language,
        duration_ms=published_ms - round(2 * EDGE_MS / stretch),
        pace=pace,
        words=tuple(_words(take.speech, take.shift_ms, stretch, published_ms)),
    )
    return _Said(voiceover=voiceover, path=path, warning=take.speech.warning)


def _take(speaker: _Speaker, line: Line, rate: float) -> _Take:
    """The line as it is spoken at this rate; raises `ProviderFailed` where nothing is heard."""
    provider = speaker.provider
    speech = say(provider, line.text, language=line.language, voice=speaker.voice, rate=rate)
    pcm, shift_ms = trimmed(speech.pcm, speech.sample_rate_hz)
    if not pcm:
        reason = f"said nothing for scene {line.scene}; write it in words that the voice knows"
        raise ProviderFailed(provider.name, reason)
    return _Take(speech=speech, pcm=pcm, shift_ms=shift_ms, whole_ms=duration_ms(pcm, speech.sample_rate_hz))


def _checked(path: Path, expected_ms: float, scene: int) -> int:
    """The duration of a file before it is published; raises `ProviderFailed` if the file is wrong."""
    try:
        found = read_mp3(path.read_bytes())
    except ValueError as error:
        raise ProviderFailed(
            "libmp3lame", f"scene {scene} can't be played after encoding: {error}"
        ) from error
    kind = found.sample_rate_hz, found.bits_per_s, found.channels
    if kind != (RATE_HZ, BITS_PER_S, 1) or abs(found.duration_ms - expected_ms) > _OFF_MS:
        is_due = f"{expected_ms:.0f} ms at {(RATE_HZ, BITS_PER_S, 1)}"
        raise ProviderFailed(
            "libmp3lame", f"scene {scene} became {found.duration_ms} ms at {kind}, not {is_due}"
        )
    return found.duration_ms


def _words(speech: Speech, shift_ms: int, pace: float, most_ms: int) -> list[Word]:
    """The words' times in the sound after it was trimmed and paced."""

    def moved(ms: int) -> int:
        return min(most_ms, max(0, round((ms + shift_ms) / pace)))

    return [
        Word(start=word.start, end=word.end, start_ms=moved(word.start_ms), end_ms=moved(word.end_ms))
        for word in speech.words
    ]


def _demand_room(script: Script, voiceovers: Voiceovers) -> None:
    """Raise `InvalidAssets` if the voices fit no schedule, before more scenes are filmed in vain."""
    planned_s = {scene.id: scene.duration for scene in script.scenes}
    voices = {voice.scene: voice for voice in voiceovers.voiceovers}
    make_schedule(planned_s, script.cta_scene.duration, voices, script.frame.rate)


def _result(
    context: Context, speaker: _Speaker, script: Script, lines: Sequence[Line], said: Sequence[_Said]
) -> Result:
    voiceovers = Voiceovers(
        provider=speaker.provider.name,
        voice=speaker.voice or "",
        voiceovers=tuple(each.voiceover for each in said),
    )
    _demand_room(script, voiceovers)
    path = context.scratch / PurePosixPath(VOICEOVERS_NAME).name
    path.write_bytes(canonical_json(voiceovers.model_dump(mode="json")))
    sounds = {
        f"voiceover_{each.voiceover.scene}": Output(
            name=each.voiceover.name,
            path=each.path,
            description=f"what is said in scene {each.voiceover.scene}",
        )
        for each in said
    }
    index = Output(
        name=VOICEOVERS_NAME, path=path, description="the voice-overs, with the times of their words"
    )
    return Result(
        outputs={**sounds, "voiceovers": index},
        metadata={
            "voiceovers": len(said),
            "speech": speaker.provider.name,
            "voice": speaker.voice,
            "duration_s": round(sum(each.voiceover.duration_ms for each in said) / 1000, 3),
            "languages": sorted({line.language for line in lines}),
        },
        warnings=(*voice_doubts(context.settings), *_warnings(lines, said)),
    )


def _warnings(lines: Sequence[Line], said: Sequence[_Said]) -> dict[str, None]:
    """Each once, in order."""
    found = dict.fromkeys(each.warning for each in said if each.warning)
    for line, each in zip(lines, said, strict=True):
        over_s = each.voiceover.duration_ms / 1000 - line.window_s
        if over_s > _TOO_LONG_S:
            too_long = f"its voice-over takes {over_s:.1f} s more than the {line.window_s:.1f} s available"
            found[f"scene {line.scene}: {too_long}, so the scene gets longer; write fewer words"] = None
    return found


def _inputs(_creation: Creation) -> tuple[str, ...]:
    return (SCRIPT_NAME,)


def _voice(settings: Settings) -> str:
    provider = speech_provider(settings, Account.closed())
    return f"{provider.name} {provider.version}"


STAGE: Final = Stage(
    pipeline="ad",
    name="voice_gen",
    version=2,
    inputs=_inputs,
    run=run,
    salt=_voice,
    runs_in_thread=True,
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
