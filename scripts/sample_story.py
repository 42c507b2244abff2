"""The bundled sample story, "The flame that went west", whose pictures and music are made on demand."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from scripts.sample import day, night
from scripts.sample.canvas import Array, finished
from scripts.sample.music import write_music


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the story: a picture and its captions."""

    draw: Callable[[np.random.Generator], Array]
    captions: tuple[str, ...]
    suffix: str = "png"


STORY: Final = (
    Part(
        draw=day.mountains,
        captions=(
            "High in the mountains, where every morning begins, Mira kept a flame that had never gone out.",
        ),
    ),
    Part(
        draw=day.river,
        captions=("One day the swallows brought her news: far in the west, the old lighthouse stood dark.",),
        suffix="jpg",
    ),
    Part(
        draw=day.dunes, captions=("So she set the flame in a lantern and carried it across the golden sand.",)
    ),
    Part(draw=day.lake, captions=("At dusk she found a little boat, and the lake lent her its stillness.",)),
    Part(
        draw=night.woods,
        captions=("In the deep woods it began to snow, and the wind leaned close to blow the lantern out.",),
    ),
    Part(
        draw=night.northern_light,
        captions=(
            "She was tired now, and the flame was no bigger than a seed.",
            "Then the sky itself caught fire, green and silent.",
            "Keep going, it told her. Somebody out there is looking for your light.",
        ),
    ),
    Part(
        draw=night.lighthouse,
        captions=("And at first light the lighthouse woke, and one by one, the lost boats came home.",),
    ),
)


def write_sample_story(folder: Path) -> None:
    """Write the story's inputs below `folder`: `1/image.png`, `1/1.txt` and so on, and `music.wav`.

    The files are the same every time. Pictures are 1296x2304, which leaves room to zoom in a 1080x1920 film.
    """
    for number, part in enumerate(STORY, 1):
        home = folder / str(number)
        home.mkdir(parents=True, exist_ok=True)
        _save(draw_part(number), home / f"image.{part.suffix}")
        for place, caption in enumerate(part.captions, 1):
            (home / f"{place}.txt").write_text(caption + "\n", encoding="utf-8")
    write_music(folder / "music.wav")


def draw_part(number: int) -> Image.Image:
    """The picture of part `number`, from 1."""
    rng = np.random.default_rng(number)
    return Image.fromarray(finished(STORY[number - 1].draw(rng), rng))


def _save(picture: Image.Image, path: Path) -> None:
    if path.suffix == ".jpg":
        picture.save(path, quality=93, subsampling=0)
    else:
        picture.save(path, compress_level=1)
