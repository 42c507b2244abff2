"""`reelwright studio`: the page for people, in the browser."""

import webbrowser

from rich.console import Console

from scripts.serve import serve
from shared.api.guard.auth import is_loopback
from shared.api.guard.serve import serve as listen
from shared.errors import InvalidSettings
from shared.settings import Settings
from studio.elsewhere import is_served_at, studio_elsewhere
from studio.serving import PATH


def open_studio(settings: Settings, *, server: str | None, host: str, port: int, browser: bool) -> None:
    """Open the page of a server: the given one, the one that runs at this address, or a new one.

    Raises `InvalidSettings` for an address that can't be used.
    """
    show = _shown if browser else _said
    if server:
        if not is_loopback(host):
            raise InvalidSettings(
                f"--host {host!r}: with --server the page is for this machine alone, since its token is sent "
                "along; for others, start that server with --studio"
            )
        app = studio_elsewhere(server, token=settings.api_token)
        listen(app, settings=settings, host=host, port=port, on_ready=lambda url: show(f"{url}{PATH}/"))
    elif is_served_at(url := f"http://{host}:{port}"):
        show(f"{url}{PATH}/")
    else:
        serve(settings, host, port, studio=True, on_ready=lambda url: show(f"{url}{PATH}/"))


def _said(url: str) -> None:
    Console(stderr=True).print(f"the studio is at {url}", highlight=False, soft_wrap=True)


def _shown(url: str) -> None:
    _said(url)
    webbrowser.open(url)
