"""The cut of a film with subtitles: a transcript, cues and cuts whose times are known, over HTTP too."""

from fractions import Fraction

import pytest

from jobs.subtitles.cues.making import make_cues
from jobs.subtitles.cues.profiles import profile_of
from jobs.subtitles.job.cutting import cut_of
from jobs.subtitles.job.documents import Cues, Transcript
from jobs.subtitles.job.names import AUDIO, CORRECTED, CUES, MEDIA, TRANSCRIPT
from shared.errors import ObjectNotFound
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore
from tests.jobs.subtitles.making import MEDIA as KNOWN
from tests.jobs.subtitles.making import transcript_of
from tests.jobs.subtitles.voices.known import silence, wav
from tests.support.cuts import app_over, finish

FILM = "assets/final_output.mkv"
SAID = transcript_of([(1.0, "SPEAKER_00", "Are you there?"), (5.1, "SPEAKER_01", "Yes, I am here.")])
FILMED = KNOWN.model_copy(update={"width": 640, "height": 360, "cuts": (0.0, 4.004, 4.01, 62.5625, 100.0)})


def cues_of(transcript: Transcript) -> Cues:
    return make_cues(transcript, FILMED, profile_of("netflix", "en", sdh=False), {}).cues


@pytest.fixture
def creation() -> Creation:
    found = Creation(MemoryStore(), "film")
    found.write(FILM, b"a film")
    found.write(AUDIO, wav(silence(5)))
    found.write(MEDIA, FILMED.to_bytes())
    found.write(TRANSCRIPT, SAID.to_bytes())
    found.write(CUES, cues_of(SAID).to_bytes())
    return found


def test_shots_are_the_stretches_between_the_films_cuts(creation: Creation) -> None:
    cut = cut_of(creation, FILM)
    assert cut.frame_rate == Fraction(24000, 1001)
    assert cut.starts() == [0, 96, 1500]
    assert [shot.clip_from for shot in cut.shots] == cut.starts()
    assert cut.frames == round(100 * Fraction(24000, 1001))
    assert {(shot.kind, shot.shows, shot.clip_frames) for shot in cut.shots} == {("clip", FILM, cut.frames)}


def test_captions_are_the_cues_with_their_words_from_the_transcript(creation: Creation) -> None:
    cut, cues = cut_of(creation, FILM), cues_of(SAID).cues
    assert [caption.at_frame for caption in cut.captions] == [cue.start_frame for cue in cues]
    assert [caption.at_frame + caption.frames for caption in cut.captions] == [cue.end_frame for cue in cues]
    assert [caption.text for caption in cut.captions] == ["Are you there?", "Yes, I am here."]
    heard = [(word.text, word.start_s) for caption in cut.captions for word in caption.words]
    assert heard == [(word.text, round(word.start, 3)) for part in SAID.segments for word in part.words]


def test_words_are_those_of_the_corrected_transcript_if_the_cues_are(creation: Creation) -> None:
    mended = transcript_of([(1.0, "", "Are you Odalys?")])
    creation.write(CORRECTED, mended.to_bytes())
    creation.write(CUES, cues_of(mended).to_bytes())
    (caption,) = cut_of(creation, FILM).captions
    assert [word.text for word in caption.words] == ["Are", "you", "Odalys?"]


def test_a_document_that_is_gone_is_named(creation: Creation) -> None:
    creation.delete(CUES)
    with pytest.raises(ObjectNotFound, match=r"cues\.json"):
        cut_of(creation, FILM)


def test_the_cut_over_http_has_the_loudness_of_the_sound_that_was_taken_out(creation: Creation) -> None:
    finish(creation, "subtitles", FILM)
    with app_over(creation.store) as client:
        cut = client.get("/me/creation/film/cut").json()
        clips = client.get("/me/creation/film/cut.otio").json()["tracks"]["children"][0]["children"]
    assert [shot["asset"] for shot in cut["shots"]] == ["final_output.mkv"] * 3
    assert [shot["clip_from_s"] for shot in cut["shots"]] == [shot["start_s"] for shot in cut["shots"]]
    assert cut["loudness"]["values"] == [0.0] * 50
    assert [clip["source_range"]["start_time"]["value"] for clip in clips] == [0, 96, 1500]


def test_sound_alone_makes_no_film_and_has_no_cut(creation: Creation) -> None:
    finish(creation, "subtitles", FILM)
    record, _ = creation.read("stages/mux.json")
    creation.write("stages/mux.json", record.replace(b'"video": {', b'"picture": {'))
    with app_over(creation.store) as client:
        answer = client.get("/me/creation/film/cut")
    assert (answer.status_code, "made no film" in answer.json()["detail"]) == (404, True)
