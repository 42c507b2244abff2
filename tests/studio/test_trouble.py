"""What people see and can do when something goes wrong."""

import errno
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.storage.memory import MemoryStore
from tests.support.api import TOKEN
from tests.support.listening import listening
from tests.support.patience import until
from tests.support.studio import HOSTILE, choose, log_in, names, picture, studio_of
from tests.support.voices import heart, home

__all__ = ["heart", "home"]

COLOURS = ("red", "green", "blue")


def test_what_is_wrong_is_said_in_the_servers_words(studio: str, page: Page) -> None:
    page.goto(f"{studio}#/make/ad")
    page.get_by_label("Name").fill("empty")
    page.get_by_role("textbox", name="Product").first.fill("Watch")
    page.get_by_label("Call to action").fill("Buy")
    page.get_by_label("Style").select_option("bold")
    choose(page, "Music", {"name": "song.mp3", "mimeType": "audio/mpeg", "buffer": b"no music at all"})
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("alert")).to_contain_text("music.mp3")


def test_a_failed_run_says_why_and_goes_on(
    studio: str, page: Page, trigger: Trigger, record: Callable[..., None], spring: Creation
) -> None:
    trigger.start("story", "spring")
    why = {"kind": "InvalidAssets", "message": f"1/image.png: broken {HOSTILE}", "permanent": True}
    record("narrate", "failed", error=why)
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_role("alert")).to_contain_text("1/image.png: broken <img", timeout=20_000)
    page.get_by_role("button", name="Go on from here").click()
    expect(page.get_by_text("in progress")).to_be_visible()
    assert page.title() == "spring · Reelwright"


def test_a_server_that_restarts_is_found_again(
    trigger: Trigger, page: Page, spring: Creation, finish: Callable[[int], None]
) -> None:
    trigger.start("story", "spring")
    with listening(studio_of(trigger)) as url:
        page.goto(f"{url}/studio/#/see/spring")
        expect(page.get_by_role("log")).to_contain_text("run 1 was asked for")
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    finish(1)
    with listening(studio_of(trigger), int(url.rpartition(":")[2])):
        expect(page.get_by_text("completed", exact=True)).to_be_visible()
        page.goto("about:blank")


def test_two_windows_do_not_write_over_each_other(studio: str, page: Page, spring: Creation) -> None:
    spring.write("assets/story.json", b"{}")
    other = page.context.new_page()
    for window in (page, other):
        window.goto(f"{studio}#/make/story/spring")
        expect(window.get_by_label("Captions of part 1")).to_have_value("Spring comes.")
    page.get_by_label("Captions of part 1").fill("From the first window.")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    other.get_by_label("Captions of part 1").fill("From the second window.")
    expect(other.get_by_role("alert")).to_contain_text("changed in another window")
    assert spring.read("assets/1/1.txt")[0] == b"From the first window.\n"
    other.once("dialog", lambda dialog: dialog.accept())
    other.get_by_role("button", name="Load it again").click()
    expect(other.get_by_label("Captions of part 1")).to_have_value("From the first window.")


@pytest.mark.logs_errors
def test_a_full_disk_is_told_and_what_was_written_stays_on_the_page(
    studio: str, page: Page, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.goto(f"{studio}#/make/story")
    page.get_by_label("Name").fill("mine")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for way in ("write", "upload"):
        monkeypatch.setattr(store, way, full)
    choose(page, "Drop pictures here, or a whole folder", picture("red"))
    page.get_by_label("Captions of part 1").fill("Kept.")
    expect(page.get_by_role("alert")).to_contain_text("try again")
    monkeypatch.undo()
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("heading", name="mine")).to_be_visible()
    assert store.read("mine/assets/1/1.txt")[0] == b"Kept.\n"


def test_people_log_in_where_a_token_is_set_and_again_when_that_has_expired(
    trigger: Trigger, page: Page, spring: Creation
) -> None:
    with listening(studio_of(trigger, api_token=TOKEN)) as url:
        page.goto(f"{url}/studio/")
        log_in(page)
        expect(page.get_by_role("heading", name="What do you want to make?")).to_be_visible()
        page.context.clear_cookies()
        page.get_by_label("Search").fill("spring")
        expect(page.locator("input[type=password]")).to_be_visible()
        page.goto("about:blank")


