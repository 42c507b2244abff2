"""Capitals by language."""

import pytest

from shared.text.capitals import capitals


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("el", "άνθρωπος", "ΑΝΘΡΩΠΟΣ"),
        ("el", "α\u0301νθρωπος", "ΑΝΘΡΩΠΟΣ"),
        ("el", "Μαΐου, μάιος, ρολόι", "ΜΑΪΟΥ, ΜΑΪΟΣ, ΡΟΛΟΪ"),
        ("el", "ᾠδή ή ᾳ", "ΩΙΔΗ Ή ΑΙ"),
        ("en", "the word λόγος", "THE WORD ΛΟΓΟΣ"),
        ("tr", "istanbul ılık", "İSTANBUL ILIK"),
        ("ga", "na hÉireann, an tAthair", "NA hÉIREANN, AN tATHAIR"),
        ("ga", "i bhFraince, an t-uisce", "I bhFRAINCE, AN tUISCE"),
        ("lt", "i\u0307\u0300", "I\u0300"),
        ("hy", "և", "ԵՎ"),
        ("nl", "ijs", "IJS"),
        ("de", "Straße", "STRASSE"),
    ],
)
def test_capitals_are_those_of_the_language(language: str, text: str, expected: str) -> None:
    made = capitals(text, language)
    assert ("".join(made), len(made)) == (expected, len(text))
