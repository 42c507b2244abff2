"""Headless Chromium from Debian's package, driven by Playwright, and pages that must not complain."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect, sync_playwright

from tests.support.debian import find_program, need
from tests.support.patience import HANGS_AFTER_S

_HEADLESS: Final = "chromium-headless-shell"
"""Chromium without its windows: a third less work than `chromium --headless`."""
_QUIET: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)
"""As root it needs the first; the others keep it from asking anyone on the network."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with the module: as long as Playwright is there, this thread has a running event loop."""
    expect.set_options(timeout=HANGS_AFTER_S * 1000)
    program = find_program(_HEADLESS) or find_program("chromium") or need(_HEADLESS, (_HEADLESS,))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own; the test fails if it logs an error, or asks anyone but this machine."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="en-GB")
    context.set_default_timeout(HANGS_AFTER_S * 1000)
    page = context.new_page()
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    def look(response: Response) -> None:
        if not response.url.startswith(("http://127.0.0.1:", "blob:", "data:")):
            wrong.append(f"asked {response.url}")

    page.on("console", hear)
    page.on("response", look)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == [], wrong
