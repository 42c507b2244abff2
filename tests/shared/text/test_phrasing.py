import pytest

from shared.text.language import words_of
from shared.text.phrasing import NEVER, break_costs, ends_sentence


def costs(text: str, language: str) -> dict[str, float]:
    """Of each place between two words, by both of them."""
    words = words_of(text)
    points = [start for start, _ in words] + [len(text)]
    return {
        f"{text[slice(*one)]} {text[slice(*other)]}": cost
        for one, other, cost in zip(words, words[1:], break_costs(text, points, language)[1:], strict=False)
    }


@pytest.mark.parametrize(
    ("language", "text", "best", "worst"),
    [
        ("en", "They waited on the old platform until the lights went out.", "platform until", "the old"),
        ("de", "Sie ging mit dem Hund durch den Wald und sang.", "Wald und", "dem Hund"),
        ("fr", "Le bateau arrive dans le petit port quand il pleut.", "port quand", "le petit"),
        ("es", "Vivió en el pueblo de la costa y escribió un libro.", "costa y", "la costa"),
        ("it", "Il pane viene cotto nel forno e poi mangiato.", "forno e", "nel forno"),
        ("pt", "Ela nasceu na cidade velha e passou a infância no campo.", "velha e", "na cidade"),
    ],
)
def test_a_line_rather_starts_with_a_conjunction_than_ends_with_an_article(
    language: str, text: str, best: str, worst: str
) -> None:
    found = costs(text, language)
    assert min(found, key=lambda place: found[place]) == best
    assert found[worst] == max(found.values()) == NEVER


@pytest.mark.parametrize(
    ("language", "text", "place"),
    [
        ("en", "we met Marie Curie there", "Marie Curie"),
        ("en", "we met Ursula von der Leyen there", "Ursula von"),
        ("en", "we met Ursula von der Leyen there", "von der"),
        ("en", "it is 100 metres deep", "100 metres"),
        ("en", "we met Dr. Smith there", "Dr. Smith"),
        ("fr", "il a lu d\u2019une femme", "d\u2019une femme"),
        ("de", "ob der Zug noch kommen würde, fragte er", "kommen würde,"),
    ],
)
def test_what_belongs_together_costs_more_than_two_ordinary_words(
    language: str, text: str, place: str
) -> None:
    assert costs(text, language)[place] > costs("blue sky", "en")["blue sky"]


def test_a_comma_is_better_than_any_word_and_a_sentence_better_than_a_comma() -> None:
    found = costs("It rained, and then it stopped. Later we left.", "en")
    assert (
        found["stopped. Later"]
        < found["rained, and"]
        < min(cost for place, cost in found.items() if place not in {"stopped. Later", "rained, and"})
    )


@pytest.mark.parametrize(
    ("text", "language", "ends"),
    [
        ("It is late.", "en", True),
        ("He said: “Go!”", "en", True),
        ("Mr.", "en", False),
        ("J.", "en", False),
        ("z.B.", "de", False),
        ("word", "en", False),
        ("", "en", False),
        ("終わり。", "ja", True),
    ],
)
def test_abbreviations_end_no_sentence(text: str, language: str, ends: bool) -> None:
    assert ends_sentence(text, len(text), language) is ends


def test_a_language_without_tables_has_its_marks() -> None:
    found = costs("Sziget, ahol élek ma", "hu")
    assert found["Sziget, ahol"] < found["ahol élek"] == found["élek ma"]
