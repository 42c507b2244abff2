"""Which keys are refused, whatever store they are for."""

import pytest

from shared.errors import BadRequest
from shared.storage.keys import check_key, check_prefix

BAD_SEGMENTS = ["", "/", "/a", "a//b", "./a", "../a", "a/../b", "a/./b", ".reelwright/", ".Reelwright/tmp/a"]
BAD_CHARACTERS = ["a\\b", "..\\a", "a\nb", "a\0b", "\x7f", "a/\x85", "\udcff", "a/\ud800"]
TOO_LONG = ["é" * 128, "a/" * 512 + "a", "a" * 256 + "/b"]
PARTS = ["a", ".", "..", "...", ".reel", "a/.", "a/..", "ñ/🎬", "é" * 127, "a/.reelwright"]


@pytest.mark.parametrize("key", [*BAD_SEGMENTS, *BAD_CHARACTERS, *TOO_LONG, ".", "a/..", "a/", ".reelwright"])
def test_a_bad_key_is_refused_by_name(key: str) -> None:
    with pytest.raises(BadRequest) as caught:
        check_key(key)
    assert repr(key)[:50] in caught.value.problems[0]
    assert len(caught.value.problems[0]) < 400


@pytest.mark.parametrize("prefix", [*BAD_SEGMENTS[1:], *BAD_CHARACTERS, *TOO_LONG])
def test_a_prefix_that_no_key_can_have_is_refused(prefix: str) -> None:
    with pytest.raises(BadRequest):
        check_prefix(prefix)


@pytest.mark.parametrize("prefix", ["", "a/", *PARTS])
def test_a_prefix_may_end_within_a_segment(prefix: str) -> None:
    assert check_prefix(prefix) == prefix


@pytest.mark.parametrize(
    "key", ["...", "..a", "a/...", "a b", "a:b", "100%", "a#b?c", "é" * 127, "a/" * 511 + "ab"]
)
def test_other_names_are_keys(key: str) -> None:
    assert check_key(key) == key
