"""People at the page, in a real browser; what happens to a run is written into its store by hand."""

import errno
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from studio.serving import mount_studio
from tests.support.api import TOKEN, NotingPlatform
from tests.support.listening import listening
from tests.support.patience import until

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    """Of all pipelines, but without their stills, which are drawn too slowly for so many pages."""
    found = {name: each.model_copy(update={"still": None}) for name, each in pipelines().items()}
    return Trigger(store, platform, found, stale_after_s=1e9)  # records tell of 2025


@pytest.fixture
def studio(trigger: Trigger) -> Iterator[str]:
    """The page's address, beside all pipelines and an empty store."""
    with listening(studio_of(trigger)) as url:
        yield f"{url}/studio/"


def studio_of(trigger: Trigger) -> FastAPI:
    app = create_app(trigger, settings=Settings(speech_provider="espeak"))
    mount_studio(app)
    return app


def picture(colour: str) -> FilePayload:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(data, "PNG")
    return {"name": f"{colour}.png", "mimeType": "image/png", "buffer": data.getvalue()}


def choose(page: Page, place: str, *files: FilePayload) -> None:
    """Choose files at the drop zone with this label."""
    page.get_by_label(place, exact=True).set_input_files(list(files))


def names(creation: Creation) -> list[str]:
    return sorted(name.removeprefix("assets/") for name, _ in creation.list("assets/"))


def check_access(page: Page) -> None:
    found = Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()


def test_a_story_is_made_of_pictures_and_captions(studio: str, page: Page, store: MemoryStore) -> None:
    page.goto(studio)
    page.get_by_role("link", name="Story").click()
    page.get_by_label("Name").fill("Two Lights")
    choose(page, "Drop pictures here, or a whole folder", picture("red"), picture("blue"))
    page.get_by_label("Captions of part 1").fill("One.\n\nTwo.")
    page.get_by_label("Captions of part 2").fill(HOSTILE)
    page.get_by_role("button", name="Move part 2 up").click()
    expect(page.get_by_label("Captions of part 1")).to_have_value(HOSTILE)
    page.get_by_label("Size").first.select_option("square")
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("heading", name="two-lights")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("run 1 was asked for")
    made = Creation(store, "two-lights")
    assert names(made) == ["1/1.txt", "1/image.png", "2/1.txt", "2/2.txt", "2/image.png", "story.json"]
    assert made.read("assets/1/1.txt")[0].decode().strip() == HOSTILE
    assert made.read("assets/1/image.png")[0] == picture("blue")["buffer"]
    assert json.loads(made.read("assets/story.json")[0]) == {"size": "square"}
    assert page.title() == "two-lights · Reelwright"


def test_an_edit_sends_only_what_changed(studio: str, page: Page, spring: Creation) -> None:
    spring.write("assets/story.json", b"{}")
    spring.write("assets/1/image.png", picture("green")["buffer"])
    spring.write("assets/2/image.png", picture("red")["buffer"])
    before = {name: info.generation for name, info in spring.list("assets/")}
    page.goto(f"{studio}#/make/story/spring")
    captions = page.get_by_label("Captions of part 1")
    expect(captions).to_have_value("Spring comes.")
    captions.fill("Spring is here.")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    after = {name: info.generation for name, info in spring.list("assets/")}
    assert {name for name in after if after[name] != before.get(name)} == {"assets/1/1.txt"}
    assert spring.read("assets/1/1.txt")[0] == b"Spring is here.\n"


def test_parts_are_moved_by_keys(studio: str, page: Page, spring: Creation) -> None:
    spring.write("assets/story.json", b"{}")
    spring.write("assets/2/image.png", picture("red")["buffer"])
    spring.write("assets/2/1.txt", b"Summer too.")
    page.goto(f"{studio}#/make/story/spring")
    page.get_by_label("Captions of part 2").press("Alt+ArrowUp")
    expect(page.get_by_label("Captions of part 1")).to_be_focused()
    expect(page.get_by_label("Captions of part 1")).to_have_value("Summer too.")
    until(lambda: spring.read("assets/1/1.txt")[0] == b"Summer too.\n")
    until(lambda: spring.read("assets/2/1.txt")[0] == b"Spring comes.\n")


@pytest.mark.parametrize(
    ("pipeline", "fields", "files", "expected"),
    [
        (
            "Ad",
            {"Product": "Watch", "Call to action": "Buy"},
            {"Picture of the product": picture("red")},
            {"ad.json", "product.png"},
        ),
        (
            "Talk",
            {"What is said": "# Hello\n\nThis is a talk."},
            {"Presenter": picture("red")},
            {"avatar.png"},
        ),
    ],
)
def test_other_pipelines_are_made_from_what_they_say_they_take(
    pipeline: str,
    fields: dict[str, str],
    files: dict[str, Any],
    expected: set[str],
    studio: str,
    page: Page,
    store: MemoryStore,
) -> None:
    page.goto(studio)
    page.get_by_role("link", name=pipeline).first.click()
    page.get_by_label("Name", exact=True).fill("mine")
    for label, text in fields.items():
        page.get_by_role("textbox", name=label).first.fill(text)
    if pipeline == "Ad":
        page.get_by_label("Style").select_option("luxury")
    for place, file in files.items():
        choose(page, place, file)
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("heading", name="mine")).to_be_visible()
    assert expected <= set(names(Creation(store, "mine")))


