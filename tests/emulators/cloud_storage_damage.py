"""Answers as something between Cloud Storage and its client may change them."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tests.emulators.cloud_storage_calls import Answer


def damaged(answer: Answer, kind: str) -> Answer:
    """The answer with one of `DAMAGES`; for any other fault as it is."""
    if kind not in _DAMAGES or answer.status >= 300:
        return answer
    body = b"".join(answer.chunks(answer.length))
    sound = Answer(status=answer.status, headers=dict(answer.headers), body=body)
    if kind == "range-ignored" and answer.file:
        answer.file.seek(0)
        sound.body = answer.file.read()
    return _DAMAGES[kind](sound)


def _with(answer: Answer, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(answer, headers={**answer.headers, **named})


def _elsewhere(answer: Answer) -> Answer:
    first, _, rest = answer.headers.get("Content-Range", "bytes 0-/0").removeprefix("bytes ").partition("-")
    return _with(answer, Content_Range=f"bytes {int(first) + 1}-{rest}")


def _without_sums(answer: Answer) -> Answer:
    return replace(answer, headers={n: v for n, v in answer.headers.items() if n != "X-Goog-Hash"})


def _later(answer: Answer) -> Answer:
    return _with(answer, X_Goog_Generation=str(int(answer.headers["X-Goog-Generation"]) + 1))


def _page(_: Answer) -> Answer:
    return Answer(headers={"Content-Type": "text/html"}, body=b"<html><body>Please sign in</body></html>")


def _missing_page(_: Answer) -> Answer:
    return Answer(
        status=404, headers={"Content-Type": "text/html"}, body=b"<!DOCTYPE html>\n<html>404</html>"
    )


_DAMAGES: Final[dict[str, Callable[[Answer], Answer]]] = {
    "wrong-bytes": lambda answer: replace(answer, body=bytes([answer.body[0] ^ 1]) + answer.body[1:]),
    "short-answer": lambda answer: replace(answer, body=answer.body[: len(answer.body) * 2 // 3]),
    "long-answer": lambda answer: replace(answer, body=answer.body + b"more"),
    "other-generation": _later,
    "other-place": _elsewhere,
    "gunzipped": lambda answer: _with(answer, X_Goog_Stored_Content_Encoding="gzip"),
    "gzipped": lambda answer: _with(
        replace(answer, body=gzip.compress(answer.body)), Content_Encoding="gzip"
    ),
    "range-ignored": lambda answer: replace(answer, status=200),
    "no-sums": _without_sums,
    "page": _page,
    "missing-page": _missing_page,
    "other-json": lambda _: Answer.of({}),
    "cut-json": lambda answer: replace(answer, body=answer.body[:-2]),
}
