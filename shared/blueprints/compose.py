"""Compose files: an export's, with images of a registry, and a use case's, which builds them.

A service starts when all that feed it are healthy. Health is asked for with `grpc_health_probe`, which images
of services bring by convention. Format: https://github.com/compose-spec/compose-spec.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

from shared.blueprints.connections import Connections
from shared.blueprints.folders import COMPOSE, Export
from shared.blueprints.generating import BASE_PORT, SERVICES, BasePort
from shared.blueprints.graph import Graph
from shared.blueprints.protos.reading import Proto
from shared.errors import BadRequest

DATA: Final = "/app/data"
_VOLUME: Final = "shared-data"
_USER: Final = "10001:10001"
MARK: Final = "# Written by docker-compose-generator.py"


class ComposeOptions(BaseModel):
    """How the services are placed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_port: BasePort = BASE_PORT
    network: str = Field("ai-effect-pipeline", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    health_checks: bool = True
    """Whether the images have `grpc_health_probe`; without, a service waits only until its producers have
    started."""
    bind: str = Field("127.0.0.1", pattern=r"^[0-9a-f.:]+$")
    """The host's address on which ports are published; the channels are not encrypted by default."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A service of a compose file."""

    image: str
    port: int
    """On the host."""
    needs: tuple[str, ...]


def production(export: Export, options: ComposeOptions) -> str:
    """The compose file of an export."""
    names = [node.container_name for node in export.blueprint.nodes]
    needs = _producers(export.graph)
    services = {
        node.container_name: {"image": _image(node.image), "container_name": node.container_name}
        | _service(node.container_name, port, needs.get(node.container_name, ()), options)
        | {"volumes": [f"{_VOLUME}:{DATA}"], "user": _USER, "restart": "unless-stopped"}
        for node, port in zip(export.blueprint.nodes, ports_of(names, options.base_port), strict=True)
    }
    return _text(services, options, {"volumes": {_VOLUME: {}}})


def development(connections: Connections, protos: Mapping[str, Proto], options: ComposeOptions) -> str:
    """The compose file of a use case: it builds the images, and its data lie in `data/`."""
    graph = connections.graph(protos)
    order = graph.services_by_level(connections.pipeline.start_service or "")
    needs = _producers(graph)
    names = {service: service.replace("_", "-").lower() for service in order}
    services = {
        names[service]: {"build": {"context": SERVICES, "dockerfile": f"{service}/Dockerfile"}}
        | _service(names[service], port, [names[need] for need in needs.get(service, ())], options)
        | {
            "volumes": [f"./data:{DATA}"],
            "user": "${DATA_UID:-1000}:${DATA_GID:-1000}",
            "restart": "on-failure",
        }
        for service, port in zip(order, ports_of(order, options.base_port), strict=True)
    }
    return _text(services, options, {})


def ports_of(names: Sequence[str], base_port: int) -> list[int]:
    """One port for each service, in order; raises `BadRequest` where they run out."""
    if base_port + len(names) > 65536:
        raise BadRequest(f"base port {base_port} is too high for {len(names)} services")
    return [base_port + number for number in range(len(names))]


def _producers(graph: Graph) -> dict[str, list[str]]:
    """By service, the others that feed it."""
    needs: dict[str, dict[str, None]] = {}
    for one, other in graph.links:
        if one[0] != other[0]:
            needs.setdefault(other[0], {})[one[0]] = None
    return {name: list(found) for name, found in needs.items()}


def _image(image: str) -> str:
    """AI4EU writes the registry as a URL; engines want it without."""
    return image.removeprefix("https://").removeprefix("http://")


def _service(name: str, port: int, needs: Sequence[str], options: ComposeOptions) -> dict[str, Any]:
    condition = "service_healthy" if options.health_checks else "service_started"
    found: dict[str, Any] = {
        "ports": [f"{options.bind}:{port}:{port}"],
        "environment": {
            "GRPC_PORT": str(port),
            "SERVICE_NAME": name,
            "DATA_DIR": DATA,
            "SHARED_FOLDER_PATH": DATA,
        },
        "networks": [options.network],
    }
    if needs:
        found["depends_on"] = {need: {"condition": condition} for need in needs}
    if options.health_checks:
        found["healthcheck"] = {
            "test": ["CMD", "grpc_health_probe", f"-addr=127.0.0.1:{port}"],
            "interval": "5s",
            "timeout": "5s",
            "retries": 12,
            "start_period": "5s",
        }
    return found | {
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "stop_grace_period": "30s",
    }


def _text(services: Mapping[str, Any], options: ComposeOptions, more: Mapping[str, Any]) -> str:
    document = {"services": services, "networks": {options.network: {"driver": "bridge"}}, **more}
    dumped: str = yaml.safe_dump(document, sort_keys=False, width=1000, allow_unicode=True)
    return f"{MARK}: change the blueprint or connections.json, and generate it again.\n{dumped}"


def read_compose(text: str) -> dict[str, Placed]:
    """The services of a compose file that was written here; raises `BadRequest` for any other."""
    try:
        found = yaml.safe_load(text)
        return {name: _placed(service) for name, service in found["services"].items()}
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
        raise BadRequest(f"{COMPOSE}: is not one of docker-compose-generator.py; generate it again") from None


def _placed(service: Mapping[str, Any]) -> Placed:
    port = int(service["environment"]["GRPC_PORT"])
    return Placed(image=service.get("image", ""), port=port, needs=tuple(service.get("depends_on", {})))
