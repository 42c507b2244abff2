"""story.json: defaults, every key, and every problem named at once."""

import json
from fractions import Fraction
from typing import Any

import pytest
from PIL import ImageColor

from jobs.story.input.options import (
    StoryOptions,
    read_options,
    size_for,
    unknown_parts,
    with_parameters,
)
from shared.errors import InvalidAssets
from shared.video.sizes import parse_size

NAME = "assets/story.json"


def read(**options: Any) -> StoryOptions:
    return read_options(json.dumps(options).encode(), NAME)


def problems_of(data: bytes) -> tuple[str, ...]:
    with pytest.raises(InvalidAssets) as caught:
        read_options(data, NAME)
    assert all(problem.startswith(f"{NAME}: ") for problem in caught.value.problems)
    return caught.value.problems


def test_without_a_file_or_with_an_empty_object_the_defaults_hold() -> None:
    assert read_options(None, NAME) == read() == StoryOptions()


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read_options(b'\xef\xbb\xbf{"size": "square"}', NAME).size == "square"


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        (30, Fraction(30)),
        ("25", Fraction(25)),
        (24.0, Fraction(24)),
        ("30000/1001", Fraction(30000, 1001)),
        (29.97, Fraction(2997, 100)),
        ("24000/1001", Fraction(24000, 1001)),
        (10, Fraction(10)),
        (60, Fraction(60)),
    ],
)
def test_a_frame_rate_is_read_as_the_exact_fraction(written: object, rate: Fraction) -> None:
    assert read(frame_rate=written).frame_rate == rate


@pytest.mark.parametrize(
    "written",
    [
        0,
        9,
        61,
        -30,
        "30/0",
        "0/0",
        "1e999999999",
        "1e-999999999",
        "inf",
        "nan",
        "fast",
        True,
        None,
        [30],
        "9" * 5000,
    ],
    ids=str,
)
def test_a_frame_rate_that_cannot_be_is_refused_at_once(written: object) -> None:
    (problem,) = problems_of(json.dumps({"frame_rate": written}).encode())
    assert "frame_rate" in problem
    assert "use 10 to 60 frames a second" in problem
    assert len(problem) < 300


def test_a_caption_look_may_be_given_alone() -> None:
    assert read(captions="karaoke").captions.look == "karaoke"
    assert read(captions={"look": "plain", "size": 1.5}).captions.size == 1.5


def test_all_problems_are_named_in_one_error() -> None:
    options = {
        "sise": "portrait",
        "size": 5,
        "frame_rate": "fast",
        "language": "klingon!",
        "narration": "perhaps",
        "captions": {"colour": "reddish", "lok": "plain"},
        "motion": "wobble",
        "transition_s": -1,
        "music_volume": 11,
        "voice": "",
    }
    problems = problems_of(json.dumps(options).encode())
    assert len(problems) == 11
    for key in (*options, "captions.colour", "captions.lok"):
        assert any(key in problem for problem in problems), key


def test_an_unknown_key_comes_with_the_known_ones_of_its_place() -> None:
    problems = problems_of(json.dumps({"siz": 1, "captions": {"siz": 1}}).encode())
    inner, outer = sorted(problems, key=lambda problem: "captions.siz" not in problem)
    assert "speaking_rate" in outer
    assert "highlight" in inner
    assert "speaking_rate" not in inner


def test_a_long_value_does_not_push_the_remedy_out_of_the_message() -> None:
    (problem,) = problems_of(json.dumps({"size": "x" * 100_000}).encode())
    assert "<width>x<height>" in problem
    assert len(problem) < 300


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"size: portrait",
        b'{"size": "portrait",}',
        '{"size": "pörtrait"}'.encode("latin-1"),
        b"[" * 100_000,
        b'{"frame_rate": ' + b"1" * 5000 + b"}",
    ],
    ids=["nothing", "cut", "yaml", "comma", "latin", "deep", "long number"],
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    (problem,) = problems_of(data)
    assert "JSON" in problem or "UTF-8" in problem


@pytest.mark.parametrize("data", [b"[]", b'"portrait"', b"null", b"7"])
def test_json_that_is_no_object_is_refused(data: bytes) -> None:
    (problem,) = problems_of(data)
    assert '{"size": "portrait"}' in problem


def test_half_a_surrogate_is_refused() -> None:
    (problem,) = problems_of(b'{"voice": "\\ud800"}')
    assert "voice" in problem


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("key", ["transition_s", "music_volume", "speaking_rate"])
def test_a_number_that_is_none_is_refused(key: str, number: str) -> None:
    (problem,) = problems_of(f'{{"{key}": {number}}}'.encode())
    assert key in problem


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("portrait", (1080, 1920)),
        ("landscape", (1920, 1080)),
        ("square", (1080, 1080)),
        ("64x64", (64, 64)),
        ("4096x2160", (4096, 2160)),
    ],
)
def test_sizes_are_presets_or_pixels(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tall",
        "1080",
        "1081x1920",
        "1080x1921",
        "62x64",
        "64x62",
        "4098x64",
        "1080X1920",
        "１０８０x1920",
        "-64x64",
    ],
)
def test_sizes_that_cannot_be_encoded_are_refused(text: str) -> None:
    (problem,) = problems_of(json.dumps({"size": text}).encode())
    assert "size" in problem
    assert "use" in problem


