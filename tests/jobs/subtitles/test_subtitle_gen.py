"""subtitle_gen: from a transcript to files in all formats, and their check."""

import json
from pathlib import Path

import pytest

from jobs.subtitles import subtitle_gen
from jobs.subtitles.job.documents import Cues
from jobs.subtitles.job.names import (
    AUDIO,
    CORRECTED,
    CORRECTIONS,
    CUES,
    OPTIONS,
    QC,
    QC_PAGE,
    SOURCE_TRANSCRIPT,
    TRANSCRIPT,
    subtitles_name,
)
from jobs.subtitles.job.names import (
    MEDIA as MEDIA_NAME,
)
from shared.records.creation import Creation
from shared.records.documents import Record, first_request, save, save_request, utc_now
from shared.records.names import record_name
from shared.storage import ABSENT
from shared.storage.memory import MemoryStore
from tests.jobs.subtitles.making import MEDIA, transcript_of
from tests.jobs.subtitles.voices.known import document, listen, silence, wav

SAID = transcript_of([(1.0, "SPEAKER_00", "Are you there?"), (2.1, "SPEAKER_01", "Yes, I am here.")])


@pytest.fixture
def creation() -> Creation:
    found = Creation(MemoryStore(), "film")
    found.write(AUDIO, wav(silence(5)))
    found.write(MEDIA_NAME, MEDIA.to_bytes())
    found.write(TRANSCRIPT, SAID.to_bytes())
    return found


def test_all_formats_and_the_report_are_written(creation: Creation, tmp_path: Path) -> None:
    result = listen([subtitle_gen.STAGE], creation, tmp_path)
    for kind in ("srt", "vtt", "ass", "ttml"):
        assert creation.stat(subtitles_name(kind))
    report = json.loads(creation.read(QC)[0])
    assert (report["passed"], report["words"], report["words_lost"]) == (True, 7, 0)
    assert b"Subtitles: passed" in creation.read(QC_PAGE)[0]
    assert result.metadata["cues"] == len(document(creation, CUES, Cues).cues) == 1
    assert result.warnings == ()


def test_the_corrected_transcript_is_taken_if_it_is_there(creation: Creation, tmp_path: Path) -> None:
    creation.write(CORRECTED, transcript_of([(1.0, "", "Are you Odalys?")]).to_bytes())
    listen([subtitle_gen.STAGE], creation, tmp_path)
    assert b"Odalys" in creation.read(subtitles_name("srt"))[0]


@pytest.mark.parametrize(
    ("run", "status", "shown"), [(2, "success", b"Odalys"), (1, "success", b"there"), (2, "failed", b"there")]
)
def test_a_correction_counts_only_if_it_is_of_the_latest_run(
    creation: Creation, tmp_path: Path, run: int, status: str, shown: bytes
) -> None:
    now = utc_now()
    save_request(creation, first_request(creation, "subtitles", now).next(now, parameters={}), expect=ABSENT)
    facts = {"run": run, "owner": "me", "status": status, "started_at": now, "heartbeat_at": now}
    record = Record.model_validate({"pipeline": "subtitles", "stage": "post_ner", **facts})
    save(creation, record_name("post_ner", None), record, expect=ABSENT)
    creation.write(CORRECTED, transcript_of([(1.0, "", "Are you Odalys?")]).to_bytes())
    listen([subtitle_gen.STAGE], creation, tmp_path)
    assert shown in creation.read(subtitles_name("srt"))[0]


def test_a_translated_film_has_subtitles_in_its_own_language_too(creation: Creation, tmp_path: Path) -> None:
    creation.write(SOURCE_TRANSCRIPT, transcript_of([(1.0, "", "Bist du da?")], "de").to_bytes())
    listen([subtitle_gen.STAGE], creation, tmp_path)
    assert b"Bist du da?" in creation.read(subtitles_name("srt", source=True))[0]
    assert b"Language: de" in creation.read(subtitles_name("vtt", source=True))[0]


def test_speakers_are_named_on_request(creation: Creation, tmp_path: Path) -> None:
    creation.write(OPTIONS, b'{"speaker_labels": "names"}')
    creation.write(CORRECTIONS, json.dumps({"speaker_names": {"SPEAKER_01": "Ada"}}).encode())
    listen([subtitle_gen.STAGE], creation, tmp_path)
    assert b"Ada: Yes, I am here." in creation.read(subtitles_name("srt"))[0]


def test_speech_too_fast_to_read_is_said(creation: Creation, tmp_path: Path) -> None:
    fast = transcript_of([(1.0, "", "Supercalifragilistic " * 30)])
    words = tuple(
        word.model_copy(update={"start": 1 + at * 0.05, "end": 1.04 + at * 0.05})
        for at, word in enumerate(fast.segments[0].words)
    )
    segment = fast.segments[0].model_copy(update={"words": words, "end": words[-1].end})
    creation.write(TRANSCRIPT, fast.model_copy(update={"segments": (segment,)}).to_bytes())
    result = listen([subtitle_gen.STAGE], creation, tmp_path)
    assert result.metadata["left"]["reading_speed"] > 0
    assert result.metadata["words_lost"] == 0
    assert "break rules of netflix" in result.warnings[0]
