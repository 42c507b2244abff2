"""The measures of the benchmark, on cases that can be counted by hand."""

import pytest

from benchmarks.speech_measures import diarization_error, frame_f1

TRUTH = [(0.0, 4.0, "a"), (4.0, 8.0, "b")]


def test_f1_counts_frames() -> None:
    found = frame_f1([(0, 4)], [(1, 6)], 10)
    assert found.f1 == pytest.approx(2 * 3 / (4 + 5))
    assert found.missed == pytest.approx(1 / 4)
    assert found.false_alarms == pytest.approx(2 / 6)


def test_nothing_found_where_nothing_is_counts_as_right() -> None:
    assert frame_f1([], [], 10).f1 == 1


def test_names_are_matched_as_well_as_they_can_be() -> None:
    assert diarization_error(TRUTH, [(0, 4, "SPEAKER_01"), (4, 8, "SPEAKER_00")], 10).error == 0


def test_each_part_of_the_error_is_a_share_of_what_is_spoken() -> None:
    found = diarization_error(TRUTH, [(0, 5, "x"), (5, 7, "y"), (8, 9, "y"), (7, 8, "UNKNOWN")], 10)
    assert found.missed == pytest.approx(1 / 8)
    assert found.false_alarms == pytest.approx(1 / 8)
    assert found.confused == pytest.approx(1 / 8)
    assert found.error == pytest.approx(3 / 8)


def test_a_name_too_many_is_confusion() -> None:
    assert diarization_error(TRUTH, [(0, 4, "x"), (4, 6, "y"), (6, 8, "z")], 10).confused == pytest.approx(
        1 / 4
    )


def test_within_the_collar_nothing_counts() -> None:
    found = [(0.1, 4.2, "x"), (4.2, 8.2, "y")]
    assert diarization_error(TRUTH, found, 10).error > 0
    assert diarization_error(TRUTH, found, 10, collar_s=0.25).error == 0
