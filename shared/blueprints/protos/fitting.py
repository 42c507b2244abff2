"""Whether one RPC's output fits another's input: fields of equal name are passed on, so their types must
agree."""

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from shared.blueprints.protos.reading import Rpc, kind_of


def misfits(source: Rpc, target: Rpc, same_types: bool = False) -> list[str]:
    """Why the target can't be fed by the source; empty if it can.

    A target without fields is only told to begin. With `same_types` both must name and shape their message
    alike, which is what AI4EU's designer demands.
    """
    if same_types and (source.output.name != target.input.name or not _alike(source.output, target.input)):
        names = f"{target.input.name} is not {source.output.name}"
        return [f"{names}; both must be the same message, by name and fields"]
    given, taken = source.output.name, target.input.name
    return [
        f"field {here.name!r} is {kind_of(there)} in {given}, but {kind_of(here)} in {taken}"
        for there, here in _shared(source.output, target.input)
        if not _fits(there, here)
    ]


def missing_fields(ours: Descriptor, theirs: Descriptor) -> list[str]:
    """Fields of our message that another version of it lacks, or has with another number or type."""
    there = theirs.fields_by_number
    return [
        field.name
        for field in ours.fields
        if field.number not in there
        or there[field.number].name != field.name
        or not _fits(there[field.number], field)
    ]


def _shared(source: Descriptor, target: Descriptor) -> list[tuple[FieldDescriptor, FieldDescriptor]]:
    given = source.fields_by_name
    return [(given[field.name], field) for field in target.fields if field.name in given]


def _fits(there: FieldDescriptor, here: FieldDescriptor, depth: int = 0) -> bool:
    if kind_of(there) != kind_of(here):
        return False
    if there.enum_type is not None and here.enum_type is not None:
        return _numbers(there.enum_type) == _numbers(here.enum_type)
    if there.message_type is not None and here.message_type is not None:
        return _alike(there.message_type, here.message_type, depth + 1)
    return True


def _numbers(kind: EnumDescriptor) -> dict[str, int]:
    return {value.name: value.number for value in kind.values}


def _alike(one: Descriptor, other: Descriptor, depth: int = 0) -> bool:
    """The same fields by name, number and type; messages within messages are compared to a depth of 8."""
    if depth > 8:
        return True
    mine = {field.number: field for field in one.fields}
    others = {field.number: field for field in other.fields}
    return mine.keys() == others.keys() and all(
        field.name == others[number].name and _fits(field, others[number], depth)
        for number, field in mine.items()
    )
