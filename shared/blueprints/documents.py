"""`blueprint.json` and `dockerinfo.json`, in both dialects.

The seed of AI-Effect writes `type: pipeline-topology/v2` and `docker_image_list`. AI4EU (Acumos) writes
`input_ports`, `probeIndicator` and `docker_info_list`, whose ports are text in most exports and numbers in
some. Either blueprint may come with either list.
"""

import json
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import BadRequest
from shared.validation import problems_of

Dialect = Literal["ai-effect", "ai4eu"]
TOPOLOGY: Final = "pipeline-topology/v2"
MOST_JSON_BYTES: Final = 4 << 20
MOST_NODES: Final = 500

ContainerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
"""Becomes a file's name, a service's in compose, and a part of a record's name."""
OperationName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Image = Annotated[str, Field(pattern=r"^(https?://)?[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}$")]
"""AI4EU's exports write the registry as a URL."""
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9:][A-Za-z0-9_.:-]{0,252}$")]
Text = Annotated[str, Field(max_length=10_000)]


class Part(BaseModel):
    """A part of these documents: fields of no dialect are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(Part):
    """The RPC at a link's end; its full signature is at its own node."""

    operation_name: OperationName


class Link(Part):
    """Where an RPC's output goes."""

    container_name: ContainerName
    operation_signature: Target


class Signature(Part):
    """An RPC, as its proto declares it."""

    operation_name: OperationName
    output_message_name: Text = ""
    input_message_name: Text = ""
    output_message_stream: bool = False
    """Older exports lack both flags."""
    input_message_stream: bool = False


class Operation(Part):
    """An RPC of a node, and what follows it."""

    connected_to: tuple[Link, ...] = ()
    operation_signature: Signature


class Node(Part):
    """One service."""

    proto_uri: Text
    image: Image
    node_type: Literal["MLModel", "DataBroker", "DataSource", "DataSink"]
    container_name: ContainerName
    operation_signature_list: Annotated[tuple[Operation, ...], Field(min_length=1, max_length=200)]
    data_broker_map: Any = None
    data_sources: Any = None


class Probe(Part):
    """Whether a probe is deployed with the nodes."""

    value: str


class Blueprint(Part):
    """`blueprint.json`; fields that one dialect lacks are left out when it is written."""

    nodes: Annotated[tuple[Node, ...], Field(min_length=1, max_length=MOST_NODES)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    pipeline_id: Text | None = None
    creation_date: Text | None = None
    type: Literal["pipeline-topology/v2"] | None = None
    version: Text = ""
    input_ports: tuple[Link, ...] | None = None
    probeIndicator: tuple[Probe, ...] | None = None  # noqa: N815 - AI4EU's name

    @property
    def dialect(self) -> Dialect:
        return "ai-effect" if self.type == TOPOLOGY else "ai4eu"


class ImageEntry(Part):
    """The image of a container, as AI-Effect lists it."""

    container_name: ContainerName
    image_name: Image


class AddressEntry(Part):
    """The address of a container, as AI4EU lists it; some are of no node, such as `orchestrator`."""

    container_name: ContainerName
    ip_address: Host
    port: int | str

    @model_validator(mode="after")
    def _is_a_port(self) -> Self:
        text = str(self.port)
        if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
            raise ValueError(f"port {self.port!r} is not a number from 1 to 65535")
        return self

    @property
    def number(self) -> int:
        return int(self.port)


class DockerInfo(Part):
    """`dockerinfo.json`: one of the two lists."""

    docker_image_list: Annotated[tuple[ImageEntry, ...], Field(min_length=1)] | None = None
    docker_info_list: Annotated[tuple[AddressEntry, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _has_one_list(self) -> Self:
        if (self.docker_image_list is None) == (self.docker_info_list is None):
            raise ValueError("must hold docker_image_list or docker_info_list, and not both")
        return self

    @property
    def images(self) -> dict[str, str]:
        return {entry.container_name: entry.image_name for entry in self.docker_image_list or ()}

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        return {each.container_name: (each.ip_address, each.number) for each in self.docker_info_list or ()}

    @property
    def names(self) -> list[str]:
        images = [entry.container_name for entry in self.docker_image_list or ()]
        return images + [entry.container_name for entry in self.docker_info_list or ()]


_Document = TypeVar("_Document", bound=BaseModel)


def parse(data: bytes, name: str, kind: type[_Document]) -> _Document:
    """A document from JSON; raises `BadRequest` with everything that is wrong with it."""
    if len(data) > MOST_JSON_BYTES:
        raise BadRequest(f"{name}: has {len(data)} bytes; at most {MOST_JSON_BYTES} are read")
    try:
        return kind.model_validate(json.loads(data.decode("utf-8")))
    except ValidationError as error:
        raise BadRequest(*(f"{name}: {problem}" for problem in problems_of(error).split("; "))) from None
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{name}: is not JSON: {error}") from None


def to_json(document: BaseModel) -> str:
    """As AI-Effect's generator writes it: an indent of 4, only what the dialect has."""
    found = document.model_dump(mode="json", exclude_unset=True)
    return json.dumps(found, indent=4, ensure_ascii=False) + "\n"
