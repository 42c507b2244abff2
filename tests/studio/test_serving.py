"""The page as files: where it lies, what it may load, and its words."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.api.app import create_app
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from studio.serving import mount_studio
from tests.support.api import STORY, TOKEN, NotingPlatform
from tests.support.client import TestClient, local_client

SITE = Path(__file__).parents[2] / "studio" / "site"
CATALOGUES = {path.stem: json.loads(path.read_text("utf-8")) for path in (SITE / "words").glob("*.json")}
SCRIPTS = "\n".join(path.read_text("utf-8") for path in (SITE / "app").rglob("*.js"))


def client_of(store: MemoryStore, platform: NotingPlatform, **settings: Any) -> TestClient:
    app = create_app(Trigger(store, platform, {"story": STORY}), settings=Settings(**settings))
    mount_studio(app)
    return local_client(app)


def test_the_page_may_load_nothing_from_elsewhere_and_run_nothing_that_is_written_into_it(
    store: MemoryStore, platform: NotingPlatform
) -> None:
    client = client_of(store, platform)
    for path in ("/studio/", "/studio/app/main.js", "/studio/words/en.json"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert client.get(path).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/studio"])
def test_the_servers_own_address_leads_to_the_page(
    path: str, store: MemoryStore, platform: NotingPlatform
) -> None:
    answer = client_of(store, platform).get(path)
    assert answer.url.path == "/studio/"
    assert "Reelwright" in answer.text


@pytest.mark.parametrize(
    "path", ["/studio/../serving.py", "/studio/%2e%2e/serving.py", "/studio/..%2fserving.py"]
)
def test_nothing_beside_the_page_is_served(path: str, store: MemoryStore, platform: NotingPlatform) -> None:
    assert client_of(store, platform).get(f"/studio/{path}").status_code == 404


def test_with_a_token_people_log_in_first(store: MemoryStore, platform: NotingPlatform) -> None:
    client = client_of(store, platform, api_token=TOKEN)
    answer = client.get("/studio/", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_a_catalogue_has_the_words_of_the_english_one_with_the_same_values(language: str) -> None:
    english, other = CATALOGUES["en"], CATALOGUES[language]
    values = re.compile(r"\{\w+\}")
    assert set(english) - set(other) == set()
    for key, text in other.items():
        if key in english:
            assert set(values.findall(text)) == set(values.findall(english[key])), key


def test_every_word_that_the_page_asks_for_is_in_the_catalogue() -> None:
    asked = set(re.findall(r"""\bt\(\s*"([a-z.]+)\"""", SCRIPTS))
    assert len(asked) > 40
    assert asked - set(CATALOGUES["en"]) == set()


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_every_stage_has_a_name_that_people_understand(language: str) -> None:
    stages = {f"stage.{stage}" for pipeline in pipelines().values() for stage in pipeline.stages}
    assert stages - set(CATALOGUES[language]) == set()
