"""Calls of one service: is it up, is it the version that the export says, and what does it answer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from shared.blueprints.protos.fitting import missing_fields
from shared.blueprints.protos.reading import Rpc
from shared.driving.messages import MOST_MESSAGE_BYTES, failure_in, parsed
from shared.errors import BadRequest, ProviderBusy, ProviderFailed, ProviderRefused
from shared.stages.progress import Progress

_LOOK_EVERY_S: Final = 0.2
_ASK_S: Final = 5.0
_NO_MORE_DATA: Final = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.OUT_OF_RANGE)
"""How AI4EU's data brokers say that there is no more."""
_REFUSALS: Final = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
)


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How services are called."""

    deadline_s: float = 600.0
    """Of one call, or of one stream."""
    wait_s: float = 15.0
    """How long a service may take to be healthy."""
    trusted: Path | None = None
    """Certificates that are trusted: with them the channels are encrypted."""
    server_name: str = ""
    """The name in the services' certificates, if it is not their host's."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A node's service, at its address."""

    container: str
    address: str

    def __str__(self) -> str:
        return f"{self.container} at {self.address}"


@contextmanager
def connected(service: Service, manner: Manner) -> Iterator[grpc.Channel]:
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MOST_MESSAGE_BYTES),
        ("grpc.enable_http_proxy", 0),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if manner.trusted is None:
        channel = grpc.insecure_channel(service.address, options)
    else:
        if manner.server_name:
            options.append(("grpc.ssl_target_name_override", manner.server_name))
        try:
            credentials = grpc.ssl_channel_credentials(manner.trusted.read_bytes())
        except OSError as error:
            raise BadRequest(f"{manner.trusted}: can't be read ({error.strerror})") from None
        channel = grpc.secure_channel(service.address, credentials, options)
    with channel:
        yield channel


def wait_until_healthy(channel: grpc.Channel, service: Service, wait_s: float, progress: Progress) -> None:
    """Return once it serves, or can be reached and has no health service; raises `ProviderBusy` otherwise."""
    stub = health_pb2_grpc.HealthStub(channel)
    until = time.monotonic() + wait_s
    while True:
        progress.update(0.0, "waiting for the service")
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=min(_ASK_S, max(0.5, wait_s)))
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
            reason = "it says that it is not serving"
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return
            reason = f"{error.code().name}: {error.details()}"
        if time.monotonic() > until:
            raise ProviderBusy(
                str(service), f"was not ready within {wait_s:g} s ({reason}); start it and run again"
            )
        time.sleep(_LOOK_EVERY_S)


def check_version(channel: grpc.Channel, service: Service, rpc: Rpc) -> None:
    """Compare the service's own description of the RPC, if it gives one, with the export's proto.

    Raises `ProviderFailed` if the service is another one or another version; fields that it has in addition
    are of no harm.
    """
    found = _described(channel, service, rpc.service)
    if found is None:
        return
    methods = found.methods_by_name
    if rpc.name not in methods:
        names = ", ".join(methods) or "none"
        raise _other_version(service, f"{rpc.service} has no RPC {rpc.name}; it has {names}")
    method = methods[rpc.name]
    if (method.client_streaming, method.server_streaming) != (rpc.input_stream, rpc.output_stream):
        raise _other_version(service, f"{rpc.name} streams otherwise than in the export's proto")
    for ours, theirs in ((rpc.input, method.input_type), (rpc.output, method.output_type)):
        if missing := missing_fields(ours, theirs):
            fields = ", ".join(missing)
            raise _other_version(service, f"its {theirs.name} differs from the export's proto in {fields}")


def _other_version(service: Service, reason: str) -> ProviderFailed:
    return ProviderFailed(
        str(service), f"is another version than the export's: {reason}; deploy the export's image"
    )


def _described(channel: grpc.Channel, service: Service, name: str) -> Any:
    """The service's descriptor by reflection; None where it has no reflection, or its answer is
    incomplete."""
    asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol=name)
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    try:
        answer = next(iter(stub.ServerReflectionInfo(iter([asked]), timeout=_ASK_S)))
    except (grpc.RpcError, StopIteration):
        return None
    if answer.HasField("error_response"):
        raise _other_version(service, f"it has no service {name}")
    pool = DescriptorPool()
    try:
        for data in reversed(answer.file_descriptor_response.file_descriptor_proto):
            pool.Add(FileDescriptorProto.FromString(data))
        return pool.FindServiceByName(name)
    except Exception:  # noqa: BLE001 - the pool's errors have no common class; without imports it can't be compared
        return None


