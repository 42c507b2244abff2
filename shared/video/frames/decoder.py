"""The process that decodes pictures: `python -m shared.video.frames.decoder <idle_s>`.

It reads requests as lines of JSON on stdin and answers each with one on stdout, `{"problem"}` or `{"size",
"notes"}`, followed by the pixels, row by row:

{"path", "name"}                   is decoded whole; no pixels
{"path", "name", "max_side"}       RGB; `whole` is the size that the picture has itself
{"path", "name", "alpha_of"}       transparency, of this width and height; `size` is null where there is none

It imports only what it needs: most of its processes decode one picture.
"""

import json
import os
import resource
import select
import signal
import sys
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from PIL import AvifImagePlugin, Image

from shared.accepted import MOST_DECODING_CPU_S, MOST_DECODING_MIB, MOST_DECODING_S
from shared.errors import InvalidAssets
from shared.video.frames.decoding import decoded_and_measured, measured, transparency


def main(idle_s: float) -> None:
    """Answer requests until it was idle for a while, or until its caller has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller
    for deadline in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(deadline, signal.SIG_DFL)
    _limit_memory()
    Image.MAX_IMAGE_PIXELS = None  # its error names no size: the limits in shared/accepted.py replace it
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries' messages go to stderr
    while select.select([sys.stdin], [], [], idle_s)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        signal.setitimer(signal.ITIMER_REAL, MOST_DECODING_S)
        signal.setitimer(signal.ITIMER_PROF, MOST_DECODING_CPU_S)
        said, pixels = _answer(json.loads(line))
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(answers, said, pixels)


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


def _write(answers: BinaryIO, said: dict[str, Any], pixels: bytes) -> None:
    answers.write(json.dumps(said).encode() + b"\n")
    answers.write(pixels)
    answers.flush()


def _limit_memory() -> None:
    if sys.platform == "linux":  # other systems count it differently
        most = MOST_DECODING_MIB << 20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main(float(sys.argv[1]))
