"""Everything that can be wrong with an export, found at once."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

from shared.blueprints.documents import Blueprint, Dialect, DockerInfo, Node, Signature
from shared.blueprints.graph import Graph, Place, nearest, place_name
from shared.blueprints.protos.fitting import misfits
from shared.blueprints.protos.reading import Proto, Rpc

EMPTY: Final = "Empty"
_COMMENT: Final = re.compile(r'("(?:\\.|[^"\\\n])*")|/\*.*?\*/|//[^\n]*', re.DOTALL)


def graph_of(blueprint: Blueprint) -> Graph:
    """The graph of all operations; links that lead nowhere are left out."""
    signatures = [
        (node.container_name, each) for node in blueprint.nodes for each in node.operation_signature_list
    ]
    places = tuple((name, each.operation_signature.operation_name) for name, each in signatures)
    links = [
        (
            (name, each.operation_signature.operation_name),
            (link.container_name, link.operation_signature.operation_name),
        )
        for name, each in signatures
        for link in each.connected_to
    ]
    return Graph(
        tuple(dict.fromkeys(places)), tuple(link for link in dict.fromkeys(links) if link[1] in places)
    )


def problems_of_export(
    blueprint: Blueprint, dockerinfo: DockerInfo, protos: Mapping[str, Proto], dialect: Dialect | None = None
) -> list[str]:
    """Each problem as a sentence; `dialect` says whose rules hold if not those of the blueprint's own."""
    found = [*_doubles(blueprint), *_dead_ends(blueprint), *_docker_problems(blueprint, dockerinfo)]
    rpcs: dict[Place, Rpc] = {}
    for node in blueprint.nodes:
        found += _signature_problems(node, protos.get(node.container_name), rpcs)
    graph = graph_of(blueprint)
    ai4eu = (dialect or blueprint.dialect) == "ai4eu"
    for one, other in graph.links:
        if one in rpcs and other in rpcs:
            names = f"blueprint.json: {place_name(one)} -> {place_name(other)}"
            found += [f"{names}: {each}" for each in misfits(rpcs[one], rpcs[other], ai4eu)]
    found += _graph_problems(graph)
    if ai4eu:
        found += ai4eu_problems(graph, rpcs, protos.values())
    return list(dict.fromkeys(found))


def ai4eu_problems(graph: Graph, rpcs: Mapping[Place, Rpc], protos: Iterable[Proto]) -> list[str]:
    """Where services break AI4EU's rules, beside those of a connection's messages."""
    known = list(protos)
    rules = [each for proto in known for each in ai4eu_rules(proto)]
    return [*rules, *_merged_problems(known), *_starts_with_data(graph, rpcs)]


def _doubles(blueprint: Blueprint) -> Iterator[str]:
    for name, count in Counter(node.container_name.lower() for node in blueprint.nodes).items():
        if count > 1:
            yield f"blueprint.json: {count} nodes are called {name!r}; give each a container_name of its own"
    for node in blueprint.nodes:
        names = Counter(each.operation_signature.operation_name for each in node.operation_signature_list)
        for name, count in names.items():
            if count > 1:
                yield f"blueprint.json: {node.container_name}: lists operation {name!r} {count} times"
        yield from _double_links(node)


def _double_links(node: Node) -> Iterator[str]:
    for each in node.operation_signature_list:
        name = f"{node.container_name}.{each.operation_signature.operation_name}"
        links = Counter(
            (to.container_name, to.operation_signature.operation_name) for to in each.connected_to
        )
        for place, count in links.items():
            if count > 1:
                yield f"blueprint.json: {name} is connected to {place_name(place)} {count} times"


def _dead_ends(blueprint: Blueprint) -> Iterator[str]:
    """Links, and AI4EU's input ports, to what is not there."""
    known = {
        node.container_name: [
            each.operation_signature.operation_name for each in node.operation_signature_list
        ]
        for node in blueprint.nodes
    }
    links = [
        (f"{node.container_name}.{each.operation_signature.operation_name} is connected to", link)
        for node in blueprint.nodes
        for each in node.operation_signature_list
        for link in each.connected_to
    ]
    links += [("input_ports name", link) for link in blueprint.input_ports or ()]
    for said, link in links:
        name, operation = link.container_name, link.operation_signature.operation_name
        if name not in known:
            yield f"blueprint.json: {said} {name!r}, which is not a node{nearest(name, list(known))}"
        elif operation not in known[name]:
            near = nearest(operation, known[name])
            yield f"blueprint.json: {said} {operation!r} of {name!r}, which has no such operation{near}"


def _docker_problems(blueprint: Blueprint, dockerinfo: DockerInfo) -> Iterator[str]:
    nodes = {node.container_name: node for node in blueprint.nodes}
    counts = Counter(dockerinfo.names)
    yield from (
        f"dockerinfo.json: lists {name!r} {count} times" for name, count in counts.items() if count > 1
    )
    yield from (f"dockerinfo.json: has no entry for node {name!r}" for name in nodes if name not in counts)
    for name, image in dockerinfo.images.items():
        if name not in nodes:
            yield f"dockerinfo.json: {name!r} is not a node of the blueprint{nearest(name, list(nodes))}"
        elif image != nodes[name].image:
            there = nodes[name].image
            yield f"dockerinfo.json: the image of {name!r} is {image}, but {there} in blueprint.json"
    for (host, port), count in Counter(dockerinfo.addresses.values()).items():
        if count > 1:
            yield f"dockerinfo.json: {count} containers are at {host}:{port}; give each an address of its own"


