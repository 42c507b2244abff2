"""Subtitles drawn into the picture, by the renderer that draws all captions.

Each subtitle becomes a picture of the strip in which captions are drawn. ffmpeg shows these pictures in turn,
as one more film over the first: however many there are, its graph stays the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs.subtitles.film.containers import Fit
from jobs.subtitles.film.inventory import Picture
from jobs.subtitles.film.muxing import marks_of
from jobs.subtitles.job.documents import Cue, Cues
from shared.machine.ffmpeg import run_watched
from shared.video.encoding.film_files import ONLY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.captions.pages import State
    from shared.video.timeline import Cue as Caption
    from shared.video.timeline import FontFace, Timeline

    Pixels = NDArray[np.uint8]

_MOST_PX: Final = 4096
"""Strips of larger films are drawn at this size and enlarged."""
_RATES: Final = (10, 60)
"""Of timelines, which captions are drawn for."""
_TICKS: Final = 1000
"""A second, of the pictures' times."""


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Pictures of subtitles, all of one size."""

    list_file: Path
    """In ffmpeg's format: each picture and how long it is shown."""
    top: float
    """The strip's upper edge, in parts of the picture's height."""
    height: float
    """In parts of the picture's height."""


def subtitle_fonts(cues: Cues, *, name: str) -> "tuple[tuple[FontFace, ...], tuple[str, ...]]":
    """The fonts, and warnings about characters that no font has.

    Raises `InvalidAssets`, naming `name`, for a script that can't be drawn.
    """
    from shared.video.lettering.font_check import check_fonts

    texts = {f"{name}: cue {number}": " ".join(cue.lines) for number, cue in enumerate(cues.cues, 1)}
    drawable = check_fonts(texts, cues.language, otherwise='set "burn": false', emoji_in_colour=True)
    return drawable.faces, drawable.warnings


def draw_strip(cues: Cues, picture: Picture, fonts: "tuple[FontFace, ...]", folder: Path) -> Strip:
    """Draw all subtitles below `folder`."""
    import cv2
    import numpy as np

    from shared.video.captions.ass import band_of
    from shared.video.captions.bitmaps import draw_states

    timeline = _timeline(cues, picture, fonts)
    band = band_of(timeline)
    states = list(_states(timeline, cues))
    folder.mkdir()
    blank = np.zeros((band.height, timeline.width, 4), np.uint8)
    cv2.imwrite(str(folder / "none.png"), blank)
    for number, bitmap in enumerate(draw_states(states, timeline, folder / "letters")):
        strip, (height, width) = blank.copy(), bitmap.rgba.shape[:2]
        strip[bitmap.y - band.y :, bitmap.x :][:height, :width] = _straight(bitmap.rgba)
        cv2.imwrite(str(folder / f"{number}.png"), strip[..., [2, 1, 0, 3]], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    list_file = folder / "strip.ffconcat"
    list_file.write_text("".join(_listed(states, Fraction(cues.frame_rate))))
    return Strip(list_file=list_file, top=band.y / timeline.height, height=band.height / timeline.height)


def burn_film(
    film: Path,
    fit: Fit,
    picture: Picture,
    strip: Strip,
    target: Path,
    *,
    threads: int,
    on_time: Callable[[float], None],
) -> None:
    """Write the film with the strip over its picture to `target`: the picture is encoded again, with square
    pixels, all other streams are copied. Raises `ToolFailed`."""
    from shared.video.encoding.x264 import X264_CRF, X264_PRESET

    source = [*ONLY, "-threads", str(threads), "-i", f"file:{film}", "-f", "concat", "-safe", "0"]
    others = [
        part for track in fit.copied if track.index != picture.index for part in ("-map", f"0:{track.index}")
    ]
    codec = ["-c", "copy", "-c:v:0", "libx264", "-preset", X264_PRESET, "-crf", str(X264_CRF)]
    arguments = [
        *(*source, "-i", f"file:{strip.list_file}", "-filter_complex", _graph(picture, strip)),
        *("-map", "[burnt]", *others, *codec, "-pix_fmt", "yuv420p", "-threads", str(threads)),
        *("-fps_mode:v:0", "passthrough", "-map_metadata", "0", "-map_chapters", "0", *marks_of(fit)),
        *(*fit.container.options, "-f", fit.container.muxer, "-y", f"file:{target}"),
    ]
    run_watched(arguments, on_time=on_time)


def _graph(picture: Picture, strip: Strip) -> str:
    width, height = _even(picture.width), _even(picture.height)
    matrix = "bt709" if min(width, height) >= 720 else "bt601"
    return (
        f"[0:{picture.index}]scale=w={width}:h={height},setsar=1,format=yuv420p[film];"
        f"[1:v]scale=w={width}:h={_even(strip.height * height)}:out_color_matrix={matrix}:out_range=tv,"
        f"format=yuva420p[strip];"
        f"[film][strip]overlay=x=0:y={_even(strip.top * height)}:format=yuv420:eof_action=pass[burnt]"
    )


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)