def test_a_broken_picture_is_replaced_and_the_run_goes_on(
    studio: str, page: Page, trigger: Trigger, record: Callable[..., None], spring: Creation
) -> None:
    spring.write("assets/story.json", b"{}")
    trigger.start("story", "spring")
    why = {
        "kind": "InvalidAssets",
        "message": "picture '1/image.png' is damaged; upload it again",
        "permanent": True,
    }
    record("narrate", "failed", error=why)
    page.goto(f"{studio}#/see/spring")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Replace 1/image.png").click()
    with page.expect_response(lambda answer: answer.url.endswith("/generate_video")):
        better = picture("blue")
        better["name"] = "better.webp"
        chooser.value.set_files([better])
    assert spring.read("assets/1/image.webp")[0] == picture("blue")["buffer"]
    assert spring.stat("assets/1/image.png") is None
    expect(page.get_by_text("in progress")).to_be_visible()


def test_a_voice_that_is_missing_is_added_and_the_run_goes_on(
    trigger: Trigger, page: Page, record: Callable[..., None], spring: Creation, home: str, tmp_path: Path
) -> None:
    trigger.start("story", "spring")
    lacking = "the voice 'af_heart' is not on this machine: reelwright voices add af_heart"
    record("narrate", "failed", error={"kind": "BadRequest", "message": lacking, "permanent": True})
    with listening(
        studio_of(trigger, speech_provider="kokoro", voices_dir=str(tmp_path), voices_url=home)
    ) as url:
        page.goto(f"{url}/studio/#/see/spring")
        page.get_by_role("button", name="Add the voice af_heart").click()
        expect(page.get_by_text("in progress")).to_be_visible()
        page.goto("about:blank")
    assert [path.name for path in tmp_path.iterdir()] == ["af_heart.bin"]


def test_a_connection_that_drops_is_told_and_taken_up_again(
    studio: str, page: Page, trigger: Trigger, record: Callable[..., None], spring: Creation
) -> None:
    trigger.start("story", "spring")
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_role("log")).to_contain_text("run 1 was asked for")
    page.goto(f"{studio}#/make/story/spring")
    captions = page.get_by_label("Captions of part 1")
    expect(captions).to_have_value("Spring comes.")
    page.context.set_offline(True)
    captions.fill("Written while the line was dead.")
    expect(page.get_by_role("alert")).to_contain_text("can't be reached")
    page.context.set_offline(False)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert spring.read("assets/1/1.txt")[0] == b"Written while the line was dead.\n"


def test_an_upload_that_is_refused_is_told_in_the_servers_words(
    trigger: Trigger, page: Page, store: MemoryStore
) -> None:
    with listening(studio_of(trigger, max_upload_bytes=1000)) as url:
        page.goto(f"{url}/studio/#/make/ad")
        page.get_by_label("Name").fill("mine")
        page.get_by_role("textbox", name="Product").first.fill("Watch")
        choose(page, "Music", {"name": "song.mp3", "mimeType": "audio/mpeg", "buffer": bytes(2000)})
        expect(page.get_by_role("alert")).to_contain_text("1000")
        page.get_by_role("button", name="Remove song.mp3").click()
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        expect(page.get_by_role("alert")).to_be_hidden()
        page.goto("about:blank")


def test_an_edit_elsewhere_is_not_undone_by_an_edit_of_something_else(
    studio: str, page: Page, spring: Creation
) -> None:
    def is_said(words: str) -> bool:
        return spring.read("assets/1/1.txt")[0] == f"{words}\n".encode()

    spring.write("assets/story.json", b'{ "motion":"none" }')
    spring.write("assets/2/image.png", picture("red")["buffer"])
    spring.write("assets/2/1.txt", b"Summer too.")
    page.goto(f"{studio}#/make/story/spring")
    expect(page.get_by_label("Captions of part 2")).to_have_value("Summer too.")
    spring.write("assets/2/1.txt", b"By a program.")
    spring.write("assets/story.json", b'{"motion": "pan"}')
    for words in ("Spring is here.", "Spring is here now."):
        page.get_by_label("Captions of part 1").fill(words)
        until(partial(is_said, words))
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert spring.read("assets/2/1.txt")[0] == b"By a program."
    assert spring.read("assets/story.json")[0] == b'{"motion": "pan"}'


def test_what_the_page_cannot_show_is_kept(studio: str, page: Page, spring: Creation) -> None:
    spring.write("assets/story.json", b"{}")
    spring.write("assets/1/other.png", picture("green")["buffer"])
    spring.write("assets/2/1.txt", b"Its picture comes later.")
    before = set(names(spring))
    page.goto(f"{studio}#/make/story/spring")
    page.get_by_label("Captions of part 1").fill("Spring is here.")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert set(names(spring)) == before


