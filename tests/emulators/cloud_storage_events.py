"""Tells a listener of every object that was finalised, as Eventarc does."""

import json
import queue
import threading
import urllib.request
from collections.abc import Callable
from typing import Any, Final

FINALIZED: Final = "google.cloud.storage.object.v1.finalized"

Event = dict[str, Any]


class Events:
    """Delivers in order, in a thread of its own, each once; what a listener refuses is kept."""

    def __init__(self, listener: Callable[[Event], None] | None) -> None:
        self._listener = listener
        self._waiting: queue.Queue[Event | None] = queue.Queue()
        self.undelivered: list[Event] = []
        self._thread = threading.Thread(target=self._deliver, daemon=True)
        if listener:
            self._thread.start()

    def announce(self, resource: dict[str, Any]) -> None:
        if self._listener:
            self._waiting.put(finalized(resource))

    def flush(self) -> None:
        """Wait until all that was announced is delivered or refused."""
        self._waiting.join()

    def close(self) -> None:
        if self._listener:
            self._waiting.put(None)
            self._thread.join(timeout=10)

    def _deliver(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                if self._listener:
                    self._listener(event)
            except Exception:  # the listener's own affair, told by `undelivered`
                self.undelivered.append(event)
            finally:
                self._waiting.task_done()


def finalized(resource: dict[str, Any]) -> Event:
    """The CloudEvent of an object: https://github.com/googleapis/google-cloudevents (storage/v1)."""
    return {
        "specversion": "1.0",
        "id": f"{resource['generation']}{resource['metageneration']}",
        "source": f"//storage.googleapis.com/projects/_/buckets/{resource['bucket']}",
        "type": FINALIZED,
        "subject": f"objects/{resource['name']}",
        "time": resource["updated"],
        "datacontenttype": "application/json",
        "bucket": resource["bucket"],
        "data": resource,
    }


def post_to(url: str) -> Callable[[Event], None]:
    """A listener that sends events in the binary content mode, as Eventarc does; raises unless told 2xx."""

    def post(event: Event) -> None:
        headers = {
            f"ce-{name}": str(event[name]) for name in event if name not in {"data", "datacontenttype"}
        }
        headers["ce-subject"] = headers["ce-subject"].encode("ascii", "backslashreplace").decode()
        headers["Content-Type"] = event["datacontenttype"]
        request = urllib.request.Request(url, json.dumps(event["data"]).encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=60):
            return

    return post
