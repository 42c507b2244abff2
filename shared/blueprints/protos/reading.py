"""Proto files, read by protoc itself: services, their RPCs, and the fields of their messages."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from shared.errors import BadRequest
from shared.machine.workers import Answer, PastDeadline, WorkerCrashed, Workers

MOST_PROTO_BYTES: Final = 1 << 20
_COMPILERS: Final = Workers("shared.blueprints.protos.compiler", most=2)
_KINDS: Final = {
    value: name.removeprefix("TYPE_").lower()
    for name, value in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}


@dataclass(frozen=True, kw_only=True)
class Rpc:
    """One RPC of a service."""

    service: str
    """With its package."""
    name: str
    input: Descriptor
    output: Descriptor
    input_stream: bool
    output_stream: bool

    @property
    def path(self) -> str:
        """Its name on the wire."""
        return f"/{self.service}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Proto:
    """One proto file, with all that it imports."""

    name: str
    text: str
    set: FileDescriptorSet
    """Of the file, which comes last, and its imports."""

    @cached_property
    def pool(self) -> DescriptorPool:
        """Of its own: two services may call different messages by one name."""
        pool = DescriptorPool()
        for file in self.set.file:
            pool.Add(file)
        return pool

    @cached_property
    def rpcs(self) -> tuple[Rpc, ...]:
        """Of all services, in the file's order."""
        file = self.set.file[-1]
        prefix = f"{file.package}." if file.package else ""
        services = [self.pool.FindServiceByName(prefix + service.name) for service in file.service]
        return tuple(
            Rpc(
                service=service.full_name,
                name=method.name,
                input=method.input_type,
                output=method.output_type,
                input_stream=bool(method.client_streaming),
                output_stream=bool(method.server_streaming),
            )
            for service in services
            for method in service.methods
        )

    def named(self, rpc: str) -> list[Rpc]:
        """The RPCs of this name: more than one if several services have it."""
        return [each for each in self.rpcs if each.name == rpc]


def read_proto(data: bytes, name: str) -> Proto:
    """Compile a proto file; raises `BadRequest` with protoc's own messages, which name the line."""
    if len(data) > MOST_PROTO_BYTES:
        raise BadRequest(f"{name}: has {len(data)} bytes; at most {MOST_PROTO_BYTES} are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{name}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    return _compiled(text, name)


@lru_cache(maxsize=256)
def _compiled(text: str, name: str) -> Proto:
    try:
        said = _COMPILERS.ask({"files": {"service.proto": text}, "main": "service.proto"}, _read)
    except PastDeadline:
        raise BadRequest(f"{name}: protoc did not finish it in time; simplify it") from None
    except WorkerCrashed as crash:
        raise BadRequest(f"{name}: it crashes protoc ({crash}); simplify it") from None
    if "problem" in said:
        raise BadRequest(*(line.replace("service.proto", name) for line in said["problem"].splitlines()))
    found = FileDescriptorSet.FromString(base64.b64decode(said["set"]))
    proto = Proto(name=name, text=text, set=found)
    try:
        _ = proto.rpcs
    except (TypeError, KeyError) as error:  # what the library refuses although protoc took it
        raise BadRequest(f"{name}: can't be loaded: {error}") from None
    return proto


def _read(answer: Answer) -> Mapping[str, str]:
    return answer.said


def kind_of(field: FieldDescriptor) -> str:
    """A field's type in words, by which two fields of one name are compared: `repeated int32`."""
    many = "repeated " if field.is_repeated else ""
    kind = _KINDS[field.type]
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields
            return f"map<{kind_of(key)}, {kind_of(value)}>"
        kind = field.message_type.name
    elif field.enum_type is not None:
        kind = field.enum_type.name
    return f"{many}{kind}"
