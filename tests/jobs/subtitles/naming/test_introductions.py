"""Who says their own name, and who only says somebody's."""

import pytest

from jobs.subtitles.job.documents import Entities, Names
from jobs.subtitles.naming.introductions import speaker_names
from tests.jobs.subtitles.making import transcript_of

KNOWN = Entities(
    source="sidecar", persons=(Names(name="Ilse Brandovar", aliases=("Ilse",)), Names(name="Rao"))
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hello, I am Ilse.", {"SPEAKER_00": "Ilse Brandovar"}),
        ("My name is Rao, captain.", {"SPEAKER_00": "Rao"}),
        ("I am Ilse's mother.", {}),
        ("I am Ilse’s mother.", {}),
        ("I am Rao-like in this.", {}),
        ("I am Raoul.", {}),
        ("Ilse is here.", {}),
    ],
)
def test_a_speaker_has_the_name_that_they_give_as_theirs(text: str, names: dict[str, str]) -> None:
    assert speaker_names(transcript_of([(1.0, "SPEAKER_00", text)]), KNOWN) == names
