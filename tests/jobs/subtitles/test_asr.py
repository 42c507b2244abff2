"""asr on known speech: the words, their times, scripts, silence and weights that are not there."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.hearing import differences
from jobs.subtitles import asr, diarization, pyannote_vad, silero_vad
from jobs.subtitles.job.documents import Transcript
from jobs.subtitles.job.names import OPTIONS, SCRIPT, TRANSCRIPT
from shared.errors import BadRequest
from tests.jobs.subtitles.voices.known import TURNS, Known, document, heard, listen, silence
from tests.support.shared import made_once

SENTENCES = [line for _, line in TURNS]
BEFORE = (silero_vad.STAGE, pyannote_vad.STAGE, diarization.STAGE)


def plain(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower().replace("harbor", "harbour"))


@pytest.fixture(scope="module")
def said(known: Known, tmp_path_factory: pytest.TempPathFactory) -> Transcript:
    def understood() -> Transcript:
        creation = heard(known.samples)
        creation.write(OPTIONS, b'{"language": "en"}')
        listen([*BEFORE, asr.STAGE], creation, tmp_path_factory.mktemp("asr"))
        return document(creation, TRANSCRIPT, Transcript)

    return made_once(tmp_path_factory, "said", understood)


def test_every_word_is_understood(said: Transcript) -> None:
    found = plain(" ".join(segment.text for segment in said.segments))
    wanted = plain(" ".join(SENTENCES))
    wrong = len(list(differences(wanted, found)))
    assert wrong <= 0.03 * len(wanted)


def test_words_are_aligned_in_order_within_their_segments(said: Transcript) -> None:
    for segment in said.segments:
        assert segment.words[0].start >= segment.start
        assert segment.words[-1].end <= segment.end
        assert all(one.end <= other.start + 1e-6 for one, other in pairwise(segment.words))
    timings = [word.timing for segment in said.segments for word in segment.words]
    assert timings.count("aligned") >= 0.95 * len(timings)


def test_words_are_where_they_are_heard(known: Known, said: Transcript) -> None:
    starts = [segment.words[0].start for segment in said.segments]
    true = [start for start, _, _ in known.spoken]
    near = [min(abs(start - each) for each in true) for start in starts]
    assert sorted(near)[len(near) // 2] <= 0.04
    assert max(near) <= 0.15


def test_a_script_is_only_timed(known: Known, tmp_path: Path) -> None:
    script = " ".join(SENTENCES[:2]).replace("harbour", "Kvasnik harbour")
    creation = heard(known.first(2))
    creation.write(OPTIONS, b'{"language": "en"}')
    creation.write(SCRIPT, script.encode())
    listen([*BEFORE, asr.STAGE], creation, tmp_path)
    found = [word.text for seg in document(creation, TRANSCRIPT, Transcript).segments for word in seg.words]
    assert found == script.split()


def test_silence_has_no_words(tmp_path: Path) -> None:
    creation = heard(silence(3))
    listen([*BEFORE, asr.STAGE], creation, tmp_path)
    assert document(creation, TRANSCRIPT, Transcript).segments == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"language": "hi"}, "hi"),
        ({"whisper_model": "large-v3"}, "large-v3"),
        ({"whisper_model": "/no/such/folder"}, "/no/such/folder"),
    ],
)
def test_what_the_weights_cannot_do_is_refused(
    known: Known, tmp_path: Path, options: dict[str, str], said: str
) -> None:
    creation = heard(known.samples[: 16_000 * 4])
    creation.write(OPTIONS, json.dumps(options).encode())
    with pytest.raises(BadRequest, match=said):
        listen([*BEFORE, asr.STAGE], creation, tmp_path)
