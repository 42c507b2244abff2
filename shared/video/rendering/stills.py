"""Single frames of a film as pictures."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import BadRequest
from shared.video.captions.pages import caption_states
from shared.video.colour import to_rgb
from shared.video.frames.frames import Frame
from shared.video.rendering.engines import native_drawer
from shared.video.rendering.render import captions_of
from shared.video.rendering.segments import plan_segments
from shared.video.rendering.shots import Shots, no_clip
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

PREVIEW_WIDTH: Final = 640
"""Of stills by which people choose a look, at most, in pixels."""
_LEAST_SIDE: Final = 64
"""Of a timeline's frame."""


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

    drawn = draw_frame(timeline, frame, load=load, clip=clip)
    Image.fromarray(drawn).save(path, quality=90, optimize=True)


def draw_frame(
    timeline: Timeline,
    frame: int,
    *,
    load: "Callable[[str], Plane]" = _no_picture,
    clip: Callable[[str], Path] = no_clip,
    scratch: Path | None = None,
) -> "Plane":
    """This frame of the film, RGB (h, w, 3); captions are drawn if there is a folder `scratch` for that."""
    shots = Shots(timeline, load, clip=clip)
    segment = next(segment for segment in plan_segments(timeline, ()) if frame < segment.end_frame)
    states = caption_states(timeline) if scratch else []
    shown = [state for state in states if state.first_frame <= frame < state.end_frame]
    captions = next(captions_of(timeline, [segment], shown, scratch)) if scratch else []
    drawn = Frame.blank(timeline.width, timeline.height)
    native_drawer(shots, segment, captions)(frame - segment.first_frame, drawn)
    return to_rgb(*drawn.planes)


def preview_size(width: int, height: int, *, finer: int = 1) -> tuple[int, int]:
    """A frame of about the same shape that a preview is drawn in: even sides, at most `finer` times
    `PREVIEW_WIDTH` wide unless it would be too low for a film."""
    scale = min(1.0, max(finer * PREVIEW_WIDTH / width, _LEAST_SIDE / height))
    return max(_LEAST_SIDE, 2 * round(width * scale / 2)), max(_LEAST_SIDE, 2 * round(height * scale / 2))


def as_preview(pixels: "Plane") -> bytes:
    """RGB (h, w, 3) as JPEG, made smaller if it is wider than `PREVIEW_WIDTH`."""
    from PIL import Image

    picture = Image.fromarray(pixels)
    if picture.width > PREVIEW_WIDTH:
        height = max(1, round(picture.height * PREVIEW_WIDTH / picture.width))
        picture = picture.resize((PREVIEW_WIDTH, height), Image.Resampling.LANCZOS)
    file = BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()