def test_what_is_wrong_is_said_in_the_servers_words(studio: str, page: Page) -> None:
    page.goto(f"{studio}#/make/ad")
    page.get_by_label("Name").fill("empty")
    page.get_by_role("textbox", name="Product").first.fill("Watch")
    page.get_by_label("Call to action").fill("Buy")
    page.get_by_label("Style").select_option("bold")
    choose(page, "Music", {"name": "song.mp3", "mimeType": "audio/mpeg", "buffer": b"no music at all"})
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("alert")).to_contain_text("music.mp3")


def test_a_run_is_watched_to_its_end_and_the_film_is_there(
    studio: str, page: Page, trigger: Trigger, spring: Creation, finish: Callable[[int], None]
) -> None:
    trigger.start("story", "spring")
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_text("in progress")).to_be_visible()
    spring.write("assets/video.mp4", b"film")
    finish(1)
    expect(page.get_by_text("completed", exact=True)).to_be_visible()
    expect(page.locator("video")).to_be_visible()
    expect(page.get_by_role("link", name="Film", exact=True)).to_be_visible()


def test_a_film_is_mended_and_compared_with_the_one_before(
    studio: str, page: Page, trigger: Trigger, spring: Creation, finish: Callable[[int], None]
) -> None:
    spring.write("assets/story.json", b"{}")
    spring.write("assets/video.mp4", b"the first film")
    trigger.start("story", "spring")
    finish(1)
    page.goto(f"{studio}#/see/spring")
    mend = page.get_by_role("region", name="Change something")
    mend.get_by_label("Captions of part 1").fill("Spring is here.")
    mend.get_by_role("button", name="Make the change").click()
    expect(page.get_by_role("log")).to_contain_text("run 2 was asked for")
    spring.write("assets/video.mp4", b"the second film")
    finish(2)
    compare = page.get_by_role("button", name="Compare with the version before")
    compare.click()
    assert (page.locator("video").get_attribute("src") or "").startswith("blob:")
    page.get_by_role("button", name="Back to the new version").click()
    assert (page.locator("video").get_attribute("src") or "").endswith("/assets/video.mp4")


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


def test_the_list_is_searched_and_a_deletion_undone(studio: str, page: Page, store: MemoryStore) -> None:
    for name in ("spring", "summer"):
        Creation(store, name).write("assets/story.json", b"{}")
        Creation(store, name).write("assets/1/image.png", picture("red")["buffer"])
    page.goto(studio)
    expect(page.get_by_role("link", name="summer")).to_be_visible()
    page.get_by_label("Search").fill("spr")
    expect(page.get_by_role("link", name="summer")).to_be_hidden()
    page.get_by_role("button", name="Delete spring").click()
    expect(page.get_by_role("link", name="spring")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="spring")).to_be_visible()


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


def test_a_page_that_is_loaded_again_shows_the_run_as_it_is(
    studio: str, page: Page, trigger: Trigger, record: Callable[..., None], spring: Creation
) -> None:
    trigger.start("story", "spring")
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_role("log")).to_contain_text("run 1 was asked for")
    record("narrate", "running", message="speaking caption 3 of 7")
    page.reload()
    expect(page.get_by_role("log")).to_contain_text("speaking caption 3 of 7")


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


def test_parts_are_dragged(studio: str, page: Page, spring: Creation) -> None:
    spring.write("assets/story.json", b"{}")
    spring.write("assets/1/image.png", picture("green")["buffer"])
    spring.write("assets/2/image.png", picture("red")["buffer"])
    spring.write("assets/2/1.txt", b"Summer too.")
    page.goto(f"{studio}#/make/story/spring")
    page.get_by_alt_text("Picture of part 2").drag_to(page.get_by_alt_text("Picture of part 1"))
    expect(page.get_by_label("Captions of part 1")).to_have_value("Summer too.")


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
    app = create_app(trigger, settings=Settings(api_token=TOKEN))
    mount_studio(app)
    with listening(app) as url:
        page.goto(f"{url}/studio/")
        page.locator("input[type=password]").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="What do you want to make?")).to_be_visible()
        page.context.clear_cookies()
        page.get_by_label("Search").fill("spring")
        expect(page.locator("input[type=password]")).to_be_visible()
        page.goto("about:blank")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_shuts_anyone_out(
    theme: Any, studio: str, page: Page, trigger: Trigger, spring: Creation, finish: Callable[[int], None]
) -> None:
    spring.write("assets/story.json", b"{}")
    page.emulate_media(color_scheme=theme)
    for place in ("", "#/make/story/spring", "#/make/ad", "#/make/presenter", "#/make/subtitles"):
        page.goto(f"{studio}{place}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        check_access(page)
    trigger.start("story", "spring")
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_role("log")).to_be_visible()
    check_access(page)
    finish(1)
    expect(page.get_by_role("heading", name="Take it with you")).to_be_visible()
    check_access(page)


@pytest.mark.parametrize(("code", "title"), [("de", "Was möchten Sie machen?"), ("es", "¿Qué quiere hacer?")])
def test_the_page_speaks_other_languages(code: str, title: str, studio: str, page: Page) -> None:
    page.goto(studio)
    page.get_by_label("Language").select_option(code)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert page.locator("html").get_attribute("lang") == code
