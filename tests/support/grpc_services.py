"""gRPC services of any proto in this process, whose answers a test decides."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from shared.blueprints.protos.reading import Proto, Rpc

Answer = Callable[[list[Any], grpc.ServicerContext], Any]
"""Gets the requests of a call; returns a response's fields, a list for a stream, or bytes as they are."""


def _bytes_of(rpc: Rpc, answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else GetMessageClass(rpc.output)(**answer).SerializeToString()


def _handler(rpc: Rpc, answer: Answer) -> Any:
    def call(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[bytes]:
        said = answer(list(requests), context)
        for each in said if isinstance(said, list) else [said]:
            yield _bytes_of(rpc, each)

    return grpc.stream_stream_rpc_method_handler(call, GetMessageClass(rpc.input).FromString, None)


@contextmanager
def serving(proto: Proto, answers: Mapping[str, Answer], port: int = 0) -> Iterator[int]:
    """Serve these RPCs of a proto by name, with health; yields the port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
    for name, answer in answers.items():
        rpc = proto.named(name)[0]
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(rpc.service, {name: _handler(rpc, answer)})]
        )
    checks = health.HealthServicer()
    checks.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield bound
    finally:
        server.stop(0).wait()
