"""All stages on films in which nobody speaks, on odd names, and on two languages in one film."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.catalogue import pipelines, stages
from jobs.subtitles.job.documents import Cues, Transcript
from jobs.subtitles.job.names import CORRECTED, CUES, QC, TMDB, TRANSCRIPT, subtitles_name
from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage.file import FileStore
from tests.jobs.subtitles.film.making import H264, creation_of, make, packets, picture
from tests.jobs.subtitles.voices.known import Samples, document, listen, resampled, silence, tune, wav

NAMES = tuple(pipelines()["subtitles"].stages)
SILENT = "no speech was found in the sound; there will be no subtitles"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A film after all stages."""

    creation: Creation
    warnings: tuple[str, ...]
    final: Path
    """With its subtitles."""

    @property
    def cues(self) -> Cues:
        return document(self.creation, CUES, Cues)

    @property
    def transcript(self) -> Transcript:
        return document(self.creation, TRANSCRIPT, Transcript)


def ran(film: Path, folder: Path, options: Mapping[str, Any] | None = None) -> Ran:
    creation = creation_of(film, options)
    warnings: list[str] = []
    for name in NAMES:
        warnings += listen([stages()["subtitles", name]()], creation, folder).warnings
    final = folder / "final.mp4"
    final.write_bytes(creation.read("assets/final_output.mp4")[0])
    return Ran(creation=creation, warnings=tuple(warnings), final=final)


def film_of(samples: Samples, folder: Path) -> Path:
    """A film that sounds like this."""
    sound = folder / "sound.wav"
    sound.write_bytes(wav(samples))
    seen = picture(samples.size / 16_000, rate="5", size="160x90")
    return make(folder / "given.mp4", *seen, "-i", str(sound), *H264, "-c:a", "aac")


def spoken(language: str, text: str) -> Samples:
    provider = speech_provider(Settings(speech_provider="kokoro", cores=1), Account.closed())
    speech = provider.speak(text, language=language, voice=None, rate=1.0)
    samples = np.frombuffer(speech.pcm, "<i2").astype(np.float32) / np.float32(32768)
    return resampled(samples, speech.sample_rate_hz)


def test_music_alone_gets_no_subtitles_and_one_warning(tmp_path: Path) -> None:
    film = film_of(tune()[: 20 * 16_000], tmp_path)
    found = ran(film, tmp_path / "work")
    assert found.warnings == (SILENT,)
    assert found.cues.cues == ()
    assert found.transcript.language == "und"
    assert found.creation.read(subtitles_name("srt"))[0] == b""
    assert json.loads(found.creation.read(QC)[0])["passed"]
    assert packets(found.final, "video") == packets(film, "video")


@pytest.mark.soak
def test_music_that_is_taken_for_speech_gets_no_subtitles_either(tmp_path: Path) -> None:
    """Here all of it is; so Whisper itself must doubt that anybody speaks."""
    samples = tune()[: 6 * 16_000]
    film = film_of(samples, tmp_path)
    creation = creation_of(film)
    for name in NAMES:
        result = listen([stages()["subtitles", name]()], creation, tmp_path / "work")
        if name == "pyannote_vad":
            speech = {"engine": "deaf", "segments": [{"start": 0.5, "end": 5.5, "duration": 5.0}]}
            counted = {"parameters": {}, "segment_count": 1, "total_speech_duration": 5.0}
            creation.write("assets/vad/speech_segments.json", json.dumps({**speech, **counted}).encode())
        if name == "asr":
            [warning] = result.warnings
            assert warning.startswith("5.0 s sound like speech, but no words were understood")
    transcript = document(creation, TRANSCRIPT, Transcript)
    assert (transcript.language, transcript.segments) == ("und", ())
    assert transcript.dropped[0].reason.startswith("no speech")
    assert document(creation, CUES, Cues).cues == ()


def test_a_film_of_an_odd_name_is_made(tmp_path: Path) -> None:
    file = """in/The "Last" Ferry 🎬; `id` – it's here (2024).mp4"""
    found = ran(film_of(silence(1), tmp_path), tmp_path / "work", {"file": file})
    assert json.loads(found.creation.read(TMDB)[0])["title"] == """The "Last" Ferry ; `id` – it's here"""
    assert found.warnings[-1] == SILENT


@pytest.mark.soak
@pytest.mark.parametrize(
    ("other", "text"),
    [
        (
            "es",
            "El barco sale mañana a las siete. Nadie sabe quién viene con nosotros, pero el mar está bien.",
        ),
        (
            "fr",
            "Le bateau part demain à sept heures. Personne ne sait qui vient avec nous cette fois.",
        ),
    ],
)
def test_each_of_two_languages_is_written_as_itself(other: str, text: str, tmp_path: Path) -> None:
    """They are heard in parts of half a minute; between two of these one may be taken for the other."""
    english = spoken(
        "en", "The ferry leaves at dawn. Nobody knows who will come with us, but the sea is calm."
    )
    foreign = spoken(other, text)
    pause = silence(1.2)
    samples = np.concatenate([pause, *[english, pause] * 5, *[foreign, pause] * 5])
    found = ran(film_of(samples, tmp_path), tmp_path / "work")
    change_s = (pause.size + 5 * (english.size + pause.size)) / 16_000
    told = [each for each in found.warnings if "more than one language is spoken" in each]
    assert len(told) == 1
    transcript = found.transcript
    wrong = [
        segment.text
        for segment in transcript.segments
        if (segment.language or transcript.language) != (other if segment.start >= change_s else "en")
    ]
    assert len(wrong) <= 0.2 * len(transcript.segments), wrong


class Measured:
    """A run of all stages in a process of its own."""

    def __init__(self, minutes: int, folder: Path) -> None:
        black, quiet = ("color=c=black:s=160x90:r=5", "anullsrc=r=48000:cl=stereo")
        lavfi = ("-f", "lavfi", "-i", black, "-f", "lavfi", "-i", quiet, "-t", str(60 * minutes))
        film = make(folder / f"{minutes}.mp4", *lavfi, *H264, "-c:a", "aac")
        name = f"silent-{minutes}"
        self.creation = Creation(FileStore(folder / "store"), name)
        self.creation.bring(film, "assets/film.mp4")
        log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        command = [sys.executable, "-m", "jobs", "subtitles", name]
        url = {"STORE_URL": (folder / "store").as_uri(), "LOG_FORMAT": "text"}
        actions = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        pid = os.posix_spawn(sys.executable, command, {**os.environ, **url}, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        os.close(log)
        self.end = os.waitstatus_to_exitcode(status)
        self.log = (folder / "log").read_text()
        self.mib = usage.ru_maxrss / 1024
        self.cpu_s = usage.ru_utime + usage.ru_stime


@pytest.mark.soak
def test_an_hour_of_silence_ends_soon_with_a_warning_and_needs_no_more_memory_than_ten_minutes(
    tmp_path: Path,
) -> None:
    ten, hour = Measured(10, tmp_path), Measured(60, tmp_path)
    assert (ten.end, hour.end) == (0, 0)
    assert hour.log.count(SILENT) == 1
    assert document(hour.creation, CUES, Cues).cues == ()
    assert document(hour.creation, CORRECTED, Transcript).language == "und"
    assert hour.cpu_s < 120
    assert hour.mib < 1.15 * ten.mib
