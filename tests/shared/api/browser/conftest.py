import pytest

from shared.api.app import create_app
from shared.api.browser.brake import Brake
from shared.runs.trigger import Trigger
from shared.settings import Settings
from tests.support.api import TOKEN
from tests.support.client import TestClient


@pytest.fixture
def paused() -> list[float]:
    """How long wrong logins have waited, in seconds."""
    return []


@pytest.fixture
def browser(trigger: Trigger, paused: list[float]) -> TestClient:
    """A browser at a server with a token; nothing is waited for."""

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    app = create_app(trigger, settings=Settings(api_token=TOKEN))
    app.state.brake = Brake(sleep=pause)
    return TestClient(app, base_url="http://films.example", follow_redirects=False)
