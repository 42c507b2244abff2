"""The process that reads decks: `python -m jobs.presenter.deck.reading.reader <idle_s>`.

It answers `{"problem"}`, a sentence that goes on after the deck's name, or:

{"path", "pages": true}                  {"count"} of a PDF
{"path", "page", "longest_px"}           {"title", "bytes"} and a PNG of the page, the first being 0
{"path", "presentation": true}           {"title", "slides", "pictures"} of a PPTX, and its pictures in a row
"""

import sys
from pathlib import Path
from typing import Any

from jobs.presenter.deck.reading.limits import LIMITS
from jobs.presenter.deck.reading.pdf import page_count, page_picture
from jobs.presenter.deck.reading.presentation import outline_of
from jobs.presenter.deck.reading.problems import Unreadable
from shared.machine.answering import answer_requests


def main(idle_s: float) -> None:
    """Answer requests until it was idle for a while, or until its caller has ended."""
    answer_requests(_answer, LIMITS, idle_s=idle_s)


def _answer(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    path = Path(asked["path"])
    try:
        if "presentation" in asked:
            return outline_of(path)
        if "pages" in asked:
            return {"count": page_count(path)}, b""
        return page_picture(path, asked["page"], asked["longest_px"])
    except Unreadable as error:
        return {"problem": str(error)}, b""
    except MemoryError:
        return {"problem": f"takes more memory than the {LIMITS.memory_mib} MB allowed; make it smaller"}, b""


if __name__ == "__main__":
    main(float(sys.argv[1]))
