import re
from fractions import Fraction
from pathlib import Path

import pytest

from shared.machine.ffmpeg import run
from shared.video.captions.pages import caption_pages
from shared.video.captions.subtitle_files import to_srt, to_vtt
from tests.shared.video.caption_timelines import captioned

SRT = re.compile(r"(\d+)\n(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})\n((?:.+\n)+)\n")


def milliseconds(hours: str, minutes: str, seconds: str, ms: str) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(ms)


@pytest.mark.parametrize("look", ["highlight", "off"])
def test_srt_has_the_pages_of_the_burnt_in_captions(look: str) -> None:
    timeline = captioned("One, two, three.\n\nFour " * 8, "שלום עולם 123!", look=look)
    text = to_srt(timeline)
    cues = SRT.findall(text)
    assert SRT.sub("", text) == ""
    assert [int(cue[0]) for cue in cues] == list(range(1, len(cues) + 1))
    assert [
        (milliseconds(*cue[1:5]), milliseconds(*cue[5:9]), tuple(cue[9].splitlines())) for cue in cues
    ] == [
        (
            round(Fraction(page.start_frame * 1000, 30)),
            round(Fraction(page.end_frame * 1000, 30)),
            page.lines,
        )
        for page in caption_pages(timeline)
    ]


def test_times_past_an_hour_at_an_odd_frame_rate_are_to_the_millisecond() -> None:
    timeline = captioned("a").model_copy(update={"frame_rate": Fraction(30000, 1001)})
    cue = timeline.cues[0].model_copy(update={"at_frame": 107_892, "frames": 1})
    timeline = timeline.model_copy(update={"cues": (cue,)})
    assert to_srt(timeline) == "1\n00:59:59,996 --> 01:00:00,030\na\n\n"


def test_vtt_escapes_what_it_would_take_for_markup() -> None:
    lines = to_vtt(captioned("a <b> --> c & d")).splitlines()
    assert lines == ["WEBVTT", "", "00:00:00.333 --> 00:00:01.633", "a &lt;b&gt; --&gt; c &amp; d", ""]


def test_a_caption_of_blank_lines_makes_no_cue() -> None:
    assert (to_srt(captioned(" \n\n ")), to_vtt(captioned(" \n\n "))) == ("", "WEBVTT\n\n")


def test_players_take_nothing_in_srt_for_commands(tmp_path: Path) -> None:
    """As ffmpeg reads it, whose reader mpv and VLC's builds share; braces become wide ones."""
    texts = [
        "a <b>bold</b> <x>y</x>",
        "{\\an8}top {y:i}",
        "00:00:01,000 --> 00:00:02,000",
        "&lt;b&gt; & 2 < 3",
    ]
    (tmp_path / "t.srt").write_text(to_srt(captioned(*texts, size=(1920, 1080))), encoding="utf-8")
    run(["-i", str(tmp_path / "t.srt"), str(tmp_path / "t.ass")])
    events = re.findall(
        r"^Dialogue: (?:[^,]*,){9}(.*)$", (tmp_path / "t.ass").read_text("utf-8"), re.MULTILINE
    )
    read = [event.replace("\u2060", "").translate(str.maketrans("｛｝", "{}")) for event in events]
    assert read == texts
