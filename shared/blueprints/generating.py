"""From a use case's folder (`services/*/proto/*.proto`, `connections.json`) to an onboarding export."""

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.blueprints.checking import ai4eu_problems, problems_of_export
from shared.blueprints.connections import Connections, problems_of_connections
from shared.blueprints.documents import MOST_JSON_BYTES, TOPOLOGY, Blueprint, Dialect, DockerInfo, parse
from shared.blueprints.folders import Export, read_inside
from shared.blueprints.graph import Graph, Place
from shared.blueprints.protos.reading import MOST_PROTO_BYTES, Proto, Rpc, read_proto
from shared.errors import BadRequest
from shared.validation import noting

CONNECTIONS: Final = "connections.json"
SERVICES: Final = "services"
BASE_PORT: Final = 50051
BasePort = Annotated[int, Field(ge=1, le=65535)]


class ExportOptions(BaseModel):
    """What the folder does not say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dialect: Dialect = "ai-effect"
    registry: str = Field("localhost:5000", pattern=r"^[a-z0-9][a-z0-9._:/-]*$")
    tag: str = Field("latest", pattern=r"^\w[\w.-]{0,127}$")
    base_port: BasePort = BASE_PORT
    pipeline_id: str = Field("", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    """A new UUID if empty."""
    creation_date: str = Field("", pattern=r"^[0-9T:. +Z-]{0,40}$")
    """Now, as local time, if empty."""


def read_services(use_case: Path) -> dict[str, Proto]:
    """The proto of every service, by its folder's name; raises `BadRequest` with all that is wrong."""
    home = use_case / SERVICES
    if not home.is_dir():
        raise BadRequest(f"{use_case}: has no folder {SERVICES}/ with a folder for each service")
    problems: list[str] = []
    protos: dict[str, Proto] = {}
    for folder in sorted(path for path in home.iterdir() if (path / "proto").is_dir()):
        with noting(problems):
            name = _proto_file(folder)
            protos[folder.name] = read_proto(read_inside(use_case, name, MOST_PROTO_BYTES), name)
    images = Counter(_image_name(service) for service in protos)
    problems += [
        f"{SERVICES}/: {count} services have the image {name}" for name, count in images.items() if count > 1
    ]
    problems += [f"{proto.name}: has no RPC" for proto in protos.values() if not proto.rpcs]
    if not protos and not problems:
        problems.append(f"{home}: no service has a folder proto/ with a proto file")
    if problems:
        raise BadRequest(*problems)
    return protos


def _proto_file(folder: Path) -> str:
    """`proto/<service>.proto`, or the only one there."""
    names = sorted(path.name for path in (folder / "proto").glob("*.proto"))
    wanted = f"{folder.name}.proto"
    if wanted not in names and len(names) != 1:
        found = f"{len(names)} proto files" if names else "no proto file"
        raise BadRequest(f"{SERVICES}/{folder.name}/proto/: has {found}; put the service's into {wanted}")
    return f"{SERVICES}/{folder.name}/proto/{wanted if wanted in names else names[0]}"


def read_use_case(use_case: Path) -> tuple[Connections, dict[str, Proto]]:
    """Its connections, and the proto of each service; raises `BadRequest` with all that can't be read."""
    if not use_case.is_dir():
        raise BadRequest(
            f"{use_case}: no such folder; name a use case, which holds {SERVICES}/ and {CONNECTIONS}"
        )
    problems: list[str] = []
    protos = connections = None
    with noting(problems):
        protos = read_services(use_case)
    with noting(problems):
        connections = parse(read_inside(use_case, CONNECTIONS, MOST_JSON_BYTES), CONNECTIONS, Connections)
    if protos is None or connections is None:
        raise BadRequest(*problems)
    return connections, protos


def generate(use_case: Path, options: ExportOptions) -> Export:
    """The export of a use case; raises `BadRequest` with all that is wrong with it."""
    connections, protos = read_use_case(use_case)
    name = connections.pipeline.name or use_case.resolve().name.replace("_", " ").title()
    return export_of(name, protos, connections, options)


