"""Spans: joined, and merged by the rule."""

import numpy as np
import pytest

from jobs.subtitles.voices import second_opinion, silero
from jobs.subtitles.voices.spans import joined, merged, runs

SILERO = [(1.0, 4.0), (6.0, 9.0)]


def test_runs_are_from_the_first_frame_to_after_the_last() -> None:
    assert runs(np.array([1, 1, 0, 1], bool)) == [(0, 2), (3, 4)]
    assert runs(np.array([], bool)) == []


def test_gaps_are_closed_up_to_their_length() -> None:
    assert joined([(0, 1), (1.35, 2), (2.36, 3)]) == [(0, 2), (2.36, 3)]
    assert joined([(0, 5), (1, 2)]) == [(0, 5)]


def test_edges_move_inwards_where_both_agree() -> None:
    assert merged(SILERO, [(1.05, 3.95), (6.0, 8.97)]) == [(1.05, 3.95), (6.0, 8.97)]


def test_edges_never_move_outwards() -> None:
    assert merged(SILERO, [(0.95, 4.05), (5.95, 9.05)]) == SILERO


def test_a_detector_that_is_lost_is_not_listened_to() -> None:
    assert merged(SILERO, [(1.1, 1.9), (2.6, 3.9), (6.1, 7.0), (8.0, 8.9)]) == SILERO
    assert merged(SILERO, [(0.0, 20.0)]) == SILERO


def test_what_silero_alone_hears_stays_and_what_only_the_other_hears_does_not() -> None:
    assert merged([(1, 30), (50, 51)], [(1, 30)]) == [(1, 30), (50, 51)]
    assert merged([(1, 30)], [(1, 30), (50, 50.3)]) == [(1, 30)]
    assert merged([], [(1, 2)]) == []
    assert merged(SILERO, []) == SILERO


def test_speech_starts_where_it_is_likely_and_lasts_while_it_is_not_unlikely() -> None:
    likely = np.zeros(100, np.float32)
    likely[10:12], likely[12:30], likely[30:40], likely[70] = 0.4, 0.9, 0.4, 0.45
    frame = silero.FRAME_S
    (span,) = silero.spans_of(likely, 3.2)
    assert span == pytest.approx((12 * frame - 0.03, 40 * frame + 0.03))


def test_a_second_opinion_hears_what_is_above_the_quiet_around_it() -> None:
    levels = np.full(2000, -50, np.float32)
    levels[500:700] = -40
    levels[900:903] = -30
    (span,) = second_opinion.spans_of(levels)
    assert span == pytest.approx((5.0, 7.0))


def test_a_second_opinion_hears_nothing_in_what_is_nearly_silent() -> None:
    levels = np.full(2000, -95, np.float32)
    levels[500:700] = -70
    assert second_opinion.spans_of(levels) == []
