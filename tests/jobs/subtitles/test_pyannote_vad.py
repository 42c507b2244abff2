"""pyannote_vad: the second opinion, and speech merged of both that is never worse than Silero's alone."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from benchmarks.speech_measures import frame_f1
from jobs.subtitles import pyannote_vad, silero_vad
from jobs.subtitles.job.documents import SpeechSegments
from jobs.subtitles.job.names import PYANNOTE, SILERO, SPEECH
from jobs.subtitles.voices import pyannote
from tests.jobs.subtitles.voices.known import Known, Samples, document, heard, listen, pink, silence, tune

STAGES = (silero_vad.STAGE, pyannote_vad.STAGE)
BESIDE = ("nothing", "music 15 dB", "music 5 dB", "noise 10 dB")


def f1(known: Known, found: SpeechSegments) -> float:
    return frame_f1(known.speech, [(each.start, each.end) for each in found.segments], known.seconds).f1


def mixed(known: Known, beside: str) -> Samples:
    if beside == "nothing":
        return known.samples
    kind, level, _ = beside.split()
    return known.over(tune() if kind == "music" else pink(known.seconds), float(level))


@pytest.mark.parametrize("beside", BESIDE)
def test_merged_speech_is_not_worse_than_sileros(known: Known, tmp_path: Path, beside: str) -> None:
    creation = heard(mixed(known, beside))
    listen(STAGES, creation, tmp_path)
    alone, both = (f1(known, document(creation, name, SpeechSegments)) for name in (SILERO, SPEECH))
    assert both >= alone - 0.0005
    assert both >= 0.95


def test_clean_speech_is_found_more_exactly_by_both(known: Known, tmp_path: Path) -> None:
    creation = heard(known.samples)
    listen(STAGES, creation, tmp_path)
    assert f1(known, document(creation, SPEECH, SpeechSegments)) > f1(
        known, document(creation, SILERO, SpeechSegments)
    )


def test_without_pyannote_the_documents_and_the_log_say_what_listened(
    known: Known, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    creation = heard(known.samples)
    result = listen(STAGES, creation, tmp_path)
    second, both = (document(creation, name, SpeechSegments) for name in (PYANNOTE, SPEECH))
    assert "without pyannote" in second.engine
    assert both.engine == "silero, its edges moved inwards to those of the second opinion where the two agree"
    assert (both.parameters["first"], both.parameters["second"]) == ("silero-v6", second.engine)
    assert [each for each in caplog.messages if "pyannote.audio is not installed" in each]
    assert result.reusable
    assert "torch" not in sys.modules


def test_silence_has_no_speech_which_the_first_detector_has_said(tmp_path: Path) -> None:
    creation = heard(silence(90))
    result = listen(STAGES, creation, tmp_path)
    assert document(creation, SPEECH, SpeechSegments).segments == ()
    assert result.warnings == ()


class Pipeline:
    """Stands in for pyannote's: hears speech from 1 to 2 s and from 2.1 to 3 s."""

    def __init__(self, segmentation: object) -> None:
        self.segmentation = segmentation

    def instantiate(self, parameters: dict[str, float]) -> None:
        assert parameters == {"min_duration_on": 0.0, "min_duration_off": 0.0}

    def __call__(self, heard: dict[str, object]) -> "Pipeline":
        assert heard["sample_rate"] == 16_000
        return self

    def get_timeline(self) -> "Pipeline":
        return self

    def support(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(start=1.0, end=2.0), SimpleNamespace(start=2.1, end=3.0)]


def install_pyannote(monkeypatch: pytest.MonkeyPatch, model: object) -> None:
    class Model:
        @staticmethod
        def from_pretrained(name: str, token: str | None) -> object:
            if isinstance(model, Exception):
                raise model
            return model

    modules: dict[str, dict[str, Any]] = {
        "torch": {"from_numpy": lambda samples: samples},
        "pyannote": {"__path__": []},
        "pyannote.audio": {"__path__": [], "Model": Model},
        "pyannote.audio.pipelines": {"VoiceActivityDetection": Pipeline},
    }
    for name, held in modules.items():
        module = ModuleType(name)
        module.__dict__.update(held)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(pyannote, "installed_version", lambda: "4.0.7")


def test_pyannote_is_asked_where_it_is_installed(
    known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_pyannote(monkeypatch, model=object())
    creation = heard(known.samples)
    listen(STAGES, creation, tmp_path)
    found = document(creation, PYANNOTE, SpeechSegments)
    assert found.engine == "pyannote/segmentation-3.0 4.0.7"
    assert [(each.start, each.end) for each in found.segments] == [(1.0, 3.0)]


@pytest.mark.parametrize("model", [None, OSError("401 Client Error\nmore"), ValueError("no such model")])
def test_a_model_that_can_not_be_opened_is_replaced_but_tried_again_the_next_time(
    known: Known,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    model: object,
) -> None:
    install_pyannote(monkeypatch, model)
    creation = heard(known.samples)
    result = listen(STAGES, creation, tmp_path)
    assert "without pyannote" in document(creation, PYANNOTE, SpeechSegments).engine
    assert not result.reusable
    said = [each for each in caplog.messages if "segmentation-3.0" in each]
    assert len(said) == 1
    assert "\n" not in said[0]
