"""An app that really listens, on a free port of this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from shared.api.guard.serve import make_server, open_socket, url_of


@contextmanager
def listening(app: FastAPI, port: int = 0) -> Iterator[str]:
    """Yields its URL; afterwards it has ended. Port 0 takes a free one."""
    server = make_server(app)
    with open_socket("127.0.0.1", port) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield url_of(listener)
        finally:
            server.should_exit = True
            thread.join()
