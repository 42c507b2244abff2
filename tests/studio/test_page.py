"""People at the page, in a real browser; what happens to a run is written into its store by hand."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.storage.memory import MemoryStore
from tests.support.patience import until
from tests.support.studio import HOSTILE, check_access, choose, names, picture


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
    assert made.read("assets/1/image.png")[0] == picture("red")["buffer"]
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
    page.get_by_role("button", name="Compare with the version before").wait_for()
    page.reload()
    compare = page.get_by_role("button", name="Compare with the version before")
    compare.click()
    assert (page.locator("video").get_attribute("src") or "").startswith("blob:")
    page.get_by_role("button", name="Back to the new version").click()
    assert (page.locator("video").get_attribute("src") or "").endswith("/assets/video.mp4")


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


def test_a_page_that_is_loaded_again_shows_the_run_as_it_is(
    studio: str, page: Page, trigger: Trigger, record: Callable[..., None], spring: Creation
) -> None:
    trigger.start("story", "spring")
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_role("log")).to_contain_text("run 1 was asked for")
    record("narrate", "running", message="speaking caption 3 of 7")
    page.reload()
    expect(page.get_by_role("log")).to_contain_text("speaking caption 3 of 7")


def test_parts_are_dragged(studio: str, page: Page, spring: Creation) -> None:
    spring.write("assets/story.json", b"{}")
    spring.write("assets/1/image.png", picture("green")["buffer"])
    spring.write("assets/2/image.png", picture("red")["buffer"])
    spring.write("assets/2/1.txt", b"Summer too.")
    page.goto(f"{studio}#/make/story/spring")
    page.get_by_alt_text("Picture of part 2").drag_to(page.get_by_alt_text("Picture of part 1"))
    expect(page.get_by_label("Captions of part 1")).to_have_value("Summer too.")


@pytest.mark.parametrize(("theme", "rules"), [("light", ()), ("dark", ("color-contrast",))])
def test_no_page_shuts_anyone_out(
    theme: Any,
    rules: tuple[str, ...],
    studio: str,
    page: Page,
    trigger: Trigger,
    spring: Creation,
    finish: Callable[[int], None],
) -> None:
    """Themes differ in colours alone."""
    spring.write("assets/story.json", b"{}")
    page.emulate_media(color_scheme=theme)
    makers = ("#/make/story/spring", "#/make/ad", "#/make/presenter", "#/make/subtitles")
    for place in ("", *makers, "#/make/nothing", "../login"):
        page.goto(f"{studio}{place}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        check_access(page, *rules)
    trigger.start("story", "spring")
    page.goto(f"{studio}#/see/spring")
    expect(page.get_by_role("log")).to_be_visible()
    check_access(page, *rules)
    finish(1)
    expect(page.get_by_role("heading", name="Take it with you")).to_be_visible()
    check_access(page, *rules)


@pytest.mark.parametrize(("code", "title"), [("de", "Was möchten Sie machen?"), ("es", "¿Qué quiere hacer?")])
def test_the_page_speaks_other_languages(code: str, title: str, studio: str, page: Page) -> None:
    page.goto(studio)
    page.get_by_label("Language").select_option(code)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert page.locator("html").get_attribute("lang") == code


def test_a_name_in_any_script_is_kept_as_the_title(studio: str, page: Page, store: MemoryStore) -> None:
    page.goto(f"{studio}#/make/story")
    page.get_by_label("Name").fill("春のうた")
    choose(page, "Drop pictures here, or a whole folder", picture("red"))
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("heading", name="春のうた")).to_be_visible()
    assert json.loads(store.read("story/assets/story.json")[0])["title"] == "春のうた"
    page.goto(studio)
    expect(page.get_by_role("link", name="春のうた")).to_be_visible()


def test_a_story_is_made_and_deleted_by_keys_alone(studio: str, page: Page, store: MemoryStore) -> None:
    def go_to(found: Locator, key: str = "Tab") -> None:
        """Press the key until this has the focus."""
        found.wait_for()
        for _ in range(80):
            if found.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press(key)
        pytest.fail(f"{found} is not reached by {key}")

    page.goto(studio)
    go_to(page.get_by_role("link", name="Story"))
    page.keyboard.press("Enter")
    go_to(page.get_by_label("Name"))
    page.keyboard.type("By Keys")
    go_to(page.get_by_role("button", name="Choose files").first)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([picture("red"), picture("blue")])
    go_to(page.get_by_label("Captions of part 2"))
    page.keyboard.type("Two.")
    page.keyboard.press("Alt+ArrowUp")
    go_to(page.get_by_label("Size").first)
    page.keyboard.press("ArrowDown")
    go_to(page.get_by_role("button", name="Make the video"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="by-keys")).to_be_visible()
    assert store.read("by-keys/assets/1/1.txt")[0] == b"Two.\n"
    assert store.read("by-keys/assets/1/image.png")[0] == picture("red")["buffer"]
    go_to(page.get_by_role("button", name="Stop"))
    page.keyboard.press("Enter")
    go_to(page.get_by_role("link", name="Reelwright"), "Shift+Tab")
    page.keyboard.press("Enter")
    go_to(page.get_by_role("button", name="Delete by-keys"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="by-keys")).to_be_hidden()
    go_to(page.get_by_role("button", name="Undo"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="by-keys")).to_be_visible()
