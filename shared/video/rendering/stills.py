"""Single frames of a film as pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import BadRequest
from shared.video.colour import to_rgb
from shared.video.frames.frames import Frame
from shared.video.rendering.engines import native_drawer
from shared.video.rendering.segments import plan_segments
from shared.video.rendering.shots import Shots, no_clip
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]


def _no_picture(name: str) -> "Plane":
    raise BadRequest(f"picture {name!r} is not at hand: say where the film's pictures lie")


def save_still(
    timeline: Timeline,
    frame: int,
    path: Path,
    *,
    load: "Callable[[str], Plane]" = _no_picture,
    clip: Callable[[str], Path] = no_clip,
) -> None:
    """Write this frame of the film, without captions, as JPEG."""
    from PIL import Image

    shots = Shots(timeline, load, clip=clip)
    segment = next(segment for segment in plan_segments(timeline, ()) if frame < segment.end_frame)
    drawn = Frame.blank(timeline.width, timeline.height)
    native_drawer(shots, segment, ())(frame - segment.first_frame, drawn)
    Image.fromarray(to_rgb(*drawn.planes)).save(path, quality=90, optimize=True)
