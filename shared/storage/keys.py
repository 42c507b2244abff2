"""Which texts are keys: the same in every store, so that what works on a laptop works in a bucket."""

import unicodedata
from typing import Final

from shared.errors import BadRequest

RESERVED: Final = ".reelwright"
"""The folder in which a store on disk keeps its own files; no key is in it."""

_MAX_KEY_BYTES = 1024
_MAX_SEGMENT_BYTES = 255


def check_key(key: str) -> str:
    """Return `key`, or raise `BadRequest`."""
    return _checked("key", key, whole=key.split("/"), rest="")


def check_prefix(prefix: str) -> str:
    """Return `prefix` if keys can start with it, else raise `BadRequest`; it may end within a segment."""
    *whole, rest = prefix.split("/")
    return _checked("prefix", prefix, whole=whole, rest=rest)


def is_key(text: str) -> bool:
    """Whether it is a valid key: other tools may have put objects with other names into a store."""
    try:
        check_key(text)
    except BadRequest:
        return False
    return True


def _checked(kind: str, text: str, *, whole: list[str], rest: str) -> str:
    problem = _character_problem(text) or _segment_problem(whole) or _length_problem(text, [*whole, rest])
    if problem:
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise BadRequest(f"{kind} {shown!r} {problem}")
    return text


def _character_problem(text: str) -> str:
    if "\\" in text:
        return "has a backslash: separate folders with /"
    if text.isprintable():
        return ""
    bad = next((char for char in text if unicodedata.category(char) in {"Cc", "Cs"}), "")
    return f"has {bad!r}, which no name may hold: leave it out" if bad else ""


def _segment_problem(whole: list[str]) -> str:
    if "" in whole:
        return "is empty or has an empty segment: no / may lead, end or follow another"
    if "." in whole or ".." in whole:
        return "has a segment . or ..: write the path without them"
    if whole and whole[0].casefold() == RESERVED:
        return f"is in {RESERVED}/, where the store keeps its own files: choose another folder"
    return ""


def _length_problem(text: str, segments: list[str]) -> str:
    if len(text.encode()) > _MAX_KEY_BYTES:
        return f"has {len(text.encode())} bytes as UTF-8, of which {_MAX_KEY_BYTES} are allowed: shorten it"
    longest = max(len(segment.encode()) for segment in segments)
    if longest > _MAX_SEGMENT_BYTES:
        return f"has a segment of {longest} bytes, of which {_MAX_SEGMENT_BYTES} are allowed: shorten it"
    return ""
