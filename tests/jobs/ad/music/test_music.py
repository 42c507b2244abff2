"""Music: four moods that differ, on the beat, meeting the film's cuts, with a clean end."""

import wave
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from jobs.ad.music.composer import CUTS_S, compose, write_music
from jobs.ad.music.desk import sections
from jobs.ad.music.instruments import RATE_HZ
from jobs.ad.music.moods import MOODS
from jobs.ad.styles import style_named, style_names
from shared.machine.ffmpeg import run

Mono = NDArray[np.float32]


@cache
def music(mood: str) -> NDArray[np.float32]:
    return compose(mood=mood, tempo_bpm=tempo(mood))


def tempo(mood: str) -> float:
    return style_named(mood).music.tempo_bpm


def mono(mood: str) -> Mono:
    return np.asarray(music(mood).mean(axis=1), np.float32)


def level_db(sound: Mono, from_s: float, until_s: float) -> float:
    part = sound[int(from_s * RATE_HZ) : int(until_s * RATE_HZ)]
    return float(20 * np.log10(np.sqrt((part.astype(np.float64) ** 2).mean()) + 1e-9))


def onsets(sound: Mono) -> Mono:
    """How much louder the spectrum grows, every 10 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 1024)[:: RATE_HZ // 100]
    spectrum = np.log1p(50 * np.abs(np.fft.rfft(frames * np.hanning(1024).astype(np.float32), axis=1)))
    return np.asarray(np.maximum(0, np.diff(spectrum, axis=0)).sum(axis=1), np.float32)


def centroid_hz(sound: Mono) -> float:
    """Of the loudness as it is heard: the square root of the power."""
    spectrum = np.abs(np.fft.rfft(sound))
    hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    return float((spectrum * hz).sum() / spectrum.sum())


@pytest.mark.parametrize("mood", MOODS)
def test_it_is_as_long_as_asked_within_its_level_and_ends_in_silence(mood: str) -> None:
    sound = music(mood)
    assert sound.shape == (30 * RATE_HZ, 2)
    assert sound.dtype == np.float32
    assert -4.5 < 20 * np.log10(np.abs(sound).max()) < -3
    assert np.abs(sound.mean(axis=0)).max() < 1e-4
    assert np.abs(sound[0]).max() == 0
    assert np.abs(sound[-RATE_HZ // 100 :]).max() < 0.003


def test_the_moods_differ_in_colour_and_in_how_much_happens() -> None:
    colours = {mood: centroid_hz(mono(mood)) for mood in MOODS}
    assert colours["energetic"] > 1.4 * max(colours["luxury"], colours["minimal"])
    attacks = {mood: float(np.quantile(onsets(mono(mood)), 0.9)) for mood in MOODS}
    assert attacks["energetic"] > 1.15 * max(attacks["luxury"], attacks["minimal"])
    deep = {mood: _share(mono(mood), 30, 90) for mood in MOODS}
    assert deep["bold"] > 2 * max(deep["luxury"], deep["minimal"])


def _share(sound: Mono, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum())


@pytest.mark.parametrize("mood", MOODS)
def test_notes_begin_on_the_grid_of_eighths(mood: str) -> None:
    """More begins in the 50 ms around a grid line than between two of them."""
    growth = onsets(mono(mood))
    on, between = [], []
    for part in sections(CUTS_S, 30.0, tempo(mood))[:4]:
        for eighth in range(1, part.eighths):
            on.append(_around(growth, part.at(eighth)))
            between.append(_around(growth, part.at(eighth + 0.25)))
    assert np.mean(on) > 1.5 * np.mean(between)


def _around(growth: Mono, at_s: float) -> float:
    place = round(at_s * 100)
    return float(growth[max(0, place - 3) : place + 2].max(initial=0))


@pytest.mark.parametrize("mood", MOODS)
def test_the_opening_leaves_room_and_each_scene_lifts(mood: str) -> None:
    sound = mono(mood)
    opening, second, third = (level_db(sound, start, end) for start, end in ((0, 8), (8, 15), (15, 22)))
    assert opening < second - 1.5
    assert opening < third - 2.0
    assert third > second - 0.5


@pytest.mark.parametrize("mood", MOODS)
def test_something_deep_comes_in_at_each_cut_and_the_call_to_action_is_a_hit(mood: str) -> None:
    sound = mono(mood)
    assert all(_rise_db(sound, cut_s) > 2 for cut_s in CUTS_S)
    hit = level_db(sound, CUTS_S[-1], CUTS_S[-1] + 0.5)
    assert hit > level_db(sound, 0, CUTS_S[-1]) + 1


def _rise_db(sound: Mono, cut_s: float) -> float:
    """By how much what lies below 150 Hz is louder in the 0.3 s after a cut than in those before it."""
    place, size = round(cut_s * RATE_HZ), round(0.3 * RATE_HZ)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    before, after = (
        np.abs(np.fft.rfft(part * np.hanning(size)))[hz < 150].max()
        for part in (sound[place - size : place], sound[place : place + size])
    )
    return float(20 * np.log10(after / before))


@pytest.mark.parametrize("mood", MOODS)
def test_cuts_that_moved_are_met_all_the_same(mood: str) -> None:
    cuts_s = (4.2, 7.9, 11.2, 13.1)
    sound = compose(mood=mood, tempo_bpm=tempo(mood), cuts_s=cuts_s, seconds=15.3).mean(axis=1)
    assert sound.size == round(15.3 * RATE_HZ)
    assert all(_rise_db(sound, cut_s) > 2 for cut_s in cuts_s)


@pytest.mark.parametrize("mood", MOODS)
def test_the_loudness_is_that_of_music(mood: str, tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(music(mood).tobytes())
    source: list[str | Path] = ["-f", "f32le", "-ar", str(RATE_HZ), "-ac", "2", "-i", tmp_path / "raw"]
    said = run([*source, "-af", "ebur128=framelog=quiet:peak=true", "-f", "null", "-"])
    lufs = float(said.rpartition("I:")[2].split()[0])
    peak = float(said.rpartition("Peak:")[2].split()[0])
    assert -20 < lufs < -13
    assert peak < -3


def test_the_file_is_stereo_at_48_khz(tmp_path: Path) -> None:
    write_music(tmp_path / "a.wav", mood="minimal", tempo_bpm=84, seconds=12, cuts_s=(3, 5, 7, 9))
    with wave.open(str(tmp_path / "a.wav")) as file:
        kind = file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()
    assert kind == (2, 2, RATE_HZ, 12 * RATE_HZ)


def test_the_same_arguments_give_the_same_samples_and_another_seed_others() -> None:
    one, again, other = (
        compose(mood="bold", tempo_bpm=92, seconds=12, cuts_s=(3, 5, 7, 9), seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("tempo_bpm", [50, 68, 84, 92, 124, 180])
def test_the_tempo_is_kept_although_cuts_fall_on_beats(tempo_bpm: float) -> None:
    parts = sections(CUTS_S, 30.0, tempo_bpm)
    assert [part.start_s for part in parts] == [0.0, *CUTS_S]
    assert [part.end_s for part in parts] == [*CUTS_S, 30.0]
    for part in parts:
        assert 30 / part.step_s == pytest.approx(tempo_bpm, rel=0.08)
        assert part.at(part.eighths) == pytest.approx(part.end_s)


def test_the_tempi_of_the_styles_hardly_change_from_scene_to_scene() -> None:
    for style in style_names():
        tempi = [30 / part.step_s for part in sections(CUTS_S, 30.0, tempo(style))]
        assert max(tempi) / min(tempi) < 1.025


@pytest.mark.parametrize(
    "cuts_s", [(8, 15, 22), (8, 15, 22, 26, 28), (8, 8.1, 22, 26), (15, 8, 22, 26), (8, 15, 22, 30)]
)
def test_cuts_that_leave_no_room_are_refused(cuts_s: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="cuts"):
        compose(mood="luxury", tempo_bpm=68, cuts_s=cuts_s)
