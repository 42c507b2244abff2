"""The subtitles pipeline beside plain faster-whisper: pieces of work that are measured, each in a process of
its own; prints one line of JSON.

The sound is a conversation of neural voices whose words and times are known. Plain faster-whisper has the
same weights and writes a cue for each of its segments, as scripts do.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.hearing import sentences, whisper
from benchmarks.speech_measures import Spoken, diarization_error, frame_f1
from jobs.fused import run_fused
from jobs.subtitles.cues.profiles import profile_of
from jobs.subtitles.cues.qc import HARD, Report, check, cues_of_file
from jobs.subtitles.job.documents import (
    Segment,
    SpeakerSegments,
    SpeechSegments,
    Transcript,
    Word,
    read_document,
)
from jobs.subtitles.job.names import CORRECTED, OPTIONS, QC, SIDECAR, SPEAKERS, SPEECH
from scripts.known_film.comparing import compare
from scripts.known_film.picture import write_sound
from scripts.known_film.screenplay import Bed, conversation, ferry
from scripts.known_film.sound import RATE_HZ, KnownWord, over_bed, perform
from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.storage import open_store
from shared.video.captions.subtitle_text import clock

VOICES: Final = ("ada", "hugo", "noa")
_RATE: Final = Fraction(24)


def talk(folder: str, seconds: str, *beds: str) -> dict[str, Any]:
    """Write `<bed>.wav` for each bed (`none`, `music-15`, `noise-10` …) and `words.json`, of this length."""
    speaker = speech_provider(Settings(speech_provider="kokoro"), Account.closed())
    once = perform(conversation(sentences("en"), VOICES, bed="none"), speaker)
    times = max(1, round(float(seconds) / once.duration_s))
    kinds: dict[str, Bed] = {"none": "none", "music": "music", "noise": "noise"}
    for bed in beds:
        kind, _, under_db = bed.partition("-")
        sound = over_bed(once, kinds[kind], float(under_db or 0))
        write_sound(Path(folder) / f"{bed}.wav", replace(sound, samples=np.tile(sound.samples, times)))
    words = [
        {**asdict(word), "start": word.start + shift, "end": word.end + shift}
        for shift in (number * once.duration_s for number in range(times))
        for word in once.words
    ]
    (Path(folder) / "words.json").write_text(json.dumps(words), encoding="utf-8")
    return {"seconds": once.duration_s * times, "words": len(words)}


def ours(folder: str, bed: str, cores: str) -> dict[str, Any]:
    """All stages in one process, as a fused job runs them; from the sound to the checked subtitles."""
    store = open_store(f"file://{folder}/store")
    creation = Creation(store, f"{bed}-{cores}")
    creation.bring(Path(folder) / f"{bed}.wav", "assets/film.wav")
    creation.bring_bytes(canonical_json({"language": "en", "speakers": len(VOICES)}), OPTIONS)
    started = time.perf_counter()
    settings = Settings(store_url=store.url, cores=int(cores))
    status = run_fused("subtitles", creation.creation_id, store, settings)
    seconds = time.perf_counter() - started
    if status.status != "completed":
        raise SystemExit(status.error)
    report = read_document(creation, QC, Report)
    found = read_document(creation, SPEECH, SpeechSegments)
    spans = [(each.start, each.end) for each in found.segments]
    duration_s = _duration_s(folder, bed)
    speaking = read_document(creation, SPEAKERS, SpeakerSegments).segments
    turns = [(each.start, each.end, each.speaker) for each in speaking]
    return {
        "seconds": seconds,
        **_against(folder, read_document(creation, CORRECTED, Transcript)),
        **_rules(report),
        "lost": report.words_lost,
        "vad_f1": frame_f1([span[:2] for span in _spoken(folder)], spans, duration_s).f1,
        "der": diarization_error(_spoken(folder), turns, duration_s).error,
    }


def names(folder: str, told: str) -> dict[str, Any]:
    """The bundled film of invented names, whose names are told (`yes`) or not (`no`); or (`false`) its names
    are told of a talk in which nobody says them."""
    screenplay = ferry()
    said = screenplay if told != "false" else conversation(sentences("en")[:12], VOICES, bed="none")
    sound = perform(said, speech_provider(Settings(speech_provider="kokoro"), Account.closed()))
    store = open_store(f"file://{folder}/names")
    creation = Creation(store, told)
    creation.bring(write_sound(Path(folder) / f"names-{told}.wav", sound), "assets/film.wav")
    creation.bring_bytes(canonical_json({"language": "en", "speakers": len(said.voices)}), OPTIONS)
    if told != "no":
        creation.bring_bytes(canonical_json(screenplay.facts), SIDECAR)
    status = run_fused("subtitles", told, store, Settings(store_url=store.url))
    if status.status != "completed":
        raise SystemExit(status.error)
    found = compare(sound.words, read_document(creation, CORRECTED, Transcript), screenplay.names)
    return {"names": found.names, "right": found.names_right, "false": found.names_false}


def plain(folder: str, bed: str, cores: str) -> dict[str, Any]:
    """faster-whisper with the same weights and its own times; a cue for each segment."""
    started = time.perf_counter()
    model = whisper(int(cores))
    segments, _ = model.transcribe(str(Path(folder) / f"{bed}.wav"), language="en", word_timestamps=True)
    found = list(segments)
    seconds = time.perf_counter() - started
    transcript = Transcript(
        language="en",
        source_language="en",
        engine="plain",
        segments=tuple(
            Segment(
                id=number,
                start=each.start,
                end=each.end,
                text=each.text.strip(),
                words=tuple(
                    Word(text=word.word.strip(), start=word.start, end=word.end, timing="recognised")
                    for word in each.words or ()
                    if word.word.strip()
                ),
            )
            for number, each in enumerate(found)
        ),
    )
    subtitles = Path(folder) / f"{bed}.srt"
    subtitles.write_text(
        "".join(
            f"{number}\n{_time(each.start)} --> {_time(each.end)}\n{each.text.strip()}\n\n"
            for number, each in enumerate(found, 1)
        ),
        encoding="utf-8",
    )
    cues = cues_of_file(subtitles, "en", _RATE, "netflix")
    report = check(cues, profile_of("netflix", "en", sdh=False))
    return {"seconds": seconds, **_against(folder, transcript), **_rules(report)}


def _time(seconds: float) -> str:
    return clock(Fraction(round(seconds * 1000), 1000), ",")


def _against(folder: str, transcript: Transcript) -> dict[str, Any]:
    known = [KnownWord(**each) for each in _words(folder)]
    found = compare(known, transcript, ())
    return {
        "wer": found.word_error_rate,
        "start_median_ms": found.start_median_ms,
        "start_95_ms": found.start_95_ms,
    }


def _words(folder: str) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((Path(folder) / "words.json").read_text(encoding="utf-8"))
    return found


def _spoken(folder: str) -> list[Spoken]:
    """Who speaks where: words of one speaker less than 0.3 s apart belong together."""
    spans: list[Spoken] = []
    for word in _words(folder):
        if spans and word["start"] - spans[-1][1] < 0.3 and spans[-1][2] == word["speaker"]:
            spans[-1] = (spans[-1][0], word["end"], word["speaker"])
        else:
            spans.append((word["start"], word["end"], word["speaker"]))
    return spans


def _duration_s(folder: str, bed: str) -> float:
    return ((Path(folder) / f"{bed}.wav").stat().st_size - 44) / 2 / RATE_HZ


def _rules(report: Report) -> dict[str, Any]:
    broken = {name: rule.checked - rule.passed for name, rule in report.rules.items()}
    speed = report.rules["reading_speed"]
    return {
        "cues": report.cues,
        "hard_broken": sum(broken[name] for name in HARD),
        "all_broken": sum(broken.values()),
        "reading_speed": speed.pass_rate,
    }


_WORK: dict[str, Callable[..., dict[str, Any]]] = {"talk": talk, "ours": ours, "plain": plain, "names": names}

if __name__ == "__main__":
    os.environ.setdefault("LOG_LEVEL", "error")
    sys.stdout.write(json.dumps(partial(_WORK[sys.argv[1]], *sys.argv[2:])()) + "\n")
