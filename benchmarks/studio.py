"""The studio in Chromium: how soon it is seen and answers a hand; and 200 people who watch one run."""

import asyncio
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.asyncio.client import connect

from benchmarks.measure import MemorySampler
from benchmarks.polling import serving
from shared.api.live.updates import Update
from shared.records.documents import utc_now

_ROUNDS: Final = 5
_PARTS: Final = 30
_WATCHERS: Final = 200
_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
_SEEN: Final = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
_MOVED: Final = """async (name) => {
  const button = document.querySelector(`[aria-label="${name}"]`);
  const begun = performance.now();
  button.click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begun;
}"""


@dataclass(frozen=True, kw_only=True)
class Used:
    """What people wait for, in milliseconds: half of the times are below each."""

    seen_ms: float
    """The first view of the page, with nothing kept by the browser."""
    listed_ms: float
    """Until the first creation is shown."""
    moved_ms: float
    """From a click that moves a part of a story of 30 parts to the next picture on the screen."""
    written_ms: float
    """The same for a key that is pressed in a caption."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One run, watched by many."""

    watchers: int
    complete: int
    """Of these, how many were told the end."""
    delay_ms: float
    """From an update to its arrival: half of all are below."""
    slow_ms: float
    """95 of 100 are below."""
    peak_mb: float
    """Of the server and the run's processes."""


def used(root: Path) -> Used:
    """Raises `SystemExit` without Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("chromium is missing: apt-get install chromium")
    _write_story(root / "long", _PARTS)
    with serving(root.as_uri(), {}, "--studio") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        views = [_view(browser, f"{server.url}/studio/") for _ in range(_ROUNDS + 1)][1:]
        page = browser.new_page()
        page.goto(f"{server.url}/studio/#/make/story/long")
        page.get_by_label(f"Captions of part {_PARTS}").wait_for()
        moved = [page.evaluate(_MOVED, f"Move part {number} up") for number in range(2, 22)]
        written = [_write(page) for _ in range(20)]
        browser.close()
    return Used(
        seen_ms=median(seen for seen, _ in views),
        listed_ms=median(listed for _, listed in views),
        moved_ms=median(moved),
        written_ms=median(written),
    )


def _view(browser: Browser, url: str) -> tuple[float, float]:
    context = browser.new_context()
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(".work a").first.wait_for()
    listed_ms = (time.perf_counter() - begun) * 1000
    seen_ms = float(page.evaluate(_SEEN))
    context.close()
    return seen_ms, listed_ms


def _write(page: Page) -> float:
    page.get_by_label("Captions of part 1", exact=True).focus()
    return float(
        page.evaluate(
            """async () => {
              const begun = performance.now();
              document.execCommand("insertText", false, "x");
              await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
              return performance.now() - begun;
            }"""
        )
    )


def watched(root: Path) -> Watched:
    """A story of three parts is made while many watch."""
    _write_story(root / "short", 3)
    with serving(root.as_uri(), {"SPEECH_PROVIDER": "espeak"}) as server, MemorySampler(server.pid) as memory:
        asked = httpx.post(f"{server.url}/me/creation/short/generate_video")
        asked.raise_for_status()
        address = f"ws{server.url.removeprefix('http')}/ws/job/short"
        delays, complete = asyncio.run(_watch_all(address))
    return Watched(
        watchers=_WATCHERS,
        complete=complete,
        delay_ms=median(delays),
        slow_ms=quantiles(delays, n=20)[-1],
        peak_mb=memory.peak_mb,
    )


async def _watch_all(address: str) -> tuple[list[float], int]:
    told = await asyncio.gather(*(_watch(address) for _ in range(_WATCHERS)))
    delays = [delay for one, _ in told for delay in one]
    return delays, sum(ended for _, ended in told)


async def _watch(address: str) -> tuple[list[float], bool]:
    """The delays of what happens while it watches, and whether it is told the end."""
    delays: list[float] = []
    async with connect(address, proxy=None, open_timeout=60) as socket:
        joined = utc_now()
        async for message in socket:
            update = Update.model_validate_json(message)
            at = datetime.fromisoformat(update.timestamp)
            if at > joined:
                delays.append((utc_now() - at).total_seconds() * 1000)
            if update.is_the_last:
                return delays, True
    return delays, False


def _write_story(folder: Path, parts: int) -> None:
    picture = Image.linear_gradient("L").convert("RGB").resize((640, 480))
    for number in range(1, parts + 1):
        part = folder / f"assets/{number}"
        part.mkdir(parents=True)
        picture.save(part / "image.jpg")
        (part / "1.txt").write_text(f"This is part {number} of a story that many people watch.")
    (folder / "assets/story.json").write_text('{"size": "640x480"}')


def as_figures(found: Used, crowd: Watched) -> list[tuple[str, Any, str]]:
    """What was measured, its value and the aim."""
    return [
        ("first view", f"{found.seen_ms:.0f} ms", "below 1,000"),
        ("the list is there", f"{found.listed_ms:.0f} ms", ""),
        (f"a part of {_PARTS} moves", f"{found.moved_ms:.0f} ms", "below 100"),
        ("a letter appears", f"{found.written_ms:.0f} ms", "below 100"),
        (f"{crowd.watchers} watch one run; told the end", str(crowd.complete), str(crowd.watchers)),
        ("an update arrives after", f"{crowd.delay_ms:.0f} ms, 95 of 100 {crowd.slow_ms:.0f} ms", ""),
        ("memory of server and run", f"{crowd.peak_mb:.0f} MB", ""),
    ]
