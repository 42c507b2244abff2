"""librdkafka's mock cluster: brokers in this process, on free ports, which fail on request.

confluent_kafka's library has it, without any Python for its faults; rdkafka_mock.h has its functions.
"""

import ctypes
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import confluent_kafka

PRODUCE: Final = 0
LIST_OFFSETS: Final = 2
METADATA: Final = 3
OFFSET_COMMIT: Final = 8
NOT_LEADER: Final = 6
NOT_ENOUGH_REPLICAS: Final = 19
TIMED_OUT: Final = 7
ILLEGAL_GENERATION: Final = 22
MESSAGE_TOO_LARGE: Final = 10
_TRANSPORT: Final = -195
"""Numbers of requests and errors: https://kafka.apache.org/protocol; the last is librdkafka's own."""
_PRODUCER: Final = 0


def _library() -> ctypes.CDLL:
    folder = Path(confluent_kafka.__file__).parent
    (path,) = (folder.parent / "confluent_kafka.libs").glob("librdkafka*")
    library = ctypes.CDLL(str(path))
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return library


class KafkaCluster:
    """One broker and its topics; a context manager."""

    def __init__(self, *topics: str, partitions: int = 4) -> None:
        self._library = _library()
        text = ctypes.create_string_buffer(512)
        conf = self._library.rd_kafka_conf_new()
        self._client = self._library.rd_kafka_new(_PRODUCER, ctypes.c_void_p(conf), text, len(text))
        assert self._client, text.value
        handle = ctypes.c_void_p(self._client)
        self._cluster = ctypes.c_void_p(self._library.rd_kafka_mock_cluster_new(handle, 1))
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, ctypes.c_int32(50))
        for topic in topics:
            self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, 1)
        self.brokers: str = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(ctypes.c_void_p(self._client))

    def fail(self, request: int, *errors: int) -> None:
        """Answer the next requests of this kind with these errors."""
        numbers = (ctypes.c_int * len(errors))(*errors)
        self._library.rd_kafka_mock_push_request_errors_array(
            self._cluster, ctypes.c_int16(request), ctypes.c_size_t(len(errors)), numbers
        )

    def lose_answers(self, request: int, times: int = 1) -> None:
        """Close the connection instead of answering."""
        self.fail(request, *[_TRANSPORT] * times)

    def go_down(self) -> None:
        self._library.rd_kafka_mock_broker_set_down(self._cluster, ctypes.c_int32(1))

    def come_up(self) -> None:
        self._library.rd_kafka_mock_broker_set_up(self._cluster, ctypes.c_int32(1))
