"""`reelwright studio`: the page for people, in the browser."""

import webbrowser
from typing import Final

import requests
from rich.console import Console

from scripts.serve import serve
from shared.api.guard.auth import check_listen_address, is_loopback
from shared.api.guard.serve import serve as listen
from shared.settings import Settings
from studio.elsewhere import studio_elsewhere
from studio.serving import PATH

_ANSWERS_WITHIN_S: Final = 2


def open_studio(settings: Settings, *, server: str | None, host: str, port: int, browser: bool) -> None:
    """Open the page of a server: the given one, the one that runs at this address, or a new one.

    Raises `InvalidSettings` for an address that can't be used.
    """
    show = _shown if browser else _said
    if server:
        is_local = is_loopback(host)
        app = studio_elsewhere(server, token=settings.api_token, is_local=is_local)
        if not is_local:
            check_listen_address(host, settings)
        listen(app, settings=settings, host=host, port=port, on_ready=lambda url: show(f"{url}{PATH}/"))
    elif _runs_at(url := f"http://{host}:{port}"):
        show(f"{url}{PATH}/")
    else:
        serve(settings, host, port, studio=True, on_ready=lambda url: show(f"{url}{PATH}/"))


def _runs_at(url: str) -> bool:
    """Whether a server of ours that has the page answers there."""
    try:
        answer = requests.get(f"{url}{PATH}/", timeout=_ANSWERS_WITHIN_S, allow_redirects=True)
    except requests.RequestException:
        return False
    return answer.ok and "Reelwright" in answer.text


def _said(url: str) -> None:
    Console(stderr=True).print(f"the studio is at {url}", highlight=False, soft_wrap=True)


def _shown(url: str) -> None:
    _said(url)
    webbrowser.open(url)
