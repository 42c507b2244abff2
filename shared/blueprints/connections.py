"""`connections.json`: which RPC of which service feeds which, written by people.

`infra/ai-effect/connections.schema.json` is its JSON Schema (`python -m scripts.blueprint` prints it).
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.blueprints.documents import OperationName
from shared.blueprints.graph import Graph, Place, islands_of, nearest, place_name
from shared.blueprints.protos.fitting import misfits
from shared.blueprints.protos.reading import Proto, Rpc

ServiceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$")]
"""A folder below `services/`."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Connection(_Part):
    """One RPC's output is another's input."""

    from_service: ServiceName
    from_method: OperationName
    to_service: ServiceName
    to_method: OperationName

    @property
    def ends(self) -> tuple[Place, Place]:
        return (self.from_service, self.from_method), (self.to_service, self.to_method)


class PipelineConnections(_Part):
    """The pipeline: its name, its first service, and all connections."""

    name: str = Field("", max_length=200)
    description: str = Field("", max_length=10_000)
    start_service: ServiceName | None = None
    """The service that comes first in the export and has the base port."""
    connections: tuple[Connection, ...] = Field((), max_length=5000)


class Connections(_Part):
    """The whole file."""

    pipeline: PipelineConnections

    def graph(self, protos: Mapping[str, Proto]) -> Graph:
        """The RPCs that a connection names. A service that none names takes part with all its RPCs; what is
        not there is left out."""
        known = {(service, rpc.name) for service, proto in protos.items() for rpc in proto.rpcs}
        ends = dict.fromkeys(each.ends for each in self.pipeline.connections)
        links = tuple(link for link in ends if known.issuperset(link))
        named = {place for link in links for place in link}
        places = []
        for service, proto in protos.items():
            own = [(service, rpc.name) for rpc in proto.rpcs]
            places += [place for place in own if place in named] or own
        return Graph(tuple(places), links)


def json_schema() -> str:
    """The JSON Schema, as it is published."""
    schema = Connections.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "connections.json"}
    return json.dumps({**head, **_without_titles(schema)}, indent=2) + "\n"


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, dict):
        kept = {name: each for name, each in schema.items() if name != "title" or isinstance(each, dict)}
        return {name: _without_titles(each) for name, each in kept.items()}
    return [_without_titles(each) for each in schema] if isinstance(schema, list) else schema


def problems_of_connections(found: Connections, protos: Mapping[str, Proto], same_types: bool) -> list[str]:
    """Everything that is wrong with the connections, given the services' protos.

    `same_types`: a consumer must take the very message that its producer gives, as AI4EU demands.
    """
    said = found.pipeline
    problems = _start_problems(said.start_service, protos)
    seen: dict[tuple[Place, Place], int] = {}
    for number, connection in enumerate(said.connections, 1):
        where = f"connections.json: connection {number}"
        if seen.setdefault(connection.ends, number) != number:
            problems.append(f"{where} repeats connection {seen[connection.ends]}; take one out")
            continue
        source, target = (_rpc(where, place, protos, problems) for place in connection.ends)
        if source and target:
            names = " -> ".join(map(place_name, connection.ends))
            problems += [f"connections.json: {names}: {each}" for each in misfits(source, target, same_types)]
    return [*problems, *_islands(said, protos), *_graph_problems(found.graph(protos), said)]


def _start_problems(start: str | None, protos: Mapping[str, Proto]) -> list[str]:
    if start is None or start in protos:
        return []
    near = nearest(start, list(protos))
    return [f"connections.json: start_service {start!r} is not a folder of services/{near}"]


def _rpc(where: str, place: Place, protos: Mapping[str, Proto], problems: list[str]) -> Rpc | None:
    service, method = place
    if service not in protos:
        problems.append(f"{where}: no service {service!r} in services/{nearest(service, list(protos))}")
        return None
    rpcs = protos[service].named(method)
    if len(rpcs) == 1:
        return rpcs[0]
    if rpcs:
        owners = ", ".join(rpc.service for rpc in rpcs)
        problems.append(f"{where}: {method!r} of {service!r} is in {owners}; give each RPC a name of its own")
    else:
        names = [rpc.name for rpc in protos[service].rpcs]
        problems.append(
            f"{where}: {protos[service].name} of {service!r} has no RPC {method!r}{nearest(method, names)}"
        )
    return None


def _islands(said: PipelineConnections, protos: Mapping[str, Proto]) -> list[str]:
    """Also a connection whose RPC is misspelt connects its services."""
    links = [(each.from_service, each.to_service) for each in said.connections]
    first, *others = islands_of(protos, links)
    return [
        f"connections.json: {', '.join(island)} is an island: no connection leads there from {first[0]}"
        for island in others
    ]


def _graph_problems(graph: Graph, said: PipelineConnections) -> list[str]:
    problems = []
    if graph.cycle:
        circle = " -> ".join(map(place_name, (*graph.cycle, graph.cycle[0])))
        problems.append(f"connections.json: a cycle: {circle}; take one of its connections out")
    fed = [place for place in graph.places if place[0] == said.start_service and graph.before[place]]
    starts = [place for place in graph.starts if place[0] == said.start_service]
    if fed and not starts and not graph.cycle:
        feeder = place_name(graph.before[fed[0]][0])
        start = f"start_service {said.start_service!r}"
        problems.append(f"connections.json: {start} is fed by {feeder}; name one that is not")
    return problems
