"""Starlette's client for tests, on this machine."""

import warnings
from typing import Any

from starlette.types import ASGIApp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette 1 prefers httpx2 and says so at import
    from starlette.testclient import TestClient

__all__ = ["TestClient", "local_client"]


def local_client(app: ASGIApp, **options: Any) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000), **options)
