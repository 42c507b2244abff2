"""draw: the slides in all their states."""

import io
import json

from PIL import Image

from jobs.presenter.deck.slides import read_slides
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore
from tests.support.talks import ID, data, names


def test_every_state_of_every_slide_has_a_picture(made: MemoryStore) -> None:
    slides = read_slides(Creation(made, ID)).slides
    wanted = json.loads(data(made, "cache/drawn.json"))
    assert names(made, "cache/slides/") == wanted
    assert len(wanted) == sum(slide.states for slide in slides)


def test_people_get_each_slide_complete(made: MemoryStore) -> None:
    assert names(made, "assets/slides/") == [f"assets/slides/00{number}.png" for number in (1, 2, 3)]
    with Image.open(io.BytesIO(data(made, "assets/slides/002.png"))) as picture:
        assert picture.size == (320, 180)
