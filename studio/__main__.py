"""`python -m studio`: the page for a team, beside a server that is elsewhere; the entrypoint of its image."""

import logging
import os
import sys
from collections.abc import Callable, Mapping

from shared.api.guard.serve import EVERYWHERE, port_in, serve
from shared.errors import InvalidSettings
from shared.logs import log
from shared.settings import Settings
from shared.worker.entry import DONE, guarded
from studio.elsewhere import studio_elsewhere
from studio.serving import PATH


def main(environ: Mapping[str, str], *, on_ready: Callable[[str], None] | None = None) -> int:
    """Serve on $PORT until SIGTERM; 0 done, 1 failed, 2 bad settings."""

    def work(settings: Settings) -> int:
        if not settings.studio_server:
            raise InvalidSettings("STUDIO_SERVER is unset: set it to the address of the HTTP API to show")
        app = studio_elsewhere(settings.studio_server, token=settings.api_token, for_team=True)
        port = port_in(environ)
        serve(app, settings=settings, host=EVERYWHERE, port=port, on_ready=on_ready or _say_ready)
        return DONE

    return guarded(work, environ)


def _say_ready(url: str) -> None:
    log(logging.INFO, "studio_ready", f"the studio is at {url}{PATH}/", url=url)


if __name__ == "__main__":
    sys.exit(main(os.environ))
