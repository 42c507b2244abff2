"""Progress on Redis: a public channel, and the last message of each job.

Channel `job_progress_updates`: each message is `Report.fields()` as JSON.
Hash `job:<job_id>`, field `last`: the job's latest message, for a day.
"""

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from shared.runs.report import Report
from shared.settings import Settings, read_settings

if TYPE_CHECKING:
    from redis import Redis

CHANNEL: Final = "job_progress_updates"
_LOCAL: Final = "redis://localhost:6379/0"
_CONNECT_S: Final = 1.0
_ANSWER_S: Final = 2.0
_KEPT_S: Final = 86_400


def get_redis(settings: Settings | None = None) -> "Redis":
    """A client for REDIS_URL (for this machine's Redis if that is unset), shared by all callers.

    Connects on first use. Answers are `str`.
    """
    settings = settings or read_settings(os.environ)
    return _shared_client(settings.redis_url or _LOCAL)


@lru_cache(maxsize=8)
def _shared_client(url: str) -> "Redis":
    return connect(url)


def connect(url: str, *, answer_s: float = _ANSWER_S) -> "Redis":
    """A separate client; each command fails within about twice `answer_s` when Redis doesn't answer."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_S,
        socket_timeout=answer_s,
        retry=Retry(NoBackoff(), 1),  # a connection that broke while it was idle
        decode_responses=True,
    )


class RedisChannel:
    """A `Sink`."""

    name = "Redis"

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Redis | None = None

    def publish(self, report: Report) -> None:
        self._client = self._client or connect(self._url)
        message = json.dumps(report.fields(), ensure_ascii=False)
        key = f"job:{report.job_id}"
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.publish(CHANNEL, message)
            pipeline.hset(key, "last", message)
            pipeline.expire(key, _KEPT_S)
            pipeline.execute()

    def close(self) -> None:
        if self._client:
            self._client.close()
            self._client = None
