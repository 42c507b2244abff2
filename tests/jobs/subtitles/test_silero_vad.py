"""silero_vad on known speech: clean, under music, in noise, and where there is none."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.speech_measures import frame_f1
from jobs.subtitles import silero_vad
from jobs.subtitles.job.documents import SpeechSegments
from jobs.subtitles.job.names import SILERO
from jobs.subtitles.voices import silero
from jobs.subtitles.voices.sound import RATE_HZ
from shared.errors import Stopped, StoreError
from shared.records.creation import Creation
from shared.stages.progress import Progress
from tests.jobs.subtitles.voices.known import Known, Samples, document, heard, listen, pink, silence, tune


def speech(samples: Samples, folder: Path) -> SpeechSegments:
    creation = heard(samples)
    listen([silero_vad.STAGE], creation, folder)
    return document(creation, SILERO, SpeechSegments)


def f1(known: Known, found: SpeechSegments) -> float:
    spans = [(each.start, each.end) for each in found.segments]
    return frame_f1(known.speech, spans, known.seconds).f1


def test_clean_speech_is_found(known: Known, tmp_path: Path) -> None:
    found = speech(known.samples, tmp_path)
    assert f1(known, found) >= 0.96
    assert found.engine == "silero-v6"
    assert found.parameters["threshold"] == 0.5
    assert found.segment_count == len(found.segments)
    assert found.total_speech_duration == pytest.approx(
        sum(each.duration for each in found.segments), abs=0.01
    )


@pytest.mark.parametrize("below_db", [15, 5])
def test_speech_under_music_is_found(known: Known, tmp_path: Path, below_db: float) -> None:
    assert f1(known, speech(known.over(tune(), below_db), tmp_path)) >= 0.95


def test_speech_in_noise_is_found(known: Known, tmp_path: Path) -> None:
    assert f1(known, speech(known.over(pink(known.seconds), 10), tmp_path)) >= 0.95


def test_stretches_are_in_order_and_pauses_up_to_a_third_of_a_second_are_closed(
    known: Known, tmp_path: Path
) -> None:
    found = speech(known.samples, tmp_path).segments
    gaps = [after.start - before.end for before, after in pairwise(found)]
    assert min(gaps) > 0.35


def test_the_edges_of_blocks_are_not_heard(
    known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = speech(known.samples, tmp_path / "whole")
    monkeypatch.setattr(silero, "_BLOCK_WINDOWS", 37)
    assert speech(known.samples, tmp_path / "blocks") == whole


@pytest.mark.parametrize("seconds", [130, pytest.param(3600, marks=pytest.mark.soak)])
def test_silence_has_no_speech_and_says_so(tmp_path: Path, seconds: int) -> None:
    creation = heard(silence(seconds))
    result = listen([silero_vad.STAGE], creation, tmp_path)
    assert document(creation, SILERO, SpeechSegments).segments == ()
    assert result.warnings == ("no speech was found in the sound; there will be no subtitles",)


def test_sound_without_a_sample_has_no_speech(tmp_path: Path) -> None:
    assert speech(silence(0), tmp_path).segments == ()


def test_music_alone_has_hardly_any_speech(tmp_path: Path) -> None:
    assert speech(tune(), tmp_path).total_speech_duration < 2


def test_a_stop_ends_the_work(known: Known, tmp_path: Path) -> None:
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) > 2:
            raise Stopped("a signal")

    with pytest.raises(Stopped):
        listen([silero_vad.STAGE], heard(np.resize(known.samples, 180 * RATE_HZ)), tmp_path, Progress(check))
    assert len(asked) == 3


@pytest.mark.parametrize("data", [b"", b"not a sound", b"RIFF\x04\x00\x00\x00WAVE"])
def test_a_file_that_is_no_wav_is_named(tmp_path: Path, data: bytes) -> None:
    creation: Creation = heard(silence(1))
    creation.write("assets/audio/audio.wav", data)
    with pytest.raises(StoreError, match=r"audio\.wav.*demux"):
        listen([silero_vad.STAGE], creation, tmp_path)
