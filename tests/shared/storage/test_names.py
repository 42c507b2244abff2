"""What stores are called and asked, and how numbers sort among keys."""

import inspect

import pytest

from shared.errors import UnknownName
from shared.storage import ObjectStore, numeric_order, open_store
from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore


@pytest.mark.parametrize("kind", [FileStore, MemoryStore])
def test_every_store_is_asked_in_the_same_words(kind: type) -> None:
    for name, method in inspect.getmembers(ObjectStore, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.signature(getattr(kind, name)) == inspect.signature(method), name


def test_a_memory_store_is_found_again_by_its_url() -> None:
    open_store("memory://one").write("a", b"x")
    assert open_store("memory://one").read("a")[0] == b"x"
    assert open_store("memory://two").stat("a") is None


def test_an_unknown_scheme_is_refused() -> None:
    for url in ("ftp://host/a", "creations", ""):
        with pytest.raises(UnknownName):
            open_store(url)


def test_numbers_sort_as_numbers() -> None:
    assert sorted(["10", "b", "2", "1", "٣", "-1", ""], key=numeric_order) == [
        "1",
        "2",
        "10",
        "",
        "-1",
        "b",
        "٣",
    ]
