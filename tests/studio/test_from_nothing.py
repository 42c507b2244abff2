"""Each pipeline from an empty store to a film that was changed once, in a browser, with everything real."""

import io
import re
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from benchmarks.polling import serving
from shared.machine import ffmpeg
from tests.jobs.subtitles.voices.known import speak
from tests.support.stories import wav
from tests.support.studio import check_access, choose

pytestmark = pytest.mark.soak

RATE_HZ = 16_000
SEEK = """(each, place) => new Promise((done) => {
  each.onseeked = () => done(each.currentTime);
  each.currentTime = place;
})"""
WAIT_MS = 600_000
"""A film takes this long at most, on a machine that has others at work."""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path.as_uri(), {"SPEECH_PROVIDER": "espeak"}, "--studio") as server:
        yield f"{server.url}/studio/"


@dataclass(frozen=True, kw_only=True)
class Case:
    """How one pipeline is used."""

    pipeline: str
    has_still: bool = True
    make: Callable[[Page, Path], None]
    """Fill in what the film is made of."""
    change: Callable[[Page], None]
    """Change something once it is there, and start it again."""
    takes: frozenset[str]
    """Labels of some of the files that can be taken."""


def photo(name: str, colour: tuple[int, int, int]) -> FilePayload:
    """A disc before a gradient."""
    height, width = 600, 800
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.full((height, width, 3), 235, np.uint8)
    pixels[..., 2] = (columns * 255 // width).astype(np.uint8)
    pixels[(rows - 300) ** 2 + (columns - 400) ** 2 < 180**2] = colour
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": data.getvalue()}


def make_story(page: Page, folder: Path) -> None:
    choose(
        page,
        "Drop pictures here, or a whole folder",
        photo("1.png", (200, 60, 40)),
        photo("2.png", (30, 90, 160)),
    )
    choose(page, "Music", {"name": "song.wav", "mimeType": "audio/wav", "buffer": wav(8000)})
    page.get_by_label("Captions of part 1").fill("A red boat leaves the harbour.\n\nNobody waves.")
    page.get_by_label("Captions of part 2").fill("The sea is calm tonight.")
    page.get_by_label("Size").first.select_option("square")


def mend_story(page: Page) -> None:
    mend = page.get_by_role("region", name="Change something")
    mend.get_by_label("Captions of part 2").fill("The sea is rough tonight.")
    mend.get_by_label("Volume of the music").fill("0.5")
    swap = mend.get_by_label("Replace the picture of part 1").and_(page.locator("input"))
    swap.set_input_files([photo("other.png", (40, 160, 60))])
    mend.get_by_role("button", name="Make the change").click()


def make_ad(page: Page, folder: Path) -> None:
    page.get_by_role("textbox", name="Product").first.fill("Aurora Lamp")
    page.get_by_label("Call to action").fill("Order today")
    page.get_by_role("radio", name="minimal").check()
    choose(page, "Picture of the product", photo("lamp.png", (240, 180, 20)))


def edit_ad(page: Page) -> None:
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Call to action").fill("Order it now")
    page.get_by_role("button", name="Make the video").click()


def make_talk(page: Page, folder: Path) -> None:
    page.get_by_role("textbox", name="What is said").fill(
        "# Tides\n\nTides come from the pull of the moon.\n\n## Why twice a day\n\n"
        "- The water bulges on both sides.\n- The earth turns below it.\n"
    )
    choose(page, "Presenter", photo("me.png", (90, 60, 50)))


def edit_talk(page: Page) -> None:
    page.get_by_role("link", name="Edit", exact=True).click()
    words = page.get_by_role("textbox", name="What is said")
    expect(words).to_have_value(re.compile("Tides"))
    words.fill(words.input_value() + "\nSailors wait for them.\n")
    page.get_by_role("button", name="Make the video").click()


def make_subtitles(page: Page, folder: Path) -> None:
    speech = speak([("ada", "We left the harbour before the storm came in. Nobody knew where we would go.")])
    with wave.open(str(folder / "speech.wav"), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes((speech.samples * 32000).astype(np.int16).tobytes())
    film = folder / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=25"]
    ffmpeg.run([*picture, "-i", str(folder / "speech.wav"), "-shortest", "-pix_fmt", "yuv420p", str(film)])
    choose(
        page, "Film or recording", {"name": "boat.mp4", "mimeType": "video/mp4", "buffer": film.read_bytes()}
    )


def edit_subtitles(page: Page) -> None:
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Rules").select_option("bbc")
    page.get_by_role("button", name="Make the video").click()


CASES = (
    Case(
        pipeline="Story",
        make=make_story,
        change=mend_story,
        takes=frozenset({"Film", "Poster", "Captions (SRT)", "Captions (WebVTT)", "Transcript"}),
    ),
    Case(pipeline="Ad", make=make_ad, change=edit_ad, takes=frozenset({"Film", "Poster", "Captions (SRT)"})),
    Case(
        pipeline="Talk",
        make=make_talk,
        change=edit_talk,
        takes=frozenset({"Film", "Slides (PDF)", "Slides (PowerPoint)", "Transcript", "Chapters (WebVTT)"}),
    ),
    Case(
        pipeline="Subtitles",
        has_still=False,
        make=make_subtitles,
        change=edit_subtitles,
        takes=frozenset({"Film", "Subtitles (SRT)", "Subtitles (WebVTT)", "Quality report", "Transcript"}),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.pipeline)
def test_a_film_is_made_watched_mended_taken_and_deleted(
    case: Case, studio: str, page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page.set_default_timeout(60_000)
    page.goto(studio)
    expect(page.get_by_text("0 videos")).to_be_visible()
    page.get_by_role("link", name=case.pipeline).click()
    page.get_by_label("Name", exact=True).fill("mine")
    case.make(page, tmp_path_factory.mktemp("material"))
    expect(page.get_by_text("Costs nothing at paid services")).to_be_visible()
    check_previews(page, case)
    check_access(page)
    page.get_by_role("button", name="Make the video").click()

    wait_for_film(page)
    check_player(page)
    for theme in ("Dark", "Light"):
        page.get_by_role("button", name=theme).click()
        check_access(page)
    check_files(page, case.takes)
    case.change(page)
    expect(page.get_by_text("in progress")).to_be_visible()
    wait_for_film(page)
    player = page.locator("video")
    page.get_by_role("button", name="Compare with the version before").click()
    player.evaluate("each => each.readyState || new Promise((done) => { each.onloadedmetadata = done; })")
    assert (player.get_attribute("src") or "").startswith("blob:")
    assert player.evaluate("each => each.duration") > 1

    page.goto(studio)
    page.get_by_label("Search").fill("mine")
    page.get_by_label("State").select_option("completed")
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Delete ")).click()
    expect(page.get_by_role("listitem")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("listitem")).to_have_count(1)


def check_previews(page: Page, case: Case) -> None:
    """A still is drawn and a voice is heard, where the film has what they show."""
    if case.has_still:
        expect(page.locator("img.still, .looks img").first).to_be_visible()
    listen = page.get_by_role("button", name="Listen")
    if listen.count():
        with page.expect_response(re.compile("/voices/sample$")) as heard:
            listen.click()
        assert (heard.value.status, heard.value.headers["content-type"]) == (200, "audio/wav")


def wait_for_film(page: Page) -> None:
    """Watch the stages until they are done."""
    expect(page.get_by_role("log")).not_to_be_empty()
    bars = page.get_by_role("progressbar")
    assert bars.count() > 2
    expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_role("alert")).to_have_count(0)


def check_player(page: Page) -> None:
    """The film is played from any place, the strip is drawn, and a word is heard where it is spoken."""
    film = page.locator("video")
    assert film.evaluate(SEEK, 2) == pytest.approx(2, abs=0.1)
    assert film.evaluate("each => each.videoWidth") > 100
    assert film.evaluate("each => each.textTracks.length") >= 1
    assert len(set(strip_of(page))) > 20
    words = page.locator(".words button")
    assert words.count() > 5
    words.nth(4).click()
    assert film.evaluate("each => new Promise((done) => { each.ontimeupdate = () => done(!each.paused); })")
    expect(page.locator(".words .now")).to_have_count(1)
    film.evaluate("each => each.pause()")


def strip_of(page: Page) -> list[int]:
    """The pixels of the strip, as numbers."""
    found: list[int] = page.locator("canvas.strip").evaluate(
        """each => {
          const { data } = each.getContext("2d").getImageData(0, 0, each.width, each.height);
          return [...new Uint32Array(data.buffer)];
        }"""
    )
    return found


def check_files(page: Page, labels: frozenset[str]) -> None:
    """All files can be had, and the cut has a clip for each shot."""
    links = page.get_by_role("region", name="Take it with you").get_by_role("link").all()
    files = {link.inner_text(): page.request.get(address(link)) for link in links}
    assert labels <= set(files)
    assert {label: answer.status for label, answer in files.items()} == dict.fromkeys(files, 200)
    cut = files["The cut for editing programs (OpenTimelineIO)"].json()
    (pictures, *_) = cut["tracks"]["children"]
    assert len(pictures["children"]) >= 1


def address(link: Locator) -> str:
    return str(link.evaluate("each => each.href"))
