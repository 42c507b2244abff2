"""diarization on known speakers, with the network and without its weights."""

import json
from importlib.metadata import PackageNotFoundError
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.speech_measures import Diarized, diarization_error
from jobs.subtitles import diarization, pyannote_vad, silero_vad
from jobs.subtitles.job.documents import SpeakerSegments
from jobs.subtitles.job.names import OPTIONS, SPEAKERS
from jobs.subtitles.voices.embedding import encoder
from shared.records.creation import Creation
from shared.settings import Settings
from shared.stages.stage import Result
from tests.jobs.subtitles.voices.known import VOICES, Known, Samples, document, heard, listen, pink, silence

STAGES = (silero_vad.STAGE, pyannote_vad.STAGE, diarization.STAGE)


def diarized(samples: Samples, folder: Path, **options: int) -> tuple[SpeakerSegments, Result, Creation]:
    creation = heard(samples)
    creation.write(OPTIONS, json.dumps(options).encode())
    result = listen(STAGES, creation, folder)
    return document(creation, SPEAKERS, SpeakerSegments), result, creation


def error(known: Known, found: SpeakerSegments) -> Diarized:
    spoken = [(each.start, each.end, each.speaker) for each in found.segments]
    return diarization_error(known.spoken, spoken, known.seconds)


@pytest.fixture(scope="module", params=[{}, {"speakers": 3}], ids=["number-unknown", "number-known"])
def clean(
    request: pytest.FixtureRequest, known: Known, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SpeakerSegments, Result]:
    found, result, _ = diarized(known.samples, tmp_path_factory.mktemp("clean"), **request.param)
    return found, result


def test_distinct_voices_are_told_apart(known: Known, clean: tuple[SpeakerSegments, Result]) -> None:
    found, result = clean
    assert error(known, found).error <= 0.15
    assert found.speaker_count == len(VOICES)
    assert found.experimental
    assert found.engine == "resemblyzer-ge2e"
    assert result.warnings == ()


def test_they_are_told_apart_in_noise_if_it_is_known_how_many_they_are(known: Known, tmp_path: Path) -> None:
    found, _, _ = diarized(known.over(pink(known.seconds), 15), tmp_path, speakers=3)
    assert error(known, found).error <= 0.15


def test_speakers_are_numbered_as_they_first_speak_and_never_overlap(
    clean: tuple[SpeakerSegments, Result],
) -> None:
    found, _ = clean
    names = dict.fromkeys(each.speaker for each in found.segments)
    assert list(names) == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_02"]
    assert all(after.start >= before.end for before, after in pairwise(found.segments))


def test_one_speaker_is_one(known: Known, tmp_path: Path) -> None:
    parts = [known.samples[int(s * 16_000) : int(e * 16_000)] for s, e, who in known.spoken if who == "hugo"]
    pauses = [silence(0.8)] * len(parts)
    alone = np.concatenate([each for pair in zip(parts, pauses, strict=True) for each in pair])
    found, _, _ = diarized(alone, tmp_path)
    assert {each.speaker for each in found.segments} == {"SPEAKER_00"}


def test_more_speakers_than_there_are_stretches_are_warned_of(known: Known, tmp_path: Path) -> None:
    _, end, _ = known.spoken[0]
    found, result, _ = diarized(known.samples[: int((end + 0.3) * 16_000)], tmp_path, speakers=9)
    assert found.speaker_count < 9
    assert "where 9 were said to be" in result.warnings[0]


def test_silence_has_no_speakers(tmp_path: Path) -> None:
    found, _, _ = diarized(silence(20), tmp_path, speakers=2)
    assert (found.segments, found.speaker_count) == ((), 0)


def test_without_weights_timbre_decides_and_a_warning_says_so(
    known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = diarization.STAGE.salt(Settings())

    def nothing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(encoder, "distribution", nothing)
    found, result, _ = diarized(known.samples, tmp_path, speakers=3)
    assert found.engine == "mean-mfcc"
    assert "Resemblyzer is not installed" in result.warnings[0]
    assert error(known, found).error <= 0.25
    assert diarization.STAGE.salt(Settings()) != before


def test_only_the_number_of_speakers_matters_of_the_options(known: Known) -> None:
    creation = heard(silence(0.1))
    seen = []
    for options in ({}, {"profile": "bbc"}, {"speakers": 2}):
        creation.write(OPTIONS, json.dumps(options).encode())
        seen.append(diarization.STAGE.facts(creation))
    assert seen[0] == seen[1] != seen[2]
