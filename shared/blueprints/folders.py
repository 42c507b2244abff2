"""An export's folder: read with limits, written whole or not at all."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.blueprints.checking import graph_of, problems_of_export
from shared.blueprints.documents import MOST_JSON_BYTES, Blueprint, Dialect, DockerInfo, parse, to_json
from shared.blueprints.graph import Graph, Place
from shared.blueprints.protos.reading import MOST_PROTO_BYTES, Proto, Rpc, read_proto
from shared.errors import BadRequest
from shared.validation import noting

BLUEPRINT: Final = "blueprint.json"
DOCKERINFO: Final = "dockerinfo.json"
MICROSERVICE: Final = "microservice"
COMPOSE: Final = "docker-compose.yml"
METADATA: Final = "generation_metadata.json"
_OURS: Final = (BLUEPRINT, DOCKERINFO, COMPOSE, METADATA, MICROSERVICE)


@dataclass(frozen=True, kw_only=True)
class Export:
    """An onboarding export."""

    blueprint: Blueprint
    dockerinfo: DockerInfo
    protos: Mapping[str, Proto]
    """By container."""
    description: str = ""
    """For people; neither dialect's blueprint has a place for it."""

    @property
    def graph(self) -> Graph:
        return graph_of(self.blueprint)

    def rpc(self, place: Place) -> Rpc:
        container, operation = place
        return self.protos[container].named(operation)[0]

    def is_source(self, place: Place) -> bool:
        """Whether this is a first RPC that takes nothing, such as AI4EU's data brokers have."""
        rpc = self.rpc(place)
        return not (self.graph.before[place] or rpc.input.fields or rpc.input_stream)

    def files(self) -> dict[str, str]:
        """What the folder holds, by path."""
        found = {BLUEPRINT: to_json(self.blueprint), DOCKERINFO: to_json(self.dockerinfo)}
        if self.description:
            said = {"name": self.blueprint.name, "description": self.description}
            found[METADATA] = json.dumps(said, indent=4, ensure_ascii=False) + "\n"
        return found | {f"{MICROSERVICE}/{name}.proto": proto.text for name, proto in self.protos.items()}


def read_export(folder: Path, dialect: Dialect | None = None) -> Export:
    """Read and check an export; raises `BadRequest` with all that is wrong with it.

    `dialect` says whose rules hold, if not those of the export's own: AI4EU's are about the text of protos
    too.
    """
    if not folder.is_dir():
        raise BadRequest(f"{folder}: no such folder; name an onboarding export, which holds {BLUEPRINT}")
    problems: list[str] = []
    blueprint = dockerinfo = None
    protos: dict[str, Proto] = {}
    with noting(problems):
        blueprint = parse(read_inside(folder, BLUEPRINT, MOST_JSON_BYTES), BLUEPRINT, Blueprint)
    with noting(problems):
        dockerinfo = parse(read_inside(folder, DOCKERINFO, MOST_JSON_BYTES), DOCKERINFO, DockerInfo)
    for node in blueprint.nodes if blueprint else ():
        name = f"{MICROSERVICE}/{node.container_name}.proto"
        with noting(problems):
            protos[node.container_name] = read_proto(read_inside(folder, name, MOST_PROTO_BYTES), name)
    if blueprint:
        problems += _strays(folder, blueprint)
    if blueprint and dockerinfo:
        problems += problems_of_export(blueprint, dockerinfo, protos, dialect)
    if problems or blueprint is None or dockerinfo is None:
        raise BadRequest(*problems)
    return Export(blueprint=blueprint, dockerinfo=dockerinfo, protos=protos, description=_description(folder))


def read_inside(folder: Path, name: str, most_bytes: int) -> bytes:
    """A file of the folder; raises `BadRequest` for one that is missing, too large, or outside by a link."""
    path = folder / name
    try:
        if not path.resolve(strict=True).is_relative_to(folder.resolve()):
            raise BadRequest(f"{name}: leads out of {folder}; put the file itself there")
        if not path.is_file():
            raise BadRequest(f"{name}: is not a file")
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise BadRequest(f"{name}: can't be read ({error.strerror})") from None
    if len(data) > most_bytes:
        raise BadRequest(f"{name}: is larger than {most_bytes} bytes")
    return data


def _strays(folder: Path, blueprint: Blueprint) -> list[str]:
    wanted = {f"{node.container_name}.proto" for node in blueprint.nodes}
    there = sorted(path.name for path in (folder / MICROSERVICE).glob("*.proto"))
    return [f"{MICROSERVICE}/{name}: belongs to no node; delete it" for name in there if name not in wanted]


def _description(folder: Path) -> str:
    if not (folder / METADATA).exists():
        return ""
    try:
        found = json.loads(read_inside(folder, METADATA, MOST_JSON_BYTES))
    except (ValueError, RecursionError):
        return ""
    said = found.get("description") if isinstance(found, dict) else None
    return said[:10_000] if isinstance(said, str) else ""


def write_folder(files: Mapping[str, str], folder: Path, *, overwrite: bool) -> None:
    """Make the folder hold exactly these files.

    Raises `BadRequest` if it holds something already, unless `overwrite` is given and it holds an export and
    nothing else.
    """
    there = folder.exists() or folder.is_symlink()
    if there:
        _check_replaceable(folder, overwrite=overwrite)
    with _writing(folder):
        _replace(folder, files, there=there)


def _replace(folder: Path, files: Mapping[str, str], *, there: bool) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".reelwright-") as beside:
        new = Path(beside, "new")
        for path, text in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text, encoding="utf-8")
        if there:
            folder.rename(Path(beside, "old"))
        new.rename(folder)


def _check_replaceable(folder: Path, *, overwrite: bool) -> None:
    if folder.is_symlink() or not folder.is_dir():
        raise BadRequest(f"{folder}: is not a folder of its own; name another place for the export")
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        return
    if not overwrite:
        raise BadRequest(f"{folder}: holds something already; add --overwrite to replace an export")
    inside = folder / MICROSERVICE
    others = [name for name in names if name not in _OURS]
    if inside.is_dir() and not inside.is_symlink():
        others += [
            f"{MICROSERVICE}/{path.name}" for path in sorted(inside.iterdir()) if path.suffix != ".proto"
        ]
    why = f"it also holds {', '.join(others[:5])}" if others else ""
    if not _is_blueprint(folder):
        why = f"it has no {BLUEPRINT} with nodes"
    if why:
        raise BadRequest(
            f"{folder}: is not an export alone ({why}); nothing was deleted, name another folder"
        )


def _is_blueprint(folder: Path) -> bool:
    """Whether the folder has a blueprint, be it a wrong one."""
    try:
        found = json.loads(read_inside(folder, BLUEPRINT, MOST_JSON_BYTES))
    except (BadRequest, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "nodes" in found


def write_text(path: Path, text: str) -> None:
    """Replace one file in one step; raises `BadRequest` if it can't be written."""
    with _writing(path):
        temporary = path.with_name(f".{path.name}.new")
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadRequest(f"{path}: can't be written ({error.strerror}); name another place") from error
