"""The process that decodes pictures: `python -m shared.video.decoder <idle_s>`.

It is asked by lines of JSON on stdin, `{"path", "name", "max_side"}`, and answers each by a line on stdout:
`{"problem"}`, or `{"size", "notes"}`, after which the pixels follow (RGB, row by row) where `max_side` was
given. It imports no more than it needs, since many pictures come alone.
"""

import json
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

from shared.accepted import MOST_DECODING_CPU_S, MOST_DECODING_MIB, MOST_DECODING_S
from shared.errors import InvalidAssets
from shared.video.decoding import decoded, measured


def main(idle_s: float) -> None:
    """Answer until nothing was asked for a while, or until whoever asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    _limit_memory()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library has to say
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
    try:
        if "max_side" not in asked:
            return {"size": measured(path, name), "notes": notes}, b""
        image = decoded(path, name, asked["max_side"], notes)
        return {"size": image.size, "notes": notes}, image.tobytes()
    except InvalidAssets as error:
        return {"problem": str(error)}, b""


def _write(answers: BinaryIO, said: dict[str, Any], pixels: bytes) -> None:
    answers.write(json.dumps(said).encode() + b"\n")
    answers.write(pixels)
    answers.flush()


def _limit_memory() -> None:
    if sys.platform == "linux":  # elsewhere it is counted by other rules
        most = MOST_DECODING_MIB << 20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main(float(sys.argv[1]))
