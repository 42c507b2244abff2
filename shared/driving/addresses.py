"""Where an export's services are."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from shared.blueprints.compose import ports_of, read_compose
from shared.blueprints.documents import MOST_JSON_BYTES
from shared.blueprints.folders import COMPOSE, Export, read_inside
from shared.blueprints.graph import nearest
from shared.driving.calling import Service
from shared.errors import BadRequest

_ADDRESS: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})", re.ASCII)


def services_of(
    export: Export, said: Mapping[str, str], composed: Mapping[str, int], base_port: int
) -> dict[str, Service]:
    """The service of every container.

    Its address is the one `said`, else the port on this machine that the compose file publishes, else the
    address in dockerinfo.json, else the next port from `base_port` on.
    """
    names = [node.container_name for node in export.blueprint.nodes]
    unknown = [
        f"--address {name}: is not a container{nearest(name, names)}" for name in said if name not in names
    ]
    bad = [
        f"--address {name}={text}: write <host>:<port>"
        for name, text in said.items()
        if not _is_address(text)
    ]
    if unknown or bad:
        raise BadRequest(*unknown, *bad)
    found = {name: f"127.0.0.1:{port}" for name, port in zip(names, ports_of(names, base_port), strict=True)}
    found |= {
        n: f"{_host(host)}:{port}" for n, (host, port) in export.dockerinfo.addresses.items() if n in found
    }
    found |= {name: f"127.0.0.1:{port}" for name, port in composed.items() if name in found}
    return {name: Service(container=name, address=address) for name, address in {**found, **said}.items()}


def composed_ports(folder: Path) -> dict[str, int]:
    """The ports that the export's compose file publishes; empty if there is none."""
    if not (folder / COMPOSE).exists():
        return {}
    text = read_inside(folder, COMPOSE, MOST_JSON_BYTES).decode("utf-8", "replace")
    return {name: placed.port for name, placed in read_compose(text).items()}


def _is_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    return found is not None and 1 <= int(found[1]) <= 65535


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
