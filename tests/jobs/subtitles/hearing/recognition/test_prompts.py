"""prompts: the first that exists is taken, and all fits in what Whisper has room for."""

import json
from collections.abc import Mapping

import pytest

from jobs.subtitles.hearing.recognition.prompts import (
    MOST_TOKENS,
    fitting_end,
    fitting_names,
    known_names,
    prompt_inputs,
    read_prompt,
)
from jobs.subtitles.job.documents import Entities, Names
from jobs.subtitles.job.names import ENTITIES, PROMPT
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore

COMBINED = "Ferry.combined.initial_prompt.txt"
INITIAL = "assets/Ferry.initial_prompt.txt"
ENTITIES_OF_OTHERS = "pre_ner/entities.json"


def tokens(text: str) -> int:
    return len(text.split())


def creation_with(files: Mapping[str, str]) -> Creation:
    creation = Creation(MemoryStore(), "film")
    for name, text in files.items():
        creation.write(name, text.encode())
    return creation


def test_priorities_are_kept() -> None:
    people = json.dumps({"persons": ["Odalys Merrin"], "locations": ["Orvanne"]})
    files = {PROMPT: "First.", COMBINED: "Second.", INITIAL: "Third.", ENTITIES_OF_OTHERS: people}
    for name, text in zip(
        list(files), ["First.", "Second.", "Third.", "Odalys Merrin, Orvanne."], strict=True
    ):
        found = read_prompt(creation_with(files), tokens)
        assert (found.text, found.hotwords, found.sources) == (text, "", (name,))
        del files[name]
    assert read_prompt(creation_with({}), tokens).sources == ()


def test_an_empty_prompt_is_none() -> None:
    assert read_prompt(creation_with({PROMPT: " \n", COMBINED: "Second."}), tokens).text == "Second."


def test_a_combined_prompt_is_no_initial_one_and_folders_below_are_not_looked_into() -> None:
    creation = creation_with({COMBINED: "a", "assets/deep/x.initial_prompt.txt": "b"})
    assert [name for name in prompt_inputs(creation) if name.endswith("initial_prompt.txt")] == [COMBINED]


def test_names_are_hotwords_instead_of_the_prompt_that_is_made_of_them() -> None:
    names = Entities(source="tmdb", persons=(Names(name="Odalys Merrin"),), titles=(Names(name="The Ferry"),))
    creation = creation_with({PROMPT: "The Ferry. Odalys Merrin.", COMBINED: "In his style."})
    creation.write(ENTITIES, names.to_bytes())
    found = read_prompt(creation, tokens)
    assert found.hotwords == "Odalys Merrin. The Ferry."
    assert found.text == "In his style."
    assert found.sources == (ENTITIES, COMBINED)


def test_names_and_prompt_together_fit() -> None:
    many = tuple(Names(name=f"Name{number} Surname{number}") for number in range(70))
    creation = creation_with({COMBINED: " ".join(f"word{number}" for number in range(300))})
    creation.write(ENTITIES, Entities(source="tmdb", persons=many).to_bytes())
    found = read_prompt(creation, tokens)
    assert tokens(found.hotwords) == 140
    assert MOST_TOKENS - 10 <= tokens(found.hotwords) + tokens(found.text) <= MOST_TOKENS
    assert found.text.endswith("word299")


def test_names_that_do_not_fit_are_the_last_ones() -> None:
    assert fitting_names(["Ada Lovelace", "Hugo", "Mia"], 3, tokens) == "Ada Lovelace. Hugo."
    assert fitting_names(["Ada Lovelace"], 1, tokens) == ""


def test_of_a_long_prompt_the_end_is_kept() -> None:
    assert fitting_end("one two three", 3, tokens) == "one two three"
    assert fitting_end("one two three", 0, tokens) == ""


def test_the_same_name_is_known_once_as_it_was_written_first() -> None:
    names = Entities(source="tmdb", persons=(Names(name="Orvanne"),), locations=(Names(name="ORVANNE"),))
    creation = creation_with({})
    creation.write(ENTITIES, names.to_bytes())
    assert known_names(creation) == ["Orvanne"]
    assert known_names(creation_with({})) == []


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            {"entities_by_type": {"PLACES": [{"text": "Lumeria"}], "people": [{"name": "Ada"}]}},
            "Ada, Lumeria.",
        ),
        (["Ada", {"name": "Hugo"}, 7, " "], "Ada, Hugo."),
        ({"persons": [], "source": "none"}, ""),
        ("Ada", ""),
    ],
)
def test_names_are_read_as_tools_write_them(found: object, text: str) -> None:
    assert read_prompt(creation_with({ENTITIES_OF_OTHERS: json.dumps(found)}), tokens).text == text


def test_a_file_of_names_that_can_not_be_read_is_named() -> None:
    with pytest.raises(
        InvalidAssets, match=r"pre_ner/entities.json: not JSON .*write it again, or delete it"
    ):
        read_prompt(creation_with({ENTITIES_OF_OTHERS: "{"}), tokens)
