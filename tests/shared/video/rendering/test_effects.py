from itertools import pairwise

import numpy as np
import pytest

from shared.errors import UnknownName
from shared.video.rendering.effects import EFFECTS, Effect, effect_named, old_film
from tests.shared.video.scenes import Plane, detailed_picture


@pytest.fixture(params=sorted(EFFECTS))
def effect(request: pytest.FixtureRequest) -> Effect:
    return EFFECTS[request.param]


def difference(one: Plane, two: Plane) -> float:
    return float(np.abs(one.astype(int) - two).mean())


def test_an_effect_gives_a_new_picture_of_the_same_shape(effect: Effect) -> None:
    for width, height in ((160, 90), (90, 160), (101, 67)):
        picture = detailed_picture(width, height)
        before = picture.copy()
        picture.flags.writeable = False
        shown = effect(picture, 0.0, 2.0)
        assert (shown.shape, shown.dtype) == (picture.shape, picture.dtype)
        assert np.array_equal(picture, before)
        assert difference(shown, picture) > 2


def test_an_effect_draws_the_same_whenever_it_is_asked(effect: Effect) -> None:
    picture = detailed_picture(160, 90)
    first = [effect(picture, number / 25, 2.0) for number in range(6)]
    again = [effect(picture, number / 25, 2.0) for number in reversed(range(6))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_old_film_is_brown_and_darker_in_the_corners() -> None:
    shown = old_film(np.full((180, 320, 3), 200, np.uint8), 0.5, 2.0).astype(float)
    red, green, blue = shown.mean(axis=(0, 1))
    assert red > green + 5 > blue + 10
    assert shown[:20, :20].mean() < 0.75 * shown[80:100, 150:170].mean()


def test_old_film_flickers_grains_and_weaves_a_little() -> None:
    plain = np.full((360, 640, 3), 128, np.uint8)
    moments = [old_film(plain, number / 18, 2.0)[..., 1].astype(float) for number in range(18)]
    light = [moment[100:260, 200:440].mean() for moment in moments]
    assert 0.5 < np.std(light) < 8
    assert all(3 < moment[100:260, 300:340].std() < 15 for moment in moments)
    apart = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairwise(moments)]
    centre = [moment[150:210, 280:360] for moment in moments]
    grain = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairwise(centre)]
    assert min(apart) > 0.5
    assert max(map(abs, grain)) < 0.5
    edge = np.zeros((360, 640, 3), np.uint8)
    edge[180:] = 255
    rows = [(old_film(edge, number / 18, 2.0)[:, 310:330, 1] > 100).sum() / 20 for number in range(36)]
    assert 0.2 < max(rows) - min(rows) < 3


def test_the_same_light_falls_on_frames_of_the_same_old_picture() -> None:
    """Grain and flicker change 18 times a second, whatever the frame rate: 60 frames a second don't buzz."""
    plain = np.full((90, 160, 3), 128, np.uint8)
    frames = [old_film(plain, number / 60, 2.0) for number in range(60)]
    changes = sum(difference(a, b) > 0.5 for a, b in pairwise(frames))
    assert changes == 17


def test_an_unknown_effect_lists_the_known_ones() -> None:
    assert effect_named("old_film") is old_film
    with pytest.raises(UnknownName) as caught:
        effect_named("new_film")
    assert caught.value.args == ("effect", "new_film", tuple(EFFECTS))
