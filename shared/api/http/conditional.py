"""Conditional requests and byte ranges (RFC 9110, sections 13 and 14) over a store's generations."""

import re
from email.utils import format_datetime
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers

from shared.errors import PreconditionFailed
from shared.storage import ABSENT, ObjectInfo

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_RANGE: Final = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


def etag(info: ObjectInfo) -> str:
    """The strong entity tag: the generation."""
    return f'"{info.generation}"'


def last_modified(info: ObjectInfo) -> str:
    return format_datetime(info.modified_at, usegmt=True)


def check_match(headers: Headers, key: str, info: ObjectInfo | None) -> None:
    """Raise `PreconditionFailed` when If-Match names only generations other than this one."""
    wanted = headers.get("if-match")
    if wanted is not None and not _names(wanted, info, strong=True):
        raise PreconditionFailed(key, wanted, info.generation if info else ABSENT)


def expectation(headers: Headers, key: str, info: ObjectInfo | None) -> str | None:
    """The generation to require of the store so that If-Match and If-None-Match hold; None without them.

    Raises `PreconditionFailed` when they are false already.
    """
    check_match(headers, key, info)
    found = info.generation if info else ABSENT
    unwanted = headers.get("if-none-match")
    if unwanted is not None and _names(unwanted, info, strong=False):
        raise PreconditionFailed(key, ABSENT if unwanted.strip() == "*" else f"not {unwanted}", found)
    return found if unwanted is not None or "if-match" in headers else None


def is_unchanged(headers: Headers, info: ObjectInfo) -> bool:
    """Whether the client's copy is current: answer 304."""
    unwanted = headers.get("if-none-match")
    if unwanted is not None:
        return _names(unwanted, info, strong=False)
    return headers.get("if-modified-since") == last_modified(info)


def is_current(headers: Headers, tag: str) -> bool:
    """The same for an answer that is made of several objects, by its entity tag without quotes."""
    return _match(headers.get("if-none-match", ""), tag, strong=False)


def span(headers: Headers, info: ObjectInfo) -> tuple[int, int] | None:
    """The `start <= i < end` that is asked for, or None for the whole object.

    Several ranges, other units and malformed ranges get the whole object, as the RFC allows, and so does a
    range of another generation (If-Range). Raises 416 for a range outside of the object.
    """
    match = _RANGE.fullmatch(headers.get("range", ""))
    if not match or not _same_generation(headers.get("if-range"), info):
        return None
    size, (first, last) = info.size_bytes, match.groups()
    if not first:
        if not last:
            return None
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        headers_416 = {"Content-Range": f"bytes */{size}"}
        raise HTTPException(416, f"the range is outside of the asset's {size} bytes", headers_416)
    return start, end


def _same_generation(if_range: str | None, info: ObjectInfo) -> bool:
    return if_range is None or if_range.strip() in (etag(info), last_modified(info))


def _names(header: str, info: ObjectInfo | None, *, strong: bool) -> bool:
    """Whether a list of entity tags (or `*`) names the object's generation."""
    return info is not None and _match(header, info.generation, strong=strong)


def _match(header: str, wanted: str, *, strong: bool) -> bool:
    if header.strip() == "*":
        return True
    return any(tag == wanted for weak, tag in _TAG.findall(header) if not (strong and weak))