def _timeline(cues: Cues, picture: Picture, fonts: "tuple[FontFace, ...]") -> "Timeline":
    """What captions are drawn for: a film of the picture's shape with these subtitles, whose frames count as
    those of the subtitles."""
    from shared.video.timeline import CaptionStyle, Shot, Timeline

    scale = min(1.0, _MOST_PX / max(picture.width, picture.height))
    frames = cues.cues[-1].end_frame if cues.cues else 1
    rate = min(max(Fraction(cues.frame_rate), Fraction(_RATES[0])), Fraction(_RATES[1]))
    return Timeline(
        width=max(64, _even(picture.width * scale)),
        height=max(64, _even(picture.height * scale)),
        frame_rate=rate,
        language=cues.language,
        shots=(Shot(frames=frames),),
        caption_style=CaptionStyle(look="plain"),
        fonts=fonts,
    )


def _states(timeline: "Timeline", cues: Cues) -> "Iterator[State]":
    """Subtitles with their own lines where the picture is wide enough, else laid out anew."""
    from shared.video.captions.pages import caption_states, line_state, lines_fit

    for cue in cues.cues:
        if lines_fit(cue.lines, timeline):
            yield line_state(cue.lines, cue.start_frame, cue.end_frame)
        else:
            pieces = tuple(_pieces(cue, cues.language))
            yield from caption_states(timeline.model_copy(update={"cues": pieces}))


def _pieces(cue: Cue, language: str) -> "Iterator[Caption]":
    """As captions that may be broken into other lines; what two people say stays apart."""
    from shared.video.timeline import Cue as Caption

    alone = len(set(cue.speakers)) < 2
    texts = [" ".join(cue.lines)] if alone else list(cue.lines)
    lengths = accumulate((len(text) for text in texts), initial=0)
    whole, frames = sum(map(len, texts)) or 1, cue.end_frame - cue.start_frame
    starts = [cue.start_frame + frames * length // whole for length in lengths]
    for text, (start, end) in zip(texts, pairwise(starts), strict=True):
        if end > start:
            yield Caption(at_frame=start, frames=end - start, text=text, language=language, words=())


def _listed(states: "Sequence[State]", frame_rate: Fraction) -> Iterator[str]:
    """Half a frame early, so that no rounding shows a picture a frame late."""
    yield "ffconcat version 1.0\n"
    shown_s = 0.0
    for number, state in enumerate(states):
        start_s, end_s = (
            float((frame - Fraction(1, 2)) / frame_rate) for frame in (state.first_frame, state.end_frame)
        )
        if start_s - shown_s > 0.5 / _TICKS:
            yield _entry("none.png", start_s - shown_s)
        yield _entry(f"{number}.png", end_s - max(start_s, shown_s))
        shown_s = end_s
    yield _entry("none.png", 1.0)


def _entry(file_name: str, duration_s: float) -> str:
    return f"file {file_name}\noption framerate {_TICKS}\nduration {duration_s:.6f}\n"


def _straight(rgba: "Pixels") -> "Pixels":
    """Colours that aren't multiplied by their alpha."""
    import numpy as np

    alpha = np.maximum(rgba[..., 3:].astype(np.uint16), 1)
    colours = (rgba[..., :3].astype(np.uint16) * 255 + alpha // 2) // alpha
    return np.dstack([colours.clip(0, 255).astype(np.uint8), rgba[..., 3]])