def _signature_problems(node: Node, proto: Proto | None, rpcs: dict[Place, Rpc]) -> Iterator[str]:
    """What the blueprint says of a node's RPCs and the proto does not; notes the others in `rpcs`."""
    name = node.container_name
    if proto is None:
        return  # its reader has said why
    for each in node.operation_signature_list:
        signature = each.operation_signature
        operation = signature.operation_name
        found = proto.named(operation)
        if len(found) == 1:
            rpcs[name, operation] = found[0]
            yield from (
                f"blueprint.json: {name}.{operation}: {text}" for text in _differences(signature, found[0])
            )
        elif found:
            owners = ", ".join(rpc.service for rpc in found)
            yield f"{proto.name}: {operation!r} of {name!r} is in {owners}; give each RPC a name of its own"
        else:
            known = [rpc.name for rpc in proto.rpcs]
            near = nearest(operation, known)
            yield f"{proto.name}: operation {operation!r} of {name!r} is not an RPC there{near}"


def _differences(signature: Signature, rpc: Rpc) -> Iterator[str]:
    for way, said, message in (
        ("input", signature.input_message_name, rpc.input),
        ("output", signature.output_message_name, rpc.output),
    ):
        if said and said.lstrip(".") not in (message.name, message.full_name):
            yield f"{way}_message_name is {said!r}, but {message.name!r} in the proto"
    for field, said_stream, stream in (
        ("input_message_stream", signature.input_message_stream, rpc.input_stream),
        ("output_message_stream", signature.output_message_stream, rpc.output_stream),
    ):
        if field in signature.model_fields_set and said_stream != stream:
            yield f"{field} is {str(said_stream).lower()}, but {str(stream).lower()} in the proto"


def _graph_problems(graph: Graph) -> Iterator[str]:
    if graph.cycle:
        yield f"blueprint.json: a cycle: {' -> '.join(map(place_name, (*graph.cycle, graph.cycle[0])))}"
    first, *others = graph.islands()
    for island in others:
        yield f"blueprint.json: {', '.join(island)} is an island: no link leads there from {first[0]}"


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda found: found[1] or "", text)


def ai4eu_rules(proto: Proto) -> Iterator[str]:
    """Where a proto breaks the rules of AI4EU's editor."""
    file = proto.set.file[-1]
    text = _without_comments(proto.text)
    if not re.search(r'^\s*syntax\s*=\s*"proto3"\s*;', text):
        yield f'{proto.name}: AI4EU wants syntax = "proto3"; first, in double quotes'
    if file.dependency:
        yield f"{proto.name}: AI4EU allows no import ({', '.join(file.dependency)}); copy the messages in"
    if file.package:
        yield f"{proto.name}: AI4EU allows no package ({file.package}); leave it out"
    if len(file.service) != 1:
        yield f"{proto.name}: AI4EU wants one service; it has {len(file.service)}"
    if file.enum_type or any(map(_has_enum, file.message_type)):
        yield f"{proto.name}: AI4EU allows no enum; use a number or a string"
    yield from _layout_problems(proto.name, text)


def _has_enum(message: DescriptorProto) -> bool:
    return bool(message.enum_type) or any(map(_has_enum, message.nested_type))


def _layout_problems(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}: AI4EU wants"
        if re.search(r"\brpc\b[^;{]*\{", line):
            yield f"{where} a semicolon after an rpc, not braces"
            continue
        if re.search(r"\S\{", line):
            yield f"{where} a space before an opening brace"
        if "}" in line and line.strip() != "}":
            yield f"{where} a closing brace on a line of its own"


def _merged_problems(protos: Iterable[Proto]) -> Iterator[str]:
    """AI4EU's orchestrator merges all protos: what has one name must be one thing."""
    seen: dict[str, tuple[str, bytes]] = {}
    for proto in protos:
        for name, content in _named_parts(proto.set.file[-1]):
            owner, before = seen.setdefault(name, (proto.name, content))
            if before != content:
                yield f"{proto.name}: {name!r} differs from that of {owner}; AI4EU merges all protos into one"


def _named_parts(file: FileDescriptorProto) -> Iterator[tuple[str, bytes]]:
    for part in (*file.message_type, *file.service):
        yield part.name, part.SerializeToString(deterministic=True)


def _starts_with_data(graph: Graph, rpcs: Mapping[Place, Rpc]) -> list[str]:
    """Starts that AI4EU could not call: its first RPCs take `Empty`."""
    return [
        f"{place_name(place)}: AI4EU's first RPC takes {EMPTY}, not {rpcs[place].input.name}"
        for place in graph.starts
        if place in rpcs and (rpcs[place].input.name != EMPTY or rpcs[place].input.fields)
    ]