def export_of(
    name: str, protos: Mapping[str, Proto], connections: Connections, options: ExportOptions
) -> Export:
    """The export of these services; raises `BadRequest` with all that is wrong with them."""
    ai4eu = options.dialect == "ai4eu"
    problems = problems_of_connections(connections, protos, ai4eu)
    graph = connections.graph(protos)
    if ai4eu:
        rpcs = {(service, rpc.name): rpc for service, proto in protos.items() for rpc in proto.rpcs}
        problems += ai4eu_problems(graph, rpcs, protos.values())
    if problems:
        raise BadRequest(*problems)
    order = graph.services_by_level(connections.pipeline.start_service or "")
    if options.base_port + len(order) > 65536:
        raise BadRequest(f"base port {options.base_port} is too high for {len(order)} services")
    nodes = [_node(service, graph, protos[service], options) for service in order]
    head = _ai4eu_head(graph) if ai4eu else _ai_effect_head(options)
    export = Export(
        blueprint=_valid(Blueprint, {"nodes": nodes, "name": name, **head}),
        dockerinfo=_valid(DockerInfo, _dockerinfo(order, options)),
        protos={container_of(service): protos[service] for service in order},
        description=connections.pipeline.description,
    )
    problems = problems_of_export(export.blueprint, export.dockerinfo, export.protos)
    if problems:
        raise BadRequest(*problems)
    return export


def _valid(kind: type[Any], said: Mapping[str, Any]) -> Any:
    return parse(json.dumps(said).encode(), kind.__name__, kind)


def container_of(service: str) -> str:
    """The container's name: the first instance of the service."""
    return f"{service}1"


def _image_name(service: str) -> str:
    return service.replace("_", "-").lower()


def _image_of(service: str, options: ExportOptions) -> str:
    return f"{options.registry}/{_image_name(service)}:{options.tag}"


def _node(service: str, graph: Graph, proto: Proto, options: ExportOptions) -> dict[str, Any]:
    used = [rpc for rpc in proto.rpcs if (service, rpc.name) in graph.before]
    return {
        "proto_uri": f"org/acumos/{service}/1.0.0/{container_of(service)}.proto",
        "image": _image_of(service, options),
        "node_type": "MLModel",
        "container_name": container_of(service),
        "operation_signature_list": [
            {
                "connected_to": [_link(place) for place in graph.after[service, rpc.name]],
                "operation_signature": _signature(rpc),
            }
            for rpc in used
        ],
    }


def _signature(rpc: Rpc) -> dict[str, Any]:
    return {
        "operation_name": rpc.name,
        "output_message_name": rpc.output.name,
        "input_message_name": rpc.input.name,
        "output_message_stream": rpc.output_stream,
        "input_message_stream": rpc.input_stream,
    }


def _link(place: Place) -> dict[str, Any]:
    service, method = place
    return {"container_name": container_of(service), "operation_signature": {"operation_name": method}}


def _ai_effect_head(options: ExportOptions) -> dict[str, Any]:
    now = datetime.now()  # noqa: DTZ005 - the format has no zone
    return {
        "pipeline_id": options.pipeline_id or str(uuid.uuid4()),
        "creation_date": options.creation_date or f"{now:%Y-%m-%d %H:%M:%S.%f}",
        "type": TOPOLOGY,
        "version": "2.0",
    }


def _ai4eu_head(graph: Graph) -> dict[str, Any]:
    return {
        "version": "v1",
        "input_ports": [_link(place) for place in graph.starts],
        "probeIndicator": [{"value": "false"}],
    }


def _dockerinfo(order: list[str], options: ExportOptions) -> dict[str, Any]:
    if options.dialect == "ai4eu":
        return {
            "docker_info_list": [
                {
                    "container_name": container_of(service),
                    "ip_address": container_of(service),
                    "port": str(options.base_port + number),
                }
                for number, service in enumerate(order)
            ]
        }
    return {
        "docker_image_list": [
            {"container_name": container_of(service), "image_name": _image_of(service, options)}
            for service in order
        ]
    }
