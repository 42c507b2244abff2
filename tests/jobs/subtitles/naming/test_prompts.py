"""Prompts hold the names that fit: the most important ones last, in hotwords first."""

from jobs.subtitles.job.documents import Entities, Names
from jobs.subtitles.naming.prompts import MOST_TOKENS, hotwords_of, prompt_of, token_counter

MANY = Entities(
    source="tmdb", persons=tuple(Names(name=f"Zephyr{chr(97 + n % 26)}{n} Ordan") for n in range(200))
)
FEW = Entities(
    source="sidecar",
    persons=(Names(name="Arjun"), Names(name="Priya")),
    locations=(Names(name="Velmora"),),
    titles=(Names(name="Tides"),),
)


def test_the_most_important_names_are_last_in_a_prompt_and_first_in_hotwords() -> None:
    assert prompt_of(FEW) == "Tides. Velmora. Priya, Arjun."
    assert hotwords_of(FEW) == "Arjun, Priya, Velmora, Tides"


def test_a_prompt_fits_by_whispers_own_count_and_is_filled() -> None:
    count = token_counter()
    prompt = prompt_of(MANY)
    assert MOST_TOKENS - 12 < count(prompt) <= MOST_TOKENS
    assert prompt.endswith("Zephyra0 Ordan.")
    assert hotwords_of(MANY).startswith("Zephyra0 Ordan, Zephyrb1 Ordan")


def test_a_name_that_does_not_fit_makes_room_for_shorter_ones() -> None:
    found = Entities(source="tmdb", persons=(Names(name="A" * 50), Names(name="Priya")))
    assert prompt_of(found, 10, len) == "Priya."


def test_without_names_there_is_no_prompt() -> None:
    assert prompt_of(Entities(source="none")) == hotwords_of(Entities(source="none")) == ""
