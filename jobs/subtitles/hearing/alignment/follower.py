"""The process that aligns: `python -m jobs.subtitles.hearing.alignment.follower <idle_s>`.

{"path", "spans", "spoken": [[tokens, start, end, is_sure]]}     {"times": [[[start, end]] or null]}

pocketsphinx works in one thread and lets no other Python code run meanwhile.
"""

import sys
from pathlib import Path
from typing import Any, Final

from jobs.subtitles.hearing.alignment.following import Spoken, follow
from jobs.subtitles.hearing.chunks import Sound
from shared.machine.answering import Limits, answer_requests

_LIMITS: Final = Limits(wall_s=900, cpu_s=300, memory_mib=4096)
"""Far beyond what a chunk takes, so that a busy machine changes no result."""


def main(idle_s: float) -> None:
    """Answer requests until it was idle for a while, or until its caller has ended."""
    answer_requests(_answer, _LIMITS, idle_s=idle_s)


def _answer(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    spoken = [
        Spoken(tokens=tuple(tokens), start=start, end=end, is_sure=is_sure)
        for tokens, start, end, is_sure in asked["spoken"]
    ]
    pcm = Sound(Path(asked["path"]), asked["path"]).pcm(asked["spans"])
    return {"times": follow(pcm, spoken)}, b""


if __name__ == "__main__":
    main(float(sys.argv[1]))
