"""Marks are found where they are marks, and nowhere in plain text."""

import time

import pytest

from shared.text.language import words_of
from shared.text.markup import shown_spans, spoken_text, without_markup

PLAIN = [
    "5 * 3 = 15",
    "5 *3",
    "2*3*4 is 24, and 2**3 is 8",
    "10 * (2 + 3)",
    "a * b",
    "a_b_c and H2O_2",
    "#1 song #sunset @bob",
    "2 < 3 > 1",
    "if a < b > c",
    "I <3 you <love>",
    "C# and AT&T",
    "-5 degrees",
    "1. First",
    "[laughs] Hi",
    "x == y",
    "C:\\Users\\nick",
    "~5 km, don't -- no",
    "one\ntwo\n\nthree",
    "f(x) = x_1",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_said_and_shown_as_it_is(text: str) -> None:
    for found in (without_markup(text), spoken_text(text)):
        assert (found.text, found.places, found.styles) == (text, tuple(range(len(text))), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("**Bold** and _italic_", "Bold and italic"),
        ("***both*** ~~gone~~ ==lit== `code`", "both gone lit code"),
        ("wo**rd**s", "words"),
        ("**bold *in it* more**", "bold in it more"),
        ("**中文。**中文", "中文。中文"),
        ("# Heading", "Heading"),
        ("## Heading ##\r\nText", "Heading\r\nText"),
        ("Title\n=====\nText", "Title\n\nText"),
        ("* First\n- [ ] second\n+ third\n• fourth", "First\nsecond\nthird\nfourth"),
        ("> quoted\n> > twice", "quoted\ntwice"),
        ("Hello *** world", "Hello  world"),
        ("---", ""),
        ("Hello <b>world</b>", "Hello world"),
        ("One<br/>two<p class='x'>three</p>", "One two three"),
        ('<font color="red">red</font><!-- no -->', "red"),
        ("{\\an8}Top", "Top"),
        ("AT&amp;T &lt;3 &#39;x&#39;", "AT&T <3 'x'"),
        ('[link](http://a.b/(c) "title") ![alt](x.png)', "link alt"),
        ("[![alt](a.png)](http://x) z", "alt z"),
        ("[a][1], [b]\n\n[1]: http://x.y\n[b]: z", "a, b"),
        ("noted[^1]", "noted"),
        ("see <http://a.b/c>", "see http://a.b/c"),
        ("| a | b |\n|---|---|\n| c | d |", "a  b \n\n c  d"),
        ("```py\nx = 1\n```", "x = 1"),
        ("\\*starred\\* **Open", "starred Open"),
        ("word* and *word", "word and word"),
    ],
)
def test_marks_are_not_said(text: str, said: str) -> None:
    assert spoken_text(text).text == said


def test_what_is_no_mark_in_markdown_is_shown_but_not_said() -> None:
    text = "f*** and \\*this\\* **"
    assert without_markup(text).text == "f*** and *this* **"
    assert spoken_text(text).text == "f and this"


def test_styles_are_places_in_the_text_that_is_left() -> None:
    marked = without_markup("# Head\n**b _bi_** <i>i</i>")
    styles = [(marked.text[each.start : each.end], each.bold, each.italic) for each in marked.styles]
    assert styles == [
        ("Head", True, False),
        ("b bi", True, False),
        ("bi", False, True),
        ("i", False, True),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Bold** and _italic_!", ["**Bold**", "and", "_italic_!"]),
        ("Hello <b>big world</b>.", ["Hello", "<b>big", "world</b>."]),
        ("[my link](http://a.b) x", ["[my", "link](http://a.b)", "x"]),
        ("* AT&amp;T", ["AT&amp;T"]),
    ],
)
def test_words_that_are_said_are_found_in_the_text_with_their_marks(text: str, words: list[str]) -> None:
    said = spoken_text(text)
    assert [text[start:end] for start, end in shown_spans(text, said, words_of(said.text))] == words


@pytest.mark.parametrize(
    "piece", ["*a ", "**a", "<a ", "[a](", "`", "`a``", "> ", "[", "![", "<!--", "{\\", "- ", "#", "\\*", "|"]
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    began = time.process_time()
    spoken_text((piece * 5000)[:5000])
    assert time.process_time() - began < 5
