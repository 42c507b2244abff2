"""What tests of the page do as people do it."""

import io
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import FilePayload, Page

from shared.api.app import create_app
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from studio.serving import mount_studio
from tests.support.api import TOKEN

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
"""What a page must show as text."""


def studio_of(trigger: Trigger, **settings: Any) -> FastAPI:
    """The API with the page; the voice is espeak unless `settings` say otherwise."""
    app = create_app(trigger, settings=Settings(**{"speech_provider": "espeak", **settings}))
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


def log_in(page: Page) -> None:
    """Where the login is shown."""
    page.locator("input[type=password]").fill(TOKEN)
    page.keyboard.press("Enter")


def check_access(page: Page, *rules: str) -> None:
    """Nothing that axe knows of shuts anyone out, or nothing that these rules find."""
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = Axe().run(page, options={"resultTypes": ["violations"], **only})
    assert found.response["violations"] == [], found.generate_report()
