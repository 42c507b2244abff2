from typing import Any

import pytest

from shared.api.app import create_app
from shared.errors import StoreError
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient, local_client

ROUTES = {
    ("get", "/healthz"),
    ("post", "/me/creation/{creation_id}/generate_video"),
    ("get", "/me/creation/{creation_id}/generate_video_status"),
    ("post", "/me/creation/{creation_id}/generate_video/cancel"),
    ("get", "/pipelines"),
    ("get", "/voices"),
    ("post", "/me/creation/{creation_id}/estimate"),
    ("post", "/voices/sample"),
    ("put", "/voices/{name}"),
    ("post", "/me/creation/{creation_id}/advertise"),
    ("get", "/me/creation/{creation_id}/advertise_status"),
    ("post", "/me/creation/{creation_id}/advertise/cancel"),
    ("get", "/me/creation/{creation_id}"),
    ("get", "/me/creation/{creation_id}/manifest"),
    ("post", "/me/creation/{creation_id}/still"),
    ("get", "/me/creation/{creation_id}/cut"),
    ("get", "/me/creation/{creation_id}/cut.otio"),
    ("get", "/me/creation/{creation_id}/transcript"),
    ("get", "/me/creation/{creation_id}/assets/"),
    ("put", "/me/creation/{creation_id}/assets/{name}"),
    ("get", "/me/creation/{creation_id}/assets/{name}"),
    ("delete", "/me/creation/{creation_id}/assets/{name}"),
    ("options", "/me/creation/{creation_id}/uploads"),
    ("post", "/me/creation/{creation_id}/uploads"),
    ("head", "/me/creation/{creation_id}/uploads/{upload}"),
    ("patch", "/me/creation/{creation_id}/uploads/{upload}"),
    ("delete", "/me/creation/{creation_id}/uploads/{upload}"),
    ("post", "/api/videos/generate"),
    ("get", "/api/videos"),
    ("get", "/api/videos/{job_id}"),
    ("delete", "/api/videos/{job_id}"),
    ("post", "/api/videos/{job_id}/cancel"),
    ("post", "/api/videos/{job_id}/resume"),
    ("post", "/me/creation/{creation_id}/links"),
    ("get", "/shared/{creation_id}/assets/{name}"),
    ("get", "/login"),
    ("post", "/login"),
    ("post", "/logout"),
    ("get", "/creations"),
    ("delete", "/me/creation/{creation_id}"),
    ("post", "/me/creation/{creation_id}/restore"),
    ("get", "/metrics"),
    ("post", "/events"),
    ("post", "/sweep"),
}


@pytest.fixture
def operations(client: TestClient) -> dict[tuple[str, str], dict[str, Any]]:
    paths = client.get("/openapi.json").json()["paths"]
    return {(method, path): operation for path, item in paths.items() for method, operation in item.items()}


def test_every_route_is_documented(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert set(operations) == ROUTES
    assert len({operation["operationId"] for operation in operations.values()}) == len(ROUTES)
    for operation in operations.values():
        assert operation["description"]


OPEN = {
    ("get", "/healthz"),
    ("get", "/login"),
    ("post", "/login"),
    ("post", "/logout"),
    ("get", "/shared/{creation_id}/assets/{name}"),
}


def test_problems_are_documented_with_their_media_type(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for operation in operations.values():
        kinds = {status: set(each.get("content", {})) for status, each in operation["responses"].items()}
        assert {status for status, kind in kinds.items() if kind == {"application/problem+json"}} == {
            status for status in kinds if status >= "400"
        }
        assert {"400", "405"} <= set(kinds)
        assert "Allow" in operation["responses"]["405"]["headers"]
    assert "202" in operations["post", "/me/creation/{creation_id}/generate_video"]["responses"]


def test_what_needs_no_token_is_documented_as_open(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    assert {route for route, operation in operations.items() if "security" not in operation} == OPEN


def test_events_may_bring_their_token_as_an_attribute(
    operations: dict[tuple[str, str], dict[str, Any]], client: TestClient
) -> None:
    schemes = client.get("/openapi.json").json()["components"]["securitySchemes"]
    routes = {
        route: [schemes[name].get("name", "bearer") for need in operation["security"] for name in need]
        for route, operation in operations.items()
        if "security" in operation
    }
    assert sorted(routes.pop(("post", "/events"))) == [
        "bearer",
        "ce-token",
        "reelwright_session",
    ]
    assert all(names == ["bearer", "reelwright_session"] for names in routes.values())


def test_bodies_are_documented(operations: dict[tuple[str, str], dict[str, Any]], client: TestClient) -> None:
    put = operations["put", "/me/creation/{creation_id}/assets/{name}"]
    got = operations["get", "/me/creation/{creation_id}/assets/{name}"]["responses"]["200"]["content"]
    assert set(put["requestBody"]["content"]) == set(got) >= {"image/png", "audio/mpeg", "video/mp4"}
    events = operations["post", "/events"]["requestBody"]["content"]
    assert set(events) == {"application/cloudevents+json", "application/json"}
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert set(schemas["StatusBody"]["properties"]["status"]["enum"]) == {"pending", "completed", "failed"}
    for name in ("StatusBody", "StageBody", "AssetBody", "SweepBody", "Problem"):
        described = [
            field
            for field in schemas[name]["properties"].values()
            if {"examples", "description"} & set(field)
        ]
        assert len(described) >= len(schemas[name]["properties"]) // 2


@pytest.mark.logs_errors
def test_health_fails_with_the_store(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    client = local_client(create_app(Trigger(store, NotingPlatform(), {}), settings=Settings()))
    assert client.get("/healthz").json().keys() == {"status", "version"}

    def refuse(key: str) -> None:
        raise StoreError("look at", key, "no network")

    monkeypatch.setattr(store, "stat", refuse)
    assert client.get("/healthz").status_code == 503
