"""What lies under assets/ becomes parts, captions and music, or problems with a remedy."""

import pytest

from jobs.story.layout import Layout, caption_text, read_layout
from shared.errors import InvalidAssets

WHOLE = ["assets/1/image.png", "assets/1/1.txt"]


def layout_of(*names: str) -> Layout:
    problems: list[str] = []
    layout = read_layout(names, "tale/assets/", problems)
    assert problems == []
    return layout


def problems_of(*names: str) -> list[str]:
    problems: list[str] = []
    read_layout(names, "tale/assets/", problems)
    return problems


def test_parts_and_captions_are_in_numeric_order() -> None:
    names = [f"assets/{part}/{file}" for part in (10, 2, 1, *range(3, 10)) for file in ("image.png", "1.txt")]
    captions = [f"assets/2/{line}.txt" for line in (10, 2)]
    layout = layout_of(*sorted(names + captions))
    assert [part.number for part in layout.parts] == list(range(1, 11))
    assert layout.parts[1].captions == ("assets/2/1.txt", "assets/2/2.txt", "assets/2/10.txt")


@pytest.mark.parametrize("name", ["image.png", "image.PNG", "image.jpg", "Image.JPEG", "IMAGE.WebP"])
def test_a_picture_is_found_whatever_the_case_of_its_name(name: str) -> None:
    assert layout_of(f"assets/1/{name}", "assets/1/1.TXT").parts[0].picture == f"assets/1/{name}"


def test_music_and_options_are_optional() -> None:
    layout = layout_of(*WHOLE)
    assert (layout.music, layout.options) == (None, None)


@pytest.mark.parametrize("kind", ["mp3", "MP3", "wav", "m4a", "ogg", "flac"])
def test_music_and_options_are_found(kind: str) -> None:
    layout = layout_of(*WHOLE, f"assets/music.{kind}", "assets/story.json")
    assert (layout.music, layout.options) == (f"assets/music.{kind}", "assets/story.json")


def test_outputs_of_an_earlier_run_are_neither_parts_nor_ignored_objects() -> None:
    outputs = ["video.mp4", "poster.jpg", "timeline.json", "captions.srt", "captions.vtt"]
    assert layout_of(*WHOLE, *(f"assets/{name}" for name in outputs)).ignored == ()


def test_what_plays_no_part_is_named() -> None:
    strangers = ["assets/1/notes.md", "assets/1/one.txt", "assets/1/deep/image.png", "assets/cover.png"]
    assert layout_of(*WHOLE, *strangers).ignored == tuple(sorted(strangers))


@pytest.mark.parametrize(
    ("names", "named", "remedy"),
    [
        ([], "tale/assets/", "1/image.png"),
        (["assets/story.json"], "tale/assets/", "1/image.png"),
        ([*WHOLE, "assets/3/image.png", "assets/3/1.txt"], "part 2", "without a gap"),
        (["assets/1/1.txt"], "assets/1/", "image.png"),
        (["assets/1/image.png"], "assets/1/", "add assets/1/1.txt"),
        ([*WHOLE, "assets/1/image.jpg"], "assets/1/image.jpg", "keep one"),
        ([*WHOLE, "assets/1/IMAGE.png"], "assets/1/IMAGE.png", "keep one"),
        (["assets/1/image.psd", "assets/1/1.txt"], "assets/1/image.psd", "save it as PNG"),
        ([*WHOLE, "assets/music.mp3", "assets/music.wav"], "assets/music.mp3, assets/music.wav", "keep one"),
        ([*WHOLE, "assets/one/image.png"], "assets/one/", "rename or remove"),
        ([*WHOLE, "assets/0/image.png"], "assets/0/", "rename or remove"),
        ([*WHOLE, "assets/²/image.png"], "assets/²/", "rename or remove"),
        ([*WHOLE, "assets/01/image.png", "assets/01/1.txt"], "assets/01/", "again"),
    ],
)
def test_each_problem_names_the_object_and_the_remedy(names: list[str], named: str, remedy: str) -> None:
    (problem,) = problems_of(*names)
    assert named in problem
    assert remedy in problem


def test_problems_in_several_objects_are_all_named() -> None:
    problems = problems_of(
        "assets/1/image.png", "assets/3/1.txt", "assets/x/1.txt", "assets/music.mp3", "assets/music.ogg"
    )
    assert len(problems) == 5


def test_what_is_in_order_is_there_beside_what_is_not() -> None:
    layout = read_layout([*WHOLE, "assets/2/1.txt"], "tale/assets/", [])
    assert layout.parts[0].picture == "assets/1/image.png"
    assert (layout.parts[1].picture, layout.parts[1].captions) == ("", ("assets/2/1.txt",))


@pytest.mark.parametrize("number", ["20251030", "9" * 200])
def test_a_huge_part_number_is_a_gap_and_takes_no_memory(number: str) -> None:
    (problem,) = problems_of(*WHOLE, f"assets/{number}/image.png", f"assets/{number}/1.txt")
    assert "missing part 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;" in problem


def test_too_many_parts_are_refused() -> None:
    names = [f"assets/{part}/{file}" for part in range(1, 2002) for file in ("image.png", "1.txt")]
    (problem,) = problems_of(*names)
    assert "2001 parts" in problem


@pytest.mark.parametrize("data", [b" A boat. \r\n", b"\xef\xbb\xbfA boat.", b"\nA boat.\n\n"])
def test_a_caption_is_its_text_without_the_space_around_it(data: bytes) -> None:
    assert caption_text(data, "assets/1/1.txt") == "A boat."


def test_marks_that_shape_letters_stay_in_a_caption() -> None:
    text = "می\u200cخواهم \u200fעברית"
    assert caption_text(text.encode(), "assets/1/1.txt") == text


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (b"", "write a sentence"),
        (b" \t\r\n\xc2\xa0", "write a sentence"),
        (b"\xef\xbb\xbf", "write a sentence"),
        (b"\xef\xbb\xbf\xef\xbb\xbf \n", "write a sentence"),
        ("\u200b \u200b \u200b\u200d\u2060\u00ad\u200e".encode(), "write a sentence"),
        (b"\0\0", "write a sentence"),
        ("café".encode("latin-1"), "UTF-8"),
        ("A boat.".encode("utf-16"), "UTF-8"),
        (b"a" * 100_000, "split it"),
    ],
)
def test_a_bad_caption_is_named_with_its_remedy(data: bytes, remedy: str) -> None:
    with pytest.raises(InvalidAssets) as caught:
        caption_text(data, "assets/2/3.txt")
    (problem,) = caught.value.problems
    assert problem.startswith("assets/2/3.txt: ")
    assert remedy in problem
    assert len(problem) < 200
