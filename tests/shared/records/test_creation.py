import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadRequest, InvalidCreationId
from shared.records.creation import Creation, canonical_json, check_creation_id
from shared.records.names import RESERVED
from shared.storage import numeric_order
from shared.storage.memory import MemoryStore
from tests.support.toys import at_once

SEGMENTS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}", fullmatch=True).filter(
    lambda segment: segment not in RESERVED
)
IDS = st.lists(SEGMENTS, min_size=1, max_size=6).map("/".join).filter(lambda name: len(name) <= 128)


@pytest.mark.parametrize(
    "creation_id", ["a", "2025/10/30/1/20251030-001", "a.b_c-d", "A" * 128, "a/b/c/d/e/f", "0"]
)
def test_a_good_id_comes_back_as_it_is(creation_id: str) -> None:
    assert check_creation_id(creation_id) == creation_id


@given(IDS)
def test_every_id_of_good_segments_is_good(creation_id: str) -> None:
    assert check_creation_id(creation_id) == creation_id


@pytest.mark.parametrize(
    "creation_id",
    [
        "",
        ".",
        "..",
        "../a",
        "a/..",
        "a/../b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "-a",
        "_a",
        "a b",
        "a\n",
        "a\x00",
        "a\x1b[0m",
        "a\\b",
        "a%2Fb",
        "ä",
        "a\u202eb",
        "a" * 129,
        "a" * 500,
        "a/b/c/d/e/f/g",
        "gs://bucket",
        *sorted(RESERVED),
        "a/assets",
        "assets/a",
        "a/request.json/b",
    ],
)
def test_a_bad_id_is_a_clear_error(creation_id: str) -> None:
    with pytest.raises(InvalidCreationId) as caught:
        check_creation_id(creation_id)
    (problem,) = caught.value.problems
    assert len(problem) < 300
    assert "\x1b" not in problem
    assert "\n" not in problem
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@given(st.text())
def test_no_text_leads_out_of_its_folder(text: str) -> None:
    try:
        creation_id = check_creation_id(text)
    except BadRequest:
        return
    parts = creation_id.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert not RESERVED & set(parts)
    assert creation_id.isascii()


@given(IDS, IDS)
def test_no_creation_lies_inside_another_s_folders(one: str, other: str) -> None:
    for name in RESERVED:
        assert not f"{other}/".startswith(f"{one}/{name}/")


def test_a_bad_id_is_refused_before_the_store_is_asked() -> None:
    with pytest.raises(InvalidCreationId):
        Creation(MemoryStore(), "../toy")


def test_names_are_relative_and_traffic_is_counted(tmp_path: Path) -> None:
    store = MemoryStore()
    creation = Creation(store, "2025/toy")
    creation.write("assets/a", b"1234")
    (tmp_path / "b").write_bytes(b"123456")
    creation.upload(tmp_path / "b", "assets/b")
    creation.read("assets/a")
    creation.download("assets/b", tmp_path / "c")
    assert (creation.traffic.bytes_out, creation.traffic.bytes_in) == (10, 10)
    assert [name for name, _ in creation.list("assets/")] == ["assets/a", "assets/b"]
    assert store.read("2025/toy/assets/b")[0] == (tmp_path / "c").read_bytes()
    creation.delete("assets/a")
    assert creation.stat("assets/a") is None


def test_traffic_of_many_threads_adds_up() -> None:
    creation = Creation(MemoryStore(), "toy")

    def move() -> None:
        for _ in range(1000):
            creation.traffic.add(bytes_in=1, bytes_out=2)

    at_once(move, threads=8)
    assert (creation.traffic.bytes_in, creation.traffic.bytes_out) == (8000, 16000)


def test_an_upload_of_what_is_there_is_as_good(tmp_path: Path) -> None:
    creation = Creation(MemoryStore(), "toy")
    creation.write("cache/a", b"first")
    (tmp_path / "a").write_bytes(b"second")
    creation.upload_once(tmp_path / "a", "cache/a")
    assert creation.read("cache/a")[0] == b"first"


@given(st.dictionaries(st.text(), st.integers()))
def test_the_same_data_is_the_same_json(data: dict[str, int]) -> None:
    backwards = dict(reversed(list(data.items())))
    assert canonical_json(data) == canonical_json(backwards)


def test_numbers_sort_as_numbers_and_names_after_them() -> None:
    assert sorted(["10", "b", "2", "1", "a"], key=numeric_order) == ["1", "2", "10", "a", "b"]
