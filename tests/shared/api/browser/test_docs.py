import re
from base64 import b64encode
from hashlib import sha256

from tests.support.client import TestClient


def test_the_documentation_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    found = set(re.findall(r"(?:src=|href=|url: )[\"']([^\"']*)[\"']", page.text))
    assert found >= {"/openapi.json", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"}
    assert all(place.startswith("/") and not place.startswith("//") for place in found)
    for place in found:
        assert client.get(place).status_code == 200
    assert len(client.get("/docs/swagger-ui-bundle.js").content) > 500_000
    assert client.get("/redoc").status_code == 404


def test_only_the_scripts_of_the_page_run(client: TestClient) -> None:
    page = client.get("/docs")
    (script,) = re.findall("<script>(.*?)</script>", page.text, re.DOTALL)
    policy = page.headers["content-security-policy"]
    assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "default-src 'none'" in policy


def test_a_file_is_loaded_once_and_others_are_not_there(client: TestClient) -> None:
    first = client.get("/docs/swagger-ui.css")
    assert first.headers["content-type"].startswith("text/css")
    again = client.get("/docs/swagger-ui.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/docs/__init__.py").status_code == 404
