import pytest

from shared.api.app import create_app
from shared.errors import InvalidSettings
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings, read_settings
from tests.support.api import TOKEN
from tests.support.client import TestClient

UPLOADS = "/me/creation/spring/uploads"
STUDIO = "https://studio.example"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def site(trigger: Trigger, spring: Creation) -> TestClient:
    settings = Settings(api_token=TOKEN, cors_origins=(STUDIO, "http://localhost:3000"))
    return TestClient(create_app(trigger, settings=settings), base_url="https://films.example")


def preflight(client: TestClient, origin: str, method: str, headers: str) -> dict[str, str]:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return dict(client.options(UPLOADS, headers={"Origin": origin, **asked}).headers)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_browser_may_ask_first_what_it_may_send(site: TestClient, method: str) -> None:
    sent = "authorization,content-type,if-match,if-none-match,range,idempotency-key"
    tus = "tus-resumable,upload-length,upload-metadata,upload-offset"
    found = preflight(site, STUDIO, method, f"{sent},{tus}")
    assert found["access-control-allow-origin"] == STUDIO
    assert set(f"{sent},{tus}".split(",")) <= set(found["access-control-allow-headers"].lower().split(", "))
    assert method in found["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in found


def test_others_may_send_nothing(site: TestClient) -> None:
    assert "access-control-allow-origin" not in preflight(site, "https://evil.example", "POST", "range")
    answer = site.options(
        UPLOADS, headers={"Origin": STUDIO, "Access-Control-Request-Method": "POST",
                          "Access-Control-Request-Headers": "x-other"},
    )  # fmt: skip
    assert answer.status_code == 400


def test_an_answer_can_be_read_with_its_headers(site: TestClient) -> None:
    answer = site.get("/me/creation/spring/assets/1/1.txt", headers={**BEARER, "Origin": STUDIO})
    assert answer.headers["access-control-allow-origin"] == STUDIO
    exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
    assert {"etag", "location", "content-range", "upload-offset", "retry-after"} <= set(exposed)
    assert "Origin" in answer.headers["vary"]


def test_a_refusal_can_be_read_too(site: TestClient) -> None:
    answer = site.get(UPLOADS, headers={"Origin": STUDIO})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, STUDIO)


def test_a_page_of_another_site_reads_nothing(site: TestClient) -> None:
    answer = site.get("/metrics", headers={**BEARER, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_no_site_may_use_a_session(site: TestClient) -> None:
    assert site.post("/login", json={"token": TOKEN}).status_code == 204
    assert site.post("/me/creation/spring/generate_video", headers={"Origin": STUDIO}).status_code == 403


def test_without_the_setting_nothing_is_allowed(trigger: Trigger) -> None:
    client = TestClient(create_app(trigger, settings=Settings(api_token=TOKEN)))
    answer = client.options(UPLOADS, headers={"Origin": STUDIO, "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 401
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_origins_are_read_as_people_write_them() -> None:
    given = "https://Studio.example/, http://localhost:3000,,http://[::1]:8000"
    found = read_settings({"CORS_ORIGINS": given}).cors_origins
    assert found == (STUDIO, "http://localhost:3000", "http://[::1]:8000")


@pytest.mark.parametrize(
    "given", ["*", f"{STUDIO},*", "studio.example", f"{STUDIO}/page", "null", "https://*.x"]
)
def test_what_is_no_origin_is_refused(given: str) -> None:
    with pytest.raises(InvalidSettings, match="CORS_ORIGINS") as caught:
        read_settings({"CORS_ORIGINS": given})
    assert ("any page could use a token" in str(caught.value)) == given.endswith("*")
