"""Names are collected in the order of billing, with the ways in which they may be said."""

import pytest

from jobs.subtitles.naming.entities import aliases_of, entities_of
from jobs.subtitles.naming.facts import CastMember, FilmFacts, facts_of_tmdb
from shared.errors import InvalidAssets

DETAILS = {
    "id": 7,
    "title": "The Lamp of Velmora",
    "original_title": "वेल्मोरा का दीया",
    "release_date": "2019-03-01",
    "overview": "In Velmora, Arjun meets Kaelith. Priya's brother flees to Sunehri Ghat.",
    "keywords": {"keywords": [{"id": 1, "name": "mumbai, india"}, {"id": 2, "name": "revenge"}]},
    "credits": {
        "cast": [
            {"id": 3, "name": "Tom Hale", "character": "Waiter #2", "order": 2},
            {"id": 2, "name": "Mira Sen", "character": "Priya Nair (voice)", "order": 1},
            {"id": 1, "name": "Dev Khan", "character": "Dr. Arjun 'AJay' Rathore / Ravi", "order": 0},
        ]
    },
}


def film(*characters: str) -> FilmFacts:
    cast = tuple(CastMember(name=f"Actor {number}", character=each) for number, each in enumerate(characters))
    return FilmFacts(source="sidecar", title="A Film", cast=cast)


def test_tmdb_names_persons_in_the_order_of_billing_and_then_those_of_the_overview() -> None:
    found = entities_of(facts_of_tmdb(DETAILS, "tmdb", languages=("en",), name="answer"))
    assert [each.name for each in found.persons] == ["Arjun Rathore", "Ravi", "Priya Nair", "Kaelith"]
    assert [each.name for each in found.locations] == ["Mumbai", "India", "Velmora", "Sunehri Ghat"]
    assert found.titles[0].aliases == ("वेल्मोरा का दीया",)


def test_a_name_is_also_said_in_parts_by_its_nickname_and_without_its_accents() -> None:
    assert aliases_of("Dr. Arjun 'AJay' Rathore") == ("Arjun", "Rathore", "AJay")
    assert aliases_of("Zoë Brontë") == ("Zoë", "Brontë", "Zoe Bronte", "Zoe", "Bronte")


@pytest.mark.parametrize("role", ["Waiter #2", "Old Man", "Self", "Police Officer", "", "man in bar"])
def test_roles_without_a_name_are_nobody(role: str) -> None:
    found = entities_of(film(role)).persons
    assert [each.name for each in found] == (["Actor 0"] if role == "Self" else [])


def test_a_person_who_is_played_twice_is_one() -> None:
    assert [each.name for each in entities_of(film("Arjun Rathore", "Young Arjun Rathore")).persons] == [
        "Arjun Rathore"
    ]


def test_a_short_file_of_facts_will_do() -> None:
    given = {
        "title": "Tides",
        "year": 2020,
        "cast": [{"name": "Ann", "character": "Ina Brook"}],
        "places": ["Brest"],
    }
    facts = facts_of_tmdb(given, "sidecar", languages=("en",), name="assets/tmdb.json")
    found = entities_of(facts)
    assert (facts.year, found.persons[0].name, found.locations[0].name) == (2020, "Ina Brook", "Brest")


@pytest.mark.parametrize("given", [[], {"cast": 3, "title": "Tides"}, {"year": 2020}])
def test_facts_that_can_not_be_read_are_named(given: object) -> None:
    with pytest.raises(InvalidAssets, match=r"assets/tmdb\.json"):
        facts_of_tmdb(given, "sidecar", languages=(), name="assets/tmdb.json")