def answers_of(
    channel: grpc.Channel,
    service: Service,
    rpc: Rpc,
    requests: Iterator[Message],
    manner: Manner,
    progress: Progress,
) -> Iterator[Message]:
    """Call the RPC and yield what it answers: once with all requests if it takes a stream, else once for
    each."""
    if rpc.input_stream:
        yield from _one_call(channel, service, rpc, requests, manner, progress)
    else:
        for request in requests:
            has_answered = False
            for answer in _one_call(channel, service, rpc, iter([request]), manner, progress):
                has_answered = True
                yield answer
            if not has_answered and not rpc.output_stream:
                return


def _one_call(
    channel: grpc.Channel,
    service: Service,
    rpc: Rpc,
    requests: Iterator[Message],
    manner: Manner,
    progress: Progress,
) -> Iterator[Message]:
    """On the wire a single message is a stream of one, so every kind of RPC is called in one way."""
    bad: list[Exception] = []
    call = channel.stream_stream(rpc.path, None, None)(_sent(requests, bad), timeout=manner.deadline_s)
    count = 0
    with _ended_with(progress, call) as ended:
        try:
            for data in call:
                count += 1
                yield _checked(service, rpc, data)
        except grpc.RpcError as error:
            if bad or ended:
                raise (bad or ended)[0] from None
            if count == 0 and not rpc.input.fields and error.code() in _NO_MORE_DATA:
                return
            raise _failure(service, rpc, error, manner) from error
    if count != 1 and not rpc.output_stream:
        raise ProviderFailed(str(service), f"{rpc.name} answered {count} messages instead of one")


def _sent(requests: Iterator[Message], bad: list[Exception]) -> Iterator[bytes]:
    """gRPC drops an error of its iterator: it is kept."""
    try:
        for request in requests:
            yield request.SerializeToString()
    except Exception as error:
        bad.append(error)
        raise


@contextmanager
def _ended_with(progress: Progress, call: Any) -> Iterator[list[Exception]]:
    """Cancel the call when this run must end; yields where the reason is then found."""
    done = threading.Event()
    reason: list[Exception] = []

    def watch() -> None:
        while not done.wait(_LOOK_EVERY_S):
            try:
                progress.update(0.0, "called")
            except Exception as error:  # noqa: BLE001 - whatever ends the run ends the call; raised by the caller
                reason.append(error)
                call.cancel()
                return

    watcher = threading.Thread(target=watch, name="call", daemon=True)
    watcher.start()
    try:
        yield reason
    finally:
        done.set()
        call.cancel()
        watcher.join()


def _checked(service: Service, rpc: Rpc, data: bytes) -> Message:
    try:
        message = parsed(rpc.output, data)
    except ValueError as error:
        raise ProviderFailed(
            str(service), f"{rpc.name} answered what is not a {rpc.output.name}: {error}"
        ) from None
    failure = failure_in(message)
    if failure is not None:
        raise ProviderFailed(str(service), f"{rpc.name} says that it failed: {failure}")
    return message


def _failure(service: Service, rpc: Rpc, error: Any, manner: Manner) -> ProviderFailed:
    code, details = error.code(), error.details() or "no reason given"
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return ProviderBusy(
            str(service), f"{rpc.name} took longer than {manner.deadline_s:g} s; raise --deadline"
        )
    if code == grpc.StatusCode.UNAVAILABLE:
        return ProviderBusy(
            str(service), f"can't be reached, or died during {rpc.name} ({details}); start it and run again"
        )
    if code == grpc.StatusCode.UNIMPLEMENTED:
        return _other_version(service, f"it has no RPC {rpc.path}")
    if code in _REFUSALS:
        return ProviderRefused(str(service), f"{rpc.name} refuses the request: {code.name}: {details}")
    return ProviderFailed(str(service), f"{rpc.name} failed: {code.name}: {details}")
