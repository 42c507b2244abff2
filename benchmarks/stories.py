"""Stories for measurements: the sample's pictures and captions, in any number of parts."""

import itertools
import json
from pathlib import Path

from PIL import Image

from scripts.sample_story import STORY, draw_part


def write_story(folder: Path, parts: int, *, options: dict[str, object] | None = None) -> None:
    """Write an assets folder with `parts` parts of one caption each, 1080x1920 unless set by `options`."""
    pictures = _pictures(folder.parent.parent / "pictures")
    captions = itertools.cycle([caption for part in STORY for caption in part.captions])
    for number in range(1, parts + 1):
        place = folder / str(number)
        place.mkdir(parents=True)
        (place / "image.jpg").write_bytes(next(pictures))
        (place / "1.txt").write_text(f"{next(captions)}\n", encoding="utf-8")
    (folder / "story.json").write_text(json.dumps({"size": "portrait", **(options or {})}))


def _pictures(folder: Path) -> "itertools.cycle[bytes]":
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, len(STORY) + 1):
        path = folder / f"{number}.jpg"
        if not path.exists():
            picture: Image.Image = draw_part(number)
            picture.convert("RGB").save(path, quality=92)
    return itertools.cycle([path.read_bytes() for path in sorted(folder.glob("*.jpg"))])
