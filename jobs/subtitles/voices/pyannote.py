"""pyannote.audio (version 4), where it is installed: better at films than what works without it.

Its models are opened with a token of Hugging Face, or are in the hub's cache. It brings torch, which nothing
else needs; so nothing of it is imported before its package is known to be there.
"""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, TypeVar

from jobs.subtitles.job.documents import SpeakerStretch
from jobs.subtitles.voices.sound import RATE_HZ, Sound, part
from jobs.subtitles.voices.spans import Span, joined

SEGMENTATION: Final = "pyannote/segmentation-3.0"
DIARIZATION: Final = "pyannote/speaker-diarization-community-1"
_PACKAGE: Final = "pyannote.audio"
_FIRST_VERSION: Final = 4
_Found = TypeVar("_Found")


class NoPyannote(Exception):
    """It can't be used; the reason is a part of a sentence."""


def installed_version() -> str:
    """Its version; empty if it is not installed."""
    try:
        return version(_PACKAGE)
    except PackageNotFoundError:
        return ""


def speech_spans(sound: Sound, token: str | None) -> list[Span]:
    """Where there is speech; raises `NoPyannote`."""
    return _asked(SEGMENTATION, lambda: _speech(sound, token))


def speaker_stretches(sound: Sound, token: str | None, count: int | None) -> list[SpeakerStretch]:
    """Who speaks when, without overlaps; raises `NoPyannote`."""
    return _asked(DIARIZATION, lambda: _speakers(sound, token, count))


def _asked(model: str, work: Callable[[], _Found]) -> _Found:
    found = installed_version()
    if not found:
        raise NoPyannote(f"{_PACKAGE} is not installed")
    if int(found.split(".")[0]) < _FIRST_VERSION:
        raise NoPyannote(f"{_PACKAGE} is of version {found}, and at least {_FIRST_VERSION} is needed")
    try:
        return work()
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        # the hub's refusals and missing files are OSErrors, torch's own failures RuntimeErrors
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NoPyannote(f"{model} could not be used ({reason}); set HF_TOKEN or fill the cache") from error


def _speech(sound: Sound, token: str | None) -> list[Span]:
    from pyannote.audio import Model
    from pyannote.audio.pipelines import VoiceActivityDetection

    model = Model.from_pretrained(SEGMENTATION, token=token)
    if model is None:
        raise NoPyannote(f"{SEGMENTATION} is not open to this token; accept its conditions")
    pipeline = VoiceActivityDetection(segmentation=model)
    pipeline.instantiate({"min_duration_on": 0.0, "min_duration_off": 0.0})
    found = pipeline(_heard(sound)).get_timeline().support()
    return joined((float(segment.start), float(segment.end)) for segment in found)


def _speakers(sound: Sound, token: str | None, count: int | None) -> list[SpeakerStretch]:
    from pyannote.audio import Pipeline

    pipeline = Pipeline.from_pretrained(DIARIZATION, token=token)
    if pipeline is None:
        raise NoPyannote(f"{DIARIZATION} is not open to this token; accept its conditions")
    found = pipeline(_heard(sound), **({"num_speakers": count} if count else {}))
    names: dict[str, str] = {}
    return [
        SpeakerStretch(
            start=segment.start,
            end=segment.end,
            duration=segment.end - segment.start,
            speaker=names.setdefault(label, f"SPEAKER_{len(names):02}"),
            confidence=1.0,  # it doesn't say
        )
        for segment, _, label in found.exclusive_speaker_diarization.itertracks(yield_label=True)
    ]


def _heard(sound: Sound) -> dict[str, Any]:
    """The sound in memory, so that it needs no decoder of its own."""
    import torch

    samples = part(sound, 0.0, sound.duration_s)
    return {"waveform": torch.from_numpy(samples)[None], "sample_rate": RATE_HZ}
