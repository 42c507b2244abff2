from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.errors import BadRequest
from shared.video.colour import to_planes, to_rgb
from shared.video.rendering.stills import save_still
from tests.shared.video.clip_makers import numbered_clip
from tests.shared.video.scenes import detailed_picture, load, shot_of, timeline_of


def test_planes_become_the_picture_that_they_were_made_of() -> None:
    picture = detailed_picture(120, 80)
    smooth = np.repeat(np.repeat(picture[::8, ::8], 8, axis=0), 8, axis=1)
    back = to_rgb(*to_planes(smooth)).astype(int)
    inside = np.abs(back - smooth)[3::8, 3::8]
    assert inside.mean() < 2


def test_a_still_is_the_frame_of_the_film(tmp_path: Path) -> None:
    clip = numbered_clip(tmp_path / "clip.mp4", 60)
    shots = shot_of(20, None, colour="#FF0000"), shot_of(40, None, clip="clip")
    timeline = timeline_of(*shots, size=(64, 96), rate="30")
    for frame, wanted in ((5, (255, 0, 0)), (20 + 30, ((20 + 90 - 16) * 255 / 219,) * 3)):
        save_still(timeline, frame, tmp_path / "still.jpg", clip=lambda _: clip)
        with Image.open(tmp_path / "still.jpg") as still:
            assert still.size == (64, 96)
            assert np.allclose(np.asarray(still)[40, 30], wanted, atol=8)


def test_a_still_of_a_picture_needs_the_picture(tmp_path: Path) -> None:
    timeline = timeline_of(shot_of(20, "wide"), size=(64, 96))
    save_still(timeline, 3, tmp_path / "still.jpg", load=load)
    with pytest.raises(BadRequest, match="wide"):
        save_still(timeline, 3, tmp_path / "still.jpg")
