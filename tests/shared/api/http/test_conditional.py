from datetime import UTC, datetime

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from shared.api.http.conditional import expectation, is_current, is_unchanged, last_modified, span
from shared.errors import PreconditionFailed
from shared.storage import ABSENT, ObjectInfo


def described(size_bytes: int = 100) -> ObjectInfo:
    return ObjectInfo(
        key="k",
        size_bytes=size_bytes,
        generation="g1",
        content_hash="00",
        modified_at=datetime(2025, 10, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("asked", "given_span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-99", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-500", (90, 100)),
        ("bytes=99-", (99, 100)),
        ("bytes=-1", (99, 100)),
        ("bytes=-500", (0, 100)),
        ("Bytes= 1-2 ", (1, 3)),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("bytes=9-1", None),
        ("bytes=a-b", None),
        ("bytes=--1", None),
        ("items=0-1", None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("bytes=²-³", None),
        ("", None),
    ],
)
def test_a_range_is_cut_out_or_ignored(asked: str, given_span: tuple[int, int] | None) -> None:
    assert span(Headers({"Range": asked}), described()) == given_span


@pytest.mark.parametrize(
    ("asked", "size"),
    [("bytes=100-", 100), ("bytes=500-600", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)],
)
def test_a_range_outside_of_the_object_is_not_satisfiable(asked: str, size: int) -> None:
    with pytest.raises(HTTPException) as caught:
        span(Headers({"Range": asked}), described(size))
    assert caught.value.status_code == 416
    assert caught.value.headers == {"Content-Range": f"bytes */{size}"}


@given(st.text("0123456789-,=bytes ", max_size=30), st.integers(0, 1000))
def test_a_range_never_leaves_the_object(asked: str, size: int) -> None:
    try:
        part = span(Headers(raw=[(b"range", b"bytes=" + asked.encode())]), described(size))
    except HTTPException:
        return
    assert part is None or 0 <= part[0] < part[1] <= size


@pytest.mark.parametrize(
    ("if_range", "holds"),
    [
        ('"g1"', True),
        (last_modified(described()), True),
        ('W/"g1"', False),
        ('"g0"', False),
        ("Wed, 29 Oct 2025 00:00:00 GMT", False),
    ],
)
def test_a_range_of_another_generation_is_answered_with_the_whole(if_range: str, holds: bool) -> None:
    part = span(Headers({"Range": "bytes=0-1", "If-Range": if_range}), described())
    assert part == ((0, 2) if holds else None)


@pytest.mark.parametrize(
    ("headers", "exists", "expect"),
    [
        ({}, True, None),
        ({}, False, None),
        ({"If-Match": '"g1"'}, True, "g1"),
        ({"If-Match": '"g0", "g1"'}, True, "g1"),
        ({"If-Match": "*"}, True, "g1"),
        ({"If-None-Match": "*"}, False, ABSENT),
        ({"If-None-Match": '"g0"'}, True, "g1"),
        ({"If-None-Match": '"g0"'}, False, ABSENT),
    ],
)
def test_conditions_become_the_generation_to_demand(
    headers: dict[str, str], exists: bool, expect: str | None
) -> None:
    assert expectation(Headers(headers), "k", described() if exists else None) == expect


@pytest.mark.parametrize(
    ("headers", "exists"),
    [
        ({"If-Match": '"g0"'}, True),
        ({"If-Match": 'W/"g1"'}, True),
        ({"If-Match": "g1"}, True),
        ({"If-Match": "*"}, False),
        ({"If-Match": '"0"'}, False),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": 'W/"g1"'}, True),
    ],
)
def test_conditions_that_do_not_hold_are_told_at_once(headers: dict[str, str], exists: bool) -> None:
    with pytest.raises(PreconditionFailed):
        expectation(Headers(headers), "k", described() if exists else None)


@pytest.mark.parametrize(
    ("headers", "unchanged"),
    [
        ({"If-None-Match": '"g1"'}, True),
        ({"If-None-Match": '"g0", W/"g1"'}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": '"g0"'}, False),
        ({"If-Modified-Since": last_modified(described())}, True),
        ({"If-Modified-Since": "yesterday"}, False),
        ({"If-None-Match": '"g0"', "If-Modified-Since": last_modified(described())}, False),
        ({}, False),
    ],
)
def test_a_copy_that_still_stands_is_not_sent_again(headers: dict[str, str], unchanged: bool) -> None:
    assert is_unchanged(Headers(headers), described()) == unchanged


@pytest.mark.parametrize(
    ("headers", "current"),
    [
        ({}, False),
        ({"if-none-match": '"g1"'}, True),
        ({"if-none-match": 'W/"g1"'}, True),
        ({"if-none-match": '"g0", "g1"'}, True),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": '"g2"'}, False),
        ({"if-none-match": "g1"}, False),
    ],
)
def test_an_answer_of_several_objects_is_current_by_its_tag_alone(
    headers: dict[str, str], current: bool
) -> None:
    assert is_current(Headers(headers), "g1") == current
