import unicodedata
from itertools import combinations
from pathlib import Path

import pytest

from shared.records.creation import check_creation_id
from shared.records.naming import creation_id_for, creation_id_of_product


@pytest.mark.parametrize("name", ["my-story", "My_Story.2", "2024", "a", "x" * 100])
def test_a_folder_s_plain_name_is_the_creation_s_id(name: str) -> None:
    assert creation_id_for(Path("/somewhere") / name, "story") == name


@pytest.mark.parametrize(
    "names",
    [
        ("旅行", "家族", "🎉", "!", "story"),
        ("Лето 2024", "Зима 2024", "2024"),
        ("C++", "C#", "C", "-C", "C-"),
        ("my story", "my-story", "my  story", "my story!", "My story"),
        ("x" * 100, "x" * 101, "x" * 101 + "y"),
        ("\udce9", "\udce8", "é"),
    ],
)
def test_folders_of_other_names_have_other_ids(names: tuple[str, ...]) -> None:
    ids = [check_creation_id(creation_id_for(Path("/somewhere") / name, "story")) for name in names]
    assert all(one.lower() != other.lower() for one, other in combinations(ids, 2))


def test_a_name_is_spelt_out_for_people_the_same_however_it_is_composed() -> None:
    assert creation_id_for(Path("/somewhere/Лето 2024"), "story").startswith("Leto-2024-")
    forms = {
        creation_id_for(Path("/x") / unicodedata.normalize(form, "été"), "story") for form in ("NFC", "NFD")
    }
    assert len(forms) == 1


def test_a_folder_with_a_name_of_ours_is_called_by_what_it_lies_in() -> None:
    assert creation_id_for(Path("/somewhere/else/assets"), "story") == "else"
    assert creation_id_for(Path("/somewhere/else/assets/cache"), "story") == "else"


def test_a_product_s_plain_name_is_in_the_ad_s_id() -> None:
    assert creation_id_of_product("Premium Watch", "luxury", "ad") == "premium-watch-luxury"
    assert creation_id_of_product("premium  watch", "luxury", "ad") == "premium-watch-luxury"


@pytest.mark.parametrize(
    "names", [("C++", "C#", "C"), ("高級時計", "高級鞄"), ("T-Shirt", "T Shirt"), ("a" * 61, "a" * 60)]
)
def test_products_of_other_names_have_other_ids(names: tuple[str, ...]) -> None:
    assert len({creation_id_of_product(name, "bold", "ad") for name in names}) == len(names)
