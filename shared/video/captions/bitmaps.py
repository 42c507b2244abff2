"""Caption bitmaps: libass, inside ffmpeg, draws each state once."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import ToolFailed
from shared.machine.ffmpeg import filter_value, reading
from shared.video.captions.ass import PLATES_PER_S, Plate, band_of, document, plates_of
from shared.video.captions.emoji_pictures import lay_emoji
from shared.video.captions.pages import State
from shared.video.lettering.font_copies import font_files
from shared.video.lettering.fonts import open_faces
from shared.video.timeline import CaptionStyle, Timeline


@dataclass(frozen=True, kw_only=True, eq=False)
class CaptionBitmap:
    """The pixels that a state adds to the frame. Everything is even, so that it fits the chroma planes."""

    x: int
    y: int
    rgba: NDArray[np.uint8]
    """(height, width, 4), colours multiplied by alpha; (0, 0, 4) for an empty one."""


_NOTHING: Final = CaptionBitmap(x=0, y=0, rgba=np.zeros((0, 0, 4), np.uint8))


def draw_states(states: Sequence[State], timeline: Timeline, scratch: Path) -> Iterator[CaptionBitmap]:
    """One bitmap for each state, in order, from one ffmpeg; all states of a page are the same size.

    Writes its fonts and document below `scratch`. Raises `BadRequest` when a font of the timeline is missing
    on this machine, `ToolFailed` when ffmpeg can't draw.
    """
    if not states:
        return
    if not timeline.fonts:  # no face has any character of the text
        yield from (_NOTHING for _ in states)
        return
    pages = list(plates_of(states, open_faces(timeline.fonts)))
    drawn = _spooled(_drawn([plate for _, plates in pages for plate in plates], timeline, scratch), scratch)
    for shown, plates in pages:
        page = next(drawn)
        if any(plate.shows == "boxes" for plate in plates):
            page = _with_emoji(page, next(drawn), shown[0], timeline)
        for state in shown:
            yield _lit(page, next(drawn), timeline.caption_style) if state.is_lit else page
    for _ in drawn:  # lets ffmpeg end
        raise AssertionError("more plates than states call for")


def _drawn(plates: Sequence[Plate], timeline: Timeline, scratch: Path) -> Iterator[CaptionBitmap]:
    scratch.mkdir(parents=True, exist_ok=True)
    fonts, text = scratch / "fonts", scratch / "captions.ass"
    letters = {piece.text for plate in plates for line in plate.state.lines for piece in line}
    styled = timeline.caption_style.markup == "markdown"
    font_files(timeline.fonts, fonts, "".join(sorted(letters)), styled=styled)
    text.write_text(document(plates, timeline), encoding="utf-8", newline="\n")
    band = band_of(timeline)
    shape = (band.height, timeline.width, 4)
    arguments = _arguments(len(plates), f"{timeline.width}x{band.height}", text, fonts)
    done = 0
    with reading(arguments) as frames:
        while done < len(plates) and len(data := frames.read(prod(shape))) == prod(shape):
            yield _cropped(np.frombuffer(data, np.uint8).reshape(shape), band.y)
            done += 1
    if done < len(plates):
        raise ToolFailed(arguments, 0, f"only {done} of {len(plates)} caption plates came out")


def _spooled(bitmaps: Iterator[CaptionBitmap], scratch: Path) -> Iterator[CaptionBitmap]:
    """The same bitmaps, all drawn before the first is returned and kept compressed on disk meanwhile.

    So ffmpeg's 80 MB are free again before frames are encoded; drawing takes 1 % of the time of that.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    shapes: list[tuple[int, int, tuple[int, ...], int]] = []
    with (scratch / "plates").open("w+b") as file:
        for bitmap in bitmaps:
            data = zlib.compress(bitmap.rgba.tobytes(), 1)
            shapes.append((bitmap.x, bitmap.y, bitmap.rgba.shape, len(data)))
            file.write(data)
        file.seek(0)
        for x, y, shape, size in shapes:
            rgba = np.frombuffer(zlib.decompress(file.read(size)), np.uint8).reshape(shape)
            yield CaptionBitmap(x=x, y=y, rgba=rgba)


def _with_emoji(page: CaptionBitmap, boxes: CaptionBitmap, state: State, timeline: Timeline) -> CaptionBitmap:
    band = band_of(timeline)
    strips = [np.zeros((band.height, timeline.width, 4), np.uint8) for _ in range(2)]
    for strip, bitmap in zip(strips, (page, boxes), strict=True):
        height, width = bitmap.rgba.shape[:2]
        strip[bitmap.y - band.y :, bitmap.x :][:height, :width] = bitmap.rgba
    lay_emoji(strips[0], strips[1], state, timeline)
    return _cropped(strips[0], band.y)


def _lit(page: CaptionBitmap, letters: CaptionBitmap, style: CaptionStyle) -> CaptionBitmap:
    """The page with these letters in the highlight colour.

    The page's letters cover the same part of each pixel, so that the change is that part of the two colours'
    difference, and alpha stays.
    """
    rgba = page.rgba.copy()
    height, width = letters.rgba.shape[:2]
    top, left = letters.y - page.y, letters.x - page.x
    under = rgba[top : top + height, left : left + width]
    change = np.array([*bytes.fromhex(style.highlight[1:])], np.int32) - [*bytes.fromhex(style.colour[1:])]
    coloured = under[..., :3] + (letters.rgba[..., 3:] * change + 127) // 255
    under[..., :3] = coloured.clip(0, under[..., 3:])
    return CaptionBitmap(x=page.x, y=page.y, rgba=rgba)


def _arguments(count: int, size: str, text: Path, fonts: Path) -> list[str]:
    graph = (
        f"color=c=black@0:s={size}:r={PLATES_PER_S},format=rgba,"
        f"ass=filename={filter_value(text)}:fontsdir={filter_value(fonts)}:alpha=1:shaping=complex"
    )
    output = ["-frames:v", str(count), "-f", "rawvideo", "-pix_fmt", "rgba", "pipe:1"]
    return ["-loglevel", "error", "-threads", "1", "-f", "lavfi", "-i", graph, *output]


def _cropped(frame: NDArray[np.uint8], band_y: int) -> CaptionBitmap:
    seen = frame.view(np.uint32)[..., 0] != 0
    rows, columns = _even_range(seen.any(axis=1)), _even_range(seen.any(axis=0))
    return CaptionBitmap(x=columns.start, y=band_y + rows.start, rgba=frame[rows, columns].copy())


def _even_range(seen: NDArray[np.bool_]) -> slice:
    """The smallest range with even ends that holds all visible pixels; frame sizes are even."""
    places = np.flatnonzero(seen)
    return slice(int(places[0]) // 2 * 2, (int(places[-1]) + 2) // 2 * 2) if places.size else slice(0, 0)
