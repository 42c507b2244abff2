"""What lies under assets/ becomes parts, captions and music, or problems with a remedy."""

import pytest

from jobs.story.input.caption_text import caption_text
from jobs.story.input.layout import Layout, read_layout
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
        (["assets/1/image.png", "assets/1/notes.txt"], "assets/1/notes.txt", "call it assets/1/1.txt"),
        (["assets/1/image.png", "assets/1/1.docx"], "assets/1/1.docx", "plain text, 1.txt"),
        (["assets/1/photo.png", "assets/1/other.png"], "assets/1/other.png", "call the right one image"),
        (["assets/1/photo.psd", "assets/1/1.txt"], "assets/1/photo.psd", "save it as"),
        (["assets/a.png", "assets/b.jpg"], "a.png, b.jpg", "a folder of its own"),
        (
            ["assets/a/1/image.png", "assets/b/1/image.png"],
            "tale/assets/a/, tale/assets/b/",
            "of one of them",
        ),
        (
            [*WHOLE, "assets/story.json", "assets/Story.json"],
            "assets/Story.json, assets/story.json",
            "keep one",
        ),
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
    assert len(problems) == 4


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
    "data",
    [b"", b" \t\r\n\xc2\xa0", b"\xef\xbb\xbf\xef\xbb\xbf \n", "\u200b \u200d\u2060\u00ad\u200e".encode()],
)
def test_a_caption_in_which_nothing_is_seen_has_no_words(data: bytes) -> None:
    assert caption_text(data, "assets/2/3.txt") == ""


@pytest.mark.parametrize(
    ("data", "remedy"),
    [(b"\0\0", "UTF-8"), ("café".encode("latin-1"), "UTF-8"), (b"a" * 100_000, "split it")],
)
def test_a_bad_caption_is_named_with_its_remedy(data: bytes, remedy: str) -> None:
    with pytest.raises(InvalidAssets) as caught:
        caption_text(data, "assets/2/3.txt")
    (problem,) = caught.value.problems
    assert problem.startswith("assets/2/3.txt: ")
    assert remedy in problem
    assert len(problem) < 200


@pytest.mark.parametrize("kind", ["opus", "aac", "aiff", "wma", "mka", "webm"])
def test_music_of_any_type_that_can_be_played_is_found(kind: str) -> None:
    assert layout_of(*WHOLE, f"assets/Music.{kind}").music == f"assets/Music.{kind}"


@pytest.mark.parametrize("name", ["Story.json", "STORY.JSON", "story.json.txt"])
def test_options_are_found_whatever_the_case_of_their_name(name: str) -> None:
    assert layout_of(*WHOLE, f"assets/{name}").options == f"assets/{name}"


@pytest.mark.parametrize(
    "picture", ["image.jpg.jpg", "IMG_1234.JPG", "photo.PNG", "1.jpg", "deep/down/a.png"]
)
def test_the_only_picture_of_a_part_is_its_picture_whatever_its_name(picture: str) -> None:
    (part,) = layout_of(f"assets/1/{picture}", "assets/1/1.txt").parts
    assert (part.picture, part.captions) == (f"assets/1/{picture}", ("assets/1/1.txt",))


@pytest.mark.parametrize("caption", ["1.md", "01.TXT", "1.txt.txt", "1"])
def test_a_numbered_text_is_a_caption_whatever_its_type(caption: str) -> None:
    (part,) = layout_of("assets/1/image.png", f"assets/1/{caption}").parts
    assert part.captions == (f"assets/1/{caption}",)


def test_of_two_texts_of_one_number_the_plain_one_is_the_caption() -> None:
    layout = layout_of(*WHOLE, "assets/1/1.md")
    assert (layout.parts[0].captions, layout.ignored) == (("assets/1/1.txt",), ("assets/1/1.md",))


def test_a_picture_may_stand_without_words() -> None:
    layout = layout_of(*WHOLE, "assets/2/image.png")
    assert [part.captions for part in layout.parts] == [("assets/1/1.txt",), ()]


@pytest.mark.parametrize(
    "name",
    ["image.mov", "image.xmp", "image.AAE", "image.json", "image.png.xmp", "image.dng", "image.txt", "x.thm"],
)
def test_what_programs_keep_beside_a_picture_is_passed_over(name: str) -> None:
    layout = layout_of(*WHOLE, f"assets/1/{name}")
    assert (layout.parts[0].captions, layout.ignored) == (("assets/1/1.txt",), ())


def test_words_about_a_picture_are_no_caption_but_are_named_where_there_is_none() -> None:
    layout = layout_of("assets/1/image.png", "assets/1/image.txt")
    assert (layout.parts[0].captions, layout.ignored) == ((), ("assets/1/image.txt",))


@pytest.mark.parametrize(
    "name",
    [
        *("Icon\r", "1/Icon\r", "@eaDir/image.png@SynoEAStream", "1/@eaDir/image.png", "1/Thumbs.db"),
        *("Desktop.ini", "1/.DS_Store", "__MACOSX/1/._image.png", "1/originals/image.png", "1/._image.png"),
    ],
)
def test_what_systems_leave_is_passed_over(name: str) -> None:
    layout = layout_of(*WHOLE, f"assets/{name}")
    assert (len(layout.parts), layout.ignored) == (1, ())


@pytest.mark.parametrize("root", ["story/", "story/story/", "2024/"])
def test_a_story_may_lie_in_a_folder_within_the_folder(root: str) -> None:
    names = [f"assets/{root}{number}/image.png" for number in (1, 2)]
    layout = layout_of(*names, f"assets/{root}story.json", "assets/story.json", "assets/music.mp3")
    assert [part.picture for part in layout.parts] == names
    assert (layout.options, layout.music) == (f"assets/{root}story.json", "assets/music.mp3")


def test_each_part_may_be_a_folder_within_a_folder() -> None:
    names = [f"assets/{number}/{folder}/a.png" for number, folder in ((1, "photos"), (2, "1"))]
    assert [part.picture for part in layout_of(*names).parts] == names


def test_the_folder_of_one_part_is_a_story_of_one_part() -> None:
    (part,) = layout_of("assets/image.png", "assets/1.txt", "assets/story.json").parts
    assert (part.picture, part.captions) == ("assets/image.png", ("assets/1.txt",))
