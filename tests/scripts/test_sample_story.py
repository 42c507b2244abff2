"""The sample story. Its large pictures take long: each day one by day and one by night is looked at."""

import wave
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts import sample_story
from scripts.sample.canvas import HEIGHT, WIDTH
from scripts.sample_story import STORY, draw_part, write_sample_story
from tests.support.shards import in_turn

PARTS = range(1, len(STORY) + 1)
PICTURES = in_turn([(number,) for number in PARTS], kind=lambda case: STORY[case[0] - 1].draw.__module__)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of it, but with pictures that are quickly drawn."""
    folder = tmp_path_factory.mktemp("story")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_story, "draw_part", lambda number: Image.new("RGB", (9, 16), (9 * number,) * 3))
        write_sample_story(folder)
    return folder


@cache
def pixels(number: int) -> np.ndarray:
    return np.asarray(draw_part(number))


@cache
def luminance(number: int) -> np.ndarray:
    return pixels(number) @ np.array([0.2126, 0.7152, 0.0722], np.float32)


def captions(story: Path, number: int) -> list[str]:
    folder = story / str(number)
    count = len(list(folder.glob("*.txt")))
    return [(folder / f"{place}.txt").read_text(encoding="utf-8").strip() for place in range(1, count + 1)]


@pytest.fixture(scope="module")
def sound(story: Path) -> np.ndarray:
    with wave.open(str(story / "music.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (44100, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768


def test_every_part_has_one_picture_and_its_captions_and_nothing_else_is_written(story: Path) -> None:
    found = {str(path.relative_to(story)) for path in story.rglob("*") if path.is_file()}
    wanted = {"music.wav"}
    for number, part in enumerate(STORY, 1):
        wanted |= {f"{number}/image.{part.suffix}"}
        wanted |= {f"{number}/{place}.txt" for place in range(1, len(part.captions) + 1)}
    assert found == wanted
    assert len(STORY) >= 6


def test_both_picture_formats_are_used(story: Path) -> None:
    starts = {path.read_bytes()[:3] for path in story.glob("*/image.*")}
    assert starts == {b"\x89PN", b"\xff\xd8\xff"}


def test_one_part_has_three_captions_and_the_others_one(story: Path) -> None:
    assert sorted(len(captions(story, number)) for number in PARTS) == [1] * (len(STORY) - 1) + [3]


def test_captions_are_short_and_take_under_a_minute_to_say(story: Path) -> None:
    words = [len(caption.split()) for number in PARTS for caption in captions(story, number)]
    assert all(8 <= count <= 20 for count in words)
    assert 35 <= sum(words) / 165 * 60 <= 50


@pytest.mark.parametrize("number", PICTURES)
def test_a_picture_is_the_same_whenever_it_is_drawn(number: int) -> None:
    assert np.array_equal(np.asarray(draw_part(number)), pixels(number))


@pytest.mark.soak
def test_pictures_are_written_as_they_are_drawn(tmp_path: Path) -> None:
    write_sample_story(tmp_path)
    for number in PARTS:
        (path,) = (tmp_path / str(number)).glob("image.*")
        with Image.open(path) as picture:
            apart = np.abs(np.asarray(picture.convert("RGB")).astype(int) - pixels(number))
        assert apart.mean() < (2 if path.suffix == ".jpg" else 1e-9)


@pytest.mark.parametrize("number", PICTURES)
def test_a_picture_has_depth_and_detail(number: int) -> None:
    assert pixels(number).shape == (HEIGHT, WIDTH, 3)
    light = luminance(number)
    low, high = np.percentile(light, [2, 98])
    assert high - low > 90
    blocks = light.reshape(HEIGHT // 24, 24, WIDTH // 24, 24)
    means = blocks.mean((1, 3))
    across = np.abs(np.diff(means, axis=1))
    assert (across > 6).mean() > 0.03, "a gradient from top to bottom has no edges across"
    assert blocks.std((1, 3)).min() > 0.5, "without grain its gradients band"


@pytest.mark.parametrize("number", PICTURES)
def test_white_captions_stay_readable_over_a_picture(number: int) -> None:
    behind = luminance(number)[int(HEIGHT * 0.70) : int(HEIGHT * 0.82), WIDTH // 10 : -WIDTH // 10]
    assert np.percentile(behind, 95) < 190


def test_the_music_is_quiet_enough_not_to_clip_and_loud_enough_to_hear(sound: np.ndarray) -> None:
    assert 38 * 44100 <= len(sound) <= 45 * 44100
    assert np.abs(sound).max() < 0.9
    assert 0.02 < np.sqrt((sound**2).mean()) < 0.3
    assert not np.allclose(sound[:, 0], sound[:, 1])


def test_the_music_loops_without_a_click(sound: np.ndarray) -> None:
    curvature = np.abs(np.diff(np.concatenate([sound, sound[:2]]), n=2, axis=0))
    assert curvature[-2:].max() <= np.percentile(curvature[:-2], 99.9)
    levels = np.sqrt((sound.reshape(40, -1, 2) ** 2).mean((1, 2)))
    assert levels.min() > 0.25 * levels.max(), "a fade at the end would be heard at each turn"
