"""What tests listen to is what the voices say."""

import numpy as np
import pytest

from tests.jobs.subtitles.voices.known import TURNS, Known, recorded, speak


def test_the_recording_is_of_these_lines(known: Known) -> None:
    assert [turn.line for turn in known.turns] == [line for _, line in TURNS]
    for turn in known.turns:
        assert turn.line.split() == [text for text, _, _ in turn.words]


@pytest.mark.soak
def test_the_recording_is_what_the_voices_still_say() -> None:
    kept, spoken = recorded(), speak()
    assert kept.turns == spoken.turns
    assert kept.spoken == spoken.spoken
    assert np.corrcoef(kept.samples, spoken.samples)[0, 1] > 0.99
