"""The process that decodes pictures: `python -m shared.video.frames.decoder <idle_s>`.

It reads requests as lines of JSON on stdin and answers each with one on stdout, `{"problem"}` or `{"size",
"notes"}`, followed by the pixels, row by row:

{"path", "name"}                   is decoded whole; no pixels
{"path", "name", "max_side"}       RGB; `whole` is the size that the picture has itself
{"path", "name", "alpha_of"}       transparency, of this width and height; `size` is null where there is none

It imports only what it needs: most of its processes decode one picture.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

from PIL import AvifImagePlugin, Image

from shared.accepted import MOST_DECODING_CPU_S, MOST_DECODING_MIB, MOST_DECODING_S
from shared.errors import InvalidAssets
from shared.machine.answering import Limits, answer_requests
from shared.video.frames.decoding import decoded_and_measured, measured, transparency

_LIMITS = Limits(wall_s=MOST_DECODING_S, cpu_s=MOST_DECODING_CPU_S, memory_mib=MOST_DECODING_MIB)


def main(idle_s: float) -> None:
    """Answer requests until it was idle for a while, or until its caller has ended."""
    Image.MAX_IMAGE_PIXELS = None  # its error names no size: the limits in shared/accepted.py replace it
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    warnings.simplefilter("ignore")
    answer_requests(_answer, _LIMITS, idle_s=idle_s)


def _answer(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    path, name = Path(asked["path"]), asked["name"]
    notes: list[str] = []
    whole = None
    try:
        image: Image.Image | None
        if "max_side" in asked:
            image, whole = decoded_and_measured(path, name, asked["max_side"], notes)
        elif "alpha_of" in asked:
            image = transparency(path, name, asked["alpha_of"])
        else:
            return {"size": measured(path, name), "notes": notes}, b""
    except InvalidAssets as error:
        return {"problem": str(error)}, b""
    if image is None:
        return {"size": None, "notes": notes}, b""
    return {"size": image.size, "whole": whole, "notes": notes}, image.tobytes()


if __name__ == "__main__":
    main(float(sys.argv[1]))