@pytest.mark.parametrize(
    ("pictures", "size"),
    [
        ([(1080, 1920)], (1080, 1920)),
        ([(1600, 1200)], (1920, 1080)),
        ([(500, 500)], (1080, 1080)),
        ([(1000, 1100), (1100, 1000)], (1080, 1080)),
        ([(1080, 1920), (1920, 1080), (1920, 1080)], (1920, 1080)),
        ([(1080, 1920), (1080, 1920), (9000, 100)], (1080, 1920)),
    ],
)
def test_the_size_suits_most_pictures(pictures: list[tuple[int, int]], size: tuple[int, int]) -> None:
    assert size_for(pictures) == size


def test_parameters_of_the_request_come_before_the_file() -> None:
    options = read_options(b'{"size": "square", "voice": "de"}', "story.json")
    both = with_parameters(options, {"size": "landscape", "speaking_rate": 1.5})
    assert (both.size, both.voice, both.speaking_rate) == ("landscape", "de", 1.5)
    assert with_parameters(options, {}) is options


def test_every_bad_parameter_is_named_at_once() -> None:
    with pytest.raises(InvalidAssets) as caught:
        with_parameters(StoryOptions(), {"sise": "square", "speaking_rate": 9})
    assert len(caught.value.problems) == 2
    assert all(problem.startswith("parameters: ") for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"captions": False}, {"captions": {"look": "off"}}),
        ({"captions": True}, {"captions": {"look": "highlight"}}),
        ({"captions": "Karaoke"}, {"captions": {"look": "karaoke"}}),
        ({"captions": {"colour": "red"}}, {"captions": {"colour": "#FF0000"}}),
        ({"captions": {"outline": "#00f"}}, {"captions": {"outline": "#0000ff"}}),
        ({"language": "en_US.UTF-8"}, {"language": "en-US"}),
        ({"size": "Portrait", "motion": "Ken Burns"}, {"size": "portrait", "motion": "kenburns"}),
        ({"size": "16:9"}, {"size": "landscape"}),
        ({"music_volume": "0.5", "narration": "no"}, {"music_volume": 0.5, "narration": False}),
    ],
)
def test_options_are_taken_as_people_write_them(written: dict[str, Any], meant: dict[str, Any]) -> None:
    ImageColor.getrgb("red")  # Pillow keeps in its table of names what it has looked up
    assert read(**written) == read(**meant)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"captions": None}, "captions = null: use an object such as"),
        ({"captions": "bouncy"}, "use one of highlight, karaoke, plain, off"),
        ({"captions": {"colour": "reddish"}}, "use #RRGGBB or the English name"),
        ({"language": "English, please"}, "use a language's tag, e.g. en, de"),
        ({"music_volume": "50%"}, "use a number from 0 to 1"),
        ({"narration": "perhaps"}, "use true or false"),
        ({"voice": 7}, "use text of 1 to 100 characters"),
        ({"size": "1080p"}, "use auto, portrait, landscape, square or"),
        ({"siz": "square"}, "did you mean 'size'?"),
        ({"fps": 25}, "did you mean 'frame_rate'?"),
        ({"color": "red"}, 'write {"captions": {"colour": …}}'),
    ],
)
def test_a_message_is_in_people_s_words(written: dict[str, Any], words: str) -> None:
    (problem,) = problems_of(json.dumps(written).encode())
    assert words in problem
    assert not any(
        technical in problem for technical in ("Input should", "pattern", "CaptionStyle", "instance")
    )


def test_a_part_has_its_own_framing_and_else_the_storys() -> None:
    options = read(fit="Contain", focus=[0.2, 0.3], parts={"2": {"focus": [1, 0]}, "03": {"fit": "auto"}})
    assert options.framing_of(1) == ("contain", (0.2, 0.3))
    assert options.framing_of(2) == ("contain", (1, 0))
    assert options.framing_of(3) == ("auto", (0.2, 0.3))
    assert with_parameters(options, {"fit": "cover"}).framing_of(2) == ("cover", (1, 0))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fit": "stretch"}, "fit = 'stretch': use one of auto, cover, contain"),
        ({"focus": "top"}, "two numbers from 0 to 1"),
        ({"focus": [0.5]}, "two numbers from 0 to 1"),
        ({"focus": [0.5, 1.5]}, "two numbers from 0 to 1"),
        ({"parts": [{"fit": "cover"}]}, "by the numbers of parts"),
        ({"parts": {"two": {"fit": "cover"}}}, "by the numbers of parts"),
        ({"parts": {"2": "cover"}}, "by the numbers of parts"),
        ({"parts": {"2": {"fit": "fill"}}}, "parts.2.fit = 'fill': use one of auto, cover, contain"),
        ({"parts": {"2": {"motion": "pan"}}}, "unknown key 'parts.2.motion'; known: fit, focus"),
        ({"object-fit": "cover"}, "did you mean 'fit'?"),
    ],
)
def test_framing_that_can_not_be_used_is_named_with_the_remedy(options: dict[str, Any], said: str) -> None:
    (problem,) = problems_of(json.dumps(options).encode())
    assert said in problem


def test_a_part_that_is_not_there_is_named() -> None:
    options = read(parts={"2": {}, "5": {}})
    assert unknown_parts(options, [1, 2], NAME) == [f"{NAME}: parts.5: there is no part 5; there are 1, 2"]
