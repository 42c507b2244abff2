"""Any user's picture, as upright sRGB pixels.

Decoded in a separate process with a deadline and a memory limit: a picture that would take minutes or
gigabytes delays no other work.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from shared.accepted import MOST_DECODERS, MOST_DECODING_CPU_S
from shared.errors import InvalidAssets
from shared.logs import log
from shared.machine.workers import Answer, PastDeadline, WorkerCrashed, Workers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DECODERS: Final = Workers("shared.video.frames.decoder", most=MOST_DECODERS)
_AGAIN: Final = "save it again as a plain JPEG or PNG and use that"

_Made = TypeVar("_Made")


def load_picture(path: Path, *, name: str, max_side: int = 4096) -> "NDArray[np.uint8]":
    """The picture upright in sRGB, shape (height, width, 3), its longer side at most `max_side`.

    See-through parts become dark grey, or light grey where the drawing itself is dark, so that a black logo
    stays visible. Of several pictures in a file it is the first. Raises `InvalidAssets`, naming `name`.
    """
    return look_at(path, name=name, max_side=max_side)[1]


def look_at(path: Path, *, name: str, max_side: int) -> "tuple[tuple[int, int], NDArray[np.uint8]]":
    """The picture's own upright (width, height), and the result of `load_picture`."""
    import numpy as np

    def read(answer: Answer) -> "tuple[tuple[int, int], NDArray[np.uint8]]":
        width, height = answer.said["size"]
        pixels = np.empty((height, width, 3), np.uint8)
        answer.read_into(pixels.data.cast("B"))
        whole_width, whole_height = answer.said["whole"]
        return (whole_width, whole_height), pixels

    return _asked(path, name, read, max_side=max_side)


def load_transparency(path: Path, *, name: str, size: tuple[int, int]) -> "NDArray[np.uint8] | None":
    """The alpha channel upright, shape (height, width), of this (width, height); None where there is none."""
    import numpy as np

    def read(answer: Answer) -> "NDArray[np.uint8] | None":
        if answer.said["size"] is None:
            return None
        levels = np.empty(size[::-1], np.uint8)
        answer.read_into(levels.data.cast("B"))
        return levels

    return _asked(path, name, read, alpha_of=size)


def check_picture(path: Path, *, name: str) -> tuple[int, int]:
    """The upright (width, height) of a picture that decodes completely; raises `InvalidAssets`."""

    def read(answer: Answer) -> tuple[int, int]:
        width, height = answer.said["size"]
        return width, height

    return _asked(path, name, read)


def _asked(path: Path, name: str, read: Callable[[Answer], _Made], **options: object) -> _Made:
    """Return `read` of a decoder's answer; raises `InvalidAssets` if the picture is to blame."""

    def heard(answer: Answer) -> _Made | InvalidAssets:
        if "problem" in answer.said:
            return InvalidAssets(answer.said["problem"])
        for note in answer.said["notes"]:
            log(logging.WARNING, "colour_profile_ignored", note)
        return read(answer)

    with path.open("rb"):  # a file that can't be read is not the picture's fault
        pass
    try:
        found = DECODERS.ask({"path": str(path.absolute()), "name": name, **options}, heard)
    except PastDeadline as error:
        most = f"takes more than the {MOST_DECODING_CPU_S} s of decoding that a picture may take"
        raise InvalidAssets(f"picture {name!r} {most}; {_AGAIN}") from error
    except WorkerCrashed as error:
        raise InvalidAssets(
            f"picture {name!r} is damaged: its decoder crashed ({error}); {_AGAIN}"
        ) from error
    if isinstance(found, InvalidAssets):
        raise found
    return found
