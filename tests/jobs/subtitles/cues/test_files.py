"""The files of subtitles, read back by other people's parsers, and the report as a page."""

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pysubs2
import pytest
import webvtt
from lxml import etree

from jobs.subtitles.cues import qc
from jobs.subtitles.cues.formats import to_ass, to_ttml, write_formats
from jobs.subtitles.cues.page import qc_page
from jobs.subtitles.cues.profiles import profile_of
from jobs.subtitles.job.documents import Cue, Cues
from shared.video.captions.subtitle_text import as_written
from tests.jobs.subtitles.voices.known import silence, wav

TEXTS = (("Tom & <i>Jerry</i>", "{\\an8} -->"), ("-Back\\Nslash?", "-Yes."), ("مرحبا بالعالم",))
RATE = Fraction(24000, 1001)


@pytest.fixture
def cues() -> Cues:
    return Cues(
        language="en",
        frame_rate="24000/1001",
        profile="netflix",
        cues=tuple(
            Cue(start_frame=48 * at + 24, end_frame=48 * at + 70, lines=text, speakers=(), words=(at, at + 1))
            for at, text in enumerate(TEXTS)
        ),
    )


def milliseconds(frame: int) -> int:
    return round(frame * 1000 / RATE)


def test_srt_says_the_same_when_it_is_read_back(cues: Cues, tmp_path: Path) -> None:
    found = pysubs2.load(str(write_formats(cues, tmp_path)["srt"]), keep_unknown_html_tags=True)
    assert as_written(found[0].text.replace("\\N", "\n")).splitlines() == list(TEXTS[0])
    assert [(event.start, event.end) for event in found] == [
        (milliseconds(cue.start_frame), milliseconds(cue.end_frame)) for cue in cues.cues
    ]


def test_vtt_is_valid_and_says_the_same(cues: Cues, tmp_path: Path) -> None:
    found = webvtt.read(str(write_formats(cues, tmp_path)["vtt"]))
    assert len(found.captions) == len(TEXTS)
    assert found.captions[1].text == "\n".join(TEXTS[1])


def test_ass_keeps_two_frames_between_cues_and_takes_no_text_for_a_command(cues: Cues) -> None:
    found = pysubs2.SSAFile.from_string(to_ass(cues))
    assert "{" not in found[0].text
    assert found[1].text.count("\\N") == 1  # the end of its line
    assert "\\\u2060N" in found[1].text
    gaps = [(other.start - one.end) * RATE / 1000 for one, other in pairwise(found)]
    assert min(gaps) >= 2


def test_ttml_is_well_formed_with_language_region_and_frames(cues: Cues) -> None:
    root = etree.fromstring(to_ttml(cues).encode())
    names = {"t": "http://www.w3.org/ns/ttml"}
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert root.get("{http://www.w3.org/ns/ttml#parameter}frameRate") == "24"
    assert root.get("{http://www.w3.org/ns/ttml#parameter}frameRateMultiplier") == "1000 1001"
    paragraphs = root.findall(".//t:p", names)
    assert [each.get("begin") for each in paragraphs] == ["24f", "72f", "120f"]
    assert list(paragraphs[0].itertext()) == list(TEXTS[0])
    assert root.find("t:body", names).get("region") == root.find(".//t:region", names).get(
        "{http://www.w3.org/XML/1998/namespace}id"
    )


def test_a_file_of_any_tool_is_checked(
    cues: Cues, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "good.srt"
    good.write_text("1\n00:00:01,000 --> 00:00:03,000\nA line.\n\n", encoding="utf-8")
    assert qc.main([str(good)]) == 0
    bad = tmp_path / "bad.srt"
    bad.write_text(f"1\n00:00:01,000 --> 00:00:01,200\n{'x' * 60}\n\n", encoding="utf-8")
    assert qc.main([str(bad), "--profile", "bbc"]) == 1
    assert "not passed" in capsys.readouterr().out
    assert qc.main([str(tmp_path / "none.srt")]) == 2
    assert "can't be read" in capsys.readouterr().err


def test_the_page_runs_nothing_but_its_own(cues: Cues, tmp_path: Path) -> None:
    audio = tmp_path / "audio.wav"
    audio.write_bytes(wav(silence(40)))
    report = qc.check(cues, profile_of("netflix", "en", sdh=False))
    page = qc_page(report, cues, audio, audio_url="../audio/audio.wav")
    assert "<i>" not in page
    assert "Tom &amp; &lt;i&gt;" in page
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert "unsafe" not in policy[1]
    assert page.count("<path ") == 2  # two rows of half a minute
    assert page.count("data-from") == 2 * len(TEXTS) + 1  # in the waveform and the list, and in the script