@pytest.fixture
def three(spring: Creation) -> Creation:
    """A story of three parts; the second one has an option of its own."""
    spring.write("assets/story.json", b'{"parts": {"2": {"fit": "contain"}}}')
    for number, colour in enumerate(COLOURS, 1):
        spring.write(f"assets/{number}/image.png", picture(colour)["buffer"])
        spring.write(f"assets/{number}/1.txt", colour.encode())
    return spring


def colours_of(creation: Creation) -> list[str]:
    """The captions, if each picture has the colour that its caption names."""
    captions = [creation.read(f"assets/{number}/1.txt")[0].decode().strip() for number in (1, 2, 3)]
    pictures = [creation.read(f"assets/{number}/image.png")[0] for number in (1, 2, 3)]
    return captions if pictures == [picture(colour)["buffer"] for colour in captions] else []


def test_parts_that_are_moved_twice_keep_their_pictures_and_options(
    studio: str, page: Page, three: Creation
) -> None:
    def have_order(order: list[str]) -> bool:
        return colours_of(three) == order

    page.goto(f"{studio}#/make/story/spring")
    for number, order in ((3, ["red", "blue", "green"]), (2, ["blue", "red", "green"])):
        page.get_by_role("button", name=f"Move part {number} up").click()
        until(partial(have_order, order))
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert json.loads(three.read("assets/story.json")[0]) == {"parts": {"3": {"fit": "contain"}}}


def test_a_picture_that_is_replaced_while_it_is_sent_is_sent_again(
    studio: str, page: Page, three: Creation
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PUT" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/assets/1/image.png*", hold)
    page.goto(f"{studio}#/make/story/spring")
    swap = page.get_by_label("Replace the picture of part 1").and_(page.locator("input"))
    swap.set_input_files([picture("black")])
    until(lambda: page.evaluate("1") and held)
    swap.set_input_files([picture("white")])
    held[0].continue_()
    until(lambda: page.evaluate("1") and three.read("assets/1/image.png")[0] == picture("white")["buffer"])


def test_a_login_that_expires_while_a_draft_is_written_loses_nothing(
    trigger: Trigger, page: Page, spring: Creation
) -> None:
    with listening(studio_of(trigger, api_token=TOKEN)) as url:
        page.goto(f"{url}/studio/")
        log_in(page)
        page.get_by_role("link", name="Story").click()
        page.get_by_label("Name").fill("mine")
        choose(page, "Drop pictures here, or a whole folder", picture("red"))
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        page.context.clear_cookies()
        page.get_by_label("Captions of part 1").fill("Kept.")
        with page.expect_popup() as login:
            page.get_by_role("link", name="Log in").click()
        log_in(login.value)
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        for each in (login.value, page):
            each.goto("about:blank")
    assert Creation(trigger.store, "mine").read("assets/1/1.txt")[0] == b"Kept.\n"


def test_a_draft_without_a_name_is_kept_when_people_go_elsewhere(
    studio: str, page: Page, store: MemoryStore
) -> None:
    page.goto(f"{studio}#/make/story")
    choose(page, "Drop pictures here, or a whole folder", picture("red"))
    page.get_by_role("link", name="Reelwright").click()
    expect(page.get_by_role("heading", name="What do you want to make?")).to_be_visible()
    assert names(Creation(store, "story")) == ["1/image.png", "story.json"]
    assert page.evaluate("location.hash") == "#/"


def test_the_end_of_a_run_is_shown_even_if_the_server_fails_once(
    studio: str, page: Page, trigger: Trigger, spring: Creation, finish: Callable[[int], None]
) -> None:
    trigger.start("story", "spring")
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_role("log")).to_contain_text("run 1 was asked for")
    page.route("**/me/creation/spring", lambda route: route.fulfill(status=503, json={}), times=1)
    finish(1)
    expect(page.get_by_text("completed", exact=True)).to_be_visible()


def test_options_that_are_no_json_are_named_and_can_be_replaced(
    studio: str, page: Page, trigger: Trigger, record: Callable[..., None], spring: Creation
) -> None:
    trigger.start("story", "spring")
    spring.write("assets/story.json", b"{ not json")
    page.goto(f"{studio}#/make/story/spring")
    expect(page.get_by_role("alert")).to_contain_text("story.json is no JSON")
    why = {"kind": "InvalidAssets", "message": "story.json: no JSON", "permanent": True}
    record("narrate", "failed", error=why)
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_role("button", name="Replace story.json")).to_be_visible()
    assert spring.read("assets/story.json")[0] == b"{ not json"
