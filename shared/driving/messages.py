"""Messages between RPCs: fields of equal name are passed on; responses are kept one after another in a
file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet

from shared.blueprints.protos.reading import Rpc
from shared.errors import BadRequest

MOST_MESSAGE_BYTES: Final = 64 << 20
SUCCESS: Final = "success"


def message_of(kind: Descriptor, fields: Mapping[str, Any], where: str) -> Message:
    """A message with these fields as JSON has them; raises `BadRequest`."""
    try:
        return ParseDict(dict(fields), GetMessageClass(kind)())
    except (ParseError, TypeError, ValueError, RecursionError) as error:
        raise BadRequest(f"{where}: {error}") from None


def parsed(kind: Descriptor, data: bytes) -> Message:
    """A message from the wire; raises `ValueError` if it is none of this kind."""
    try:
        return GetMessageClass(kind).FromString(data)
    except DecodeError as error:
        raise ValueError(str(error)) from None


def has_unknown_fields(message: Message) -> bool:
    return len(UnknownFieldSet(message)) > 0


def failure_in(message: Message) -> str | None:
    """What a response with `success = false` says; None for any other."""
    field = message.DESCRIPTOR.fields_by_name.get(SUCCESS)
    if (
        field is None
        or field.type != FieldDescriptor.TYPE_BOOL
        or field.is_repeated
        or getattr(message, SUCCESS)
    ):
        return None
    text = getattr(message, "message", "")
    return str(text) if isinstance(text, str) and text else "it gives no reason"


def as_json(message: Message) -> dict[str, Any]:
    """For people, and for records; fields that hold nothing are shown as well."""
    found: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return found


def pass_on(source: Message, target: Message) -> None:
    """Copy the fields of equal name; their types are known to agree, though not their numbers."""
    for field in target.DESCRIPTOR.fields:
        there = source.DESCRIPTOR.fields_by_name.get(field.name)
        if there is not None and not (there.has_presence and not source.HasField(field.name)):
            target.ClearField(field.name)
            _copy(getattr(source, field.name), target, field)


def _copy(value: Any, target: Message, field: FieldDescriptor) -> None:
    kind = field.message_type
    if kind is None:
        if field.is_repeated:
            getattr(target, field.name).extend(value)
        else:
            setattr(target, field.name, value)
    elif kind.GetOptions().map_entry:
        _copy_map(value, getattr(target, field.name), kind.fields_by_name["value"].message_type is not None)
    elif field.is_repeated:
        for each in value:
            getattr(target, field.name).add().MergeFromString(each.SerializeToString())
    else:
        getattr(target, field.name).MergeFromString(value.SerializeToString())
        getattr(target, field.name).SetInParent()


def _copy_map(value: Any, target: Any, of_messages: bool) -> None:
    for key in value:
        if of_messages:
            target[key].MergeFromString(value[key].SerializeToString())
        else:
            target[key] = value[key]


def requests_for(
    rpc: Rpc,
    given: Mapping[str, Any],
    own: Sequence[Mapping[str, Any]],
    upstream: Sequence[tuple[Descriptor, Path]],
    where: str,
) -> Iterator[Message]:
    """The requests of an RPC, made of the responses that are kept in the files of `upstream`.

    Single responses are merged into every request; where several hold one field, the last one counts. Of
    streams, each message makes a request, one stream after another. `given` counts less than what is passed
    on, and `own`, which is for this RPC alone, more; several of `own` make a request each.
    """
    first = {path: list(islice(read_messages(path, kind), 2)) for kind, path in upstream}
    singles = [each[0] for each in first.values() if len(each) == 1]
    streams = [read_messages(path, kind) for kind, path in upstream if len(first[path]) != 1]
    for message in chain.from_iterable(streams) if streams else [None]:
        for fields in own or [{}]:
            request = message_of(rpc.input, given, where)
            for each in (*singles, *([message] if message is not None else [])):
                pass_on(each, request)
            if fields:
                _override(request, message_of(rpc.input, fields, where), fields)
            yield request


def _override(request: Message, fields: Message, names: Iterable[str]) -> None:
    said = set(names)
    for field in request.DESCRIPTOR.fields:
        if said & {field.name, field.json_name}:
            request.ClearField(field.name)
    request.MergeFrom(fields)


def write_message(file: BinaryIO, message: Message) -> None:
    """Append a message, its length first, as protobuf's own tools delimit them."""
    data = message.SerializeToString()
    size = len(data)
    head = bytearray()
    while size > 0x7F:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    file.write(bytes(head) + data)


def read_messages(path: Path, kind: Descriptor) -> Iterator[Message]:
    """The messages of a file, one at a time."""
    with path.open("rb") as file:
        while (size := _size(file)) is not None:
            if size > MOST_MESSAGE_BYTES:
                raise ValueError(f"{path.name}: a message of {size} bytes")
            yield parsed(kind, file.read(size))


def _size(file: BinaryIO) -> int | None:
    size = shift = 0
    while byte := file.read(1):
        size |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return size
        shift += 7
    return None
