"""A job as a file: the job fields of the Code Engine API, version 2, as YAML; or a JobDefinition of kubectl.

https://cloud.ibm.com/apidocs/codeengine/v2#create-job has the fields, and
https://cloud.ibm.com/docs/codeengine?topic=codeengine-limits their limits.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from codeengine.definition_file import is_definition, to_fields
from shared.errors import BadRequest
from shared.pipelines.definition import JobDefinition

LONGEST_RUN_S: Final = 86_400
MOST_BYTES: Final = 10 * 1024
"""Of a job, and of a job run."""

CPUS: Final = ("0.125", "0.25", "0.5", "1", "2", "4", "6", "8", "10", "12")
_GIGABYTES_A_CPU: Final = (2, 4, 8)
_MOST_GIGABYTES: Final = 48
_DEFAULT_DISK_BYTES: Final = 400 * 10**6
_IMAGE: Final = re.compile(
    r"([a-z0-9.-]+(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_PLACEHOLDER: Final = re.compile(r"\$\{|\$\(|<[^>]*>|^[a-z0-9]+://[^/]*[A-Z]")
"""Also a URL whose host or bucket has capitals in it: neither ever has."""


def _text(value: object) -> object:
    """YAML reads a bare 1 as a number, but the API expects text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _real_image(value: str) -> str:
    if not _IMAGE.fullmatch(value):
        raise ValueError(
            f"{value!r} is not an image; give REGISTRY/NAMESPACE/NAME:TAG in lower case, or pass --image"
        )
    return value


def _size(value: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?[MG]", value):
        raise ValueError(f"{value!r} is not a size; give a number and M or G, e.g. 4G")
    return value


def _array(value: str) -> str:
    part = r"\d{1,7}(-\d{1,7})?"
    if not re.fullmatch(rf"{part}(,{part})*", value):
        raise ValueError(f"{value!r} doesn't name indices; give numbers and ranges, e.g. 0-7 or 5,12-14")
    return value


_Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
_Text = Annotated[str, BeforeValidator(_text)]
_Size = Annotated[_Text, AfterValidator(_size)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Literally(_Part):
    """A variable with a literal value."""

    type: Literal["literal"]
    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    value: _Text

    @model_validator(mode="after")
    def _is_filled_in(self) -> Self:
        if _PLACEHOLDER.search(self.value):
            raise ValueError(
                f"{self.name}={self.value!r} is yet to be filled in; edit it, or pass --set-env {self.name}=…"
            )
        return self


class KeyReference(_Part):
    """A variable whose value is one key of a secret or config map."""

    type: Literal["secret_key_reference", "config_map_key_reference"]
    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    reference: _Name
    key: str = Field(min_length=1)


class FullReference(_Part):
    """All keys of a secret or config map, each a variable."""

    type: Literal["secret_full_reference", "config_map_full_reference"]
    reference: _Name
    prefix: str = ""


class VolumeMount(_Part):
    """A secret or config map mounted at a path."""

    type: Literal["secret", "config_map", "persistent_data_store"]
    mount_path: str = Field(pattern=r"^/")
    reference: _Name
    name: str = ""
    sub_path: str = ""
    read_only: bool = False


EnvVariable = Annotated[Literally | KeyReference | FullReference, Field(discriminator="type")]


class JobFile(_Part):
    """A valid Code Engine job; fields that are left out don't change, or get Code Engine's default."""

    name: _Name
    image_reference: Annotated[str, AfterValidator(_real_image)]
    image_secret: _Name | None = None
    run_arguments: tuple[_Text, ...] | None = None
    run_as_user: int | None = Field(None, ge=0)
    run_commands: tuple[_Text, ...] | None = None
    run_compute_resource_token_enabled: bool | None = None
    run_env_variables: tuple[EnvVariable, ...] | None = None
    run_mode: Literal["task"] | None = None
    """Not `daemon`, which runs forever."""
    run_service_account: Literal["default", "manager", "reader", "writer", "none"] | None = None
    run_volume_mounts: tuple[VolumeMount, ...] | None = None
    scale_array_spec: Annotated[_Text, AfterValidator(_array)] | None = None
    scale_cpu_limit: _Text = "1"
    scale_memory_limit: _Size = "4G"
    scale_ephemeral_storage_limit: _Size | None = None
    scale_max_execution_time: int | None = Field(None, ge=1, le=LONGEST_RUN_S)
    scale_retry_limit: int | None = Field(None, ge=0, le=5)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_limits(self.scale_cpu_limit, self.scale_memory_limit, self.scale_ephemeral_storage_limit)
        size = len(json.dumps(self.to_body()).encode())
        if size > MOST_BYTES:
            raise ValueError(
                f"the job is {size} bytes, at most {MOST_BYTES} are taken; move values into a secret"
            )
        return self

    def to_body(self) -> dict[str, Any]:
        """The job as the API expects it."""
        return self.model_dump(mode="json", exclude_none=True)


def check_limits(cpu: str, memory: str, disk: str | None = None) -> None:
    """Raise `ValueError` unless Code Engine has such instances. Disk is at most the memory, or 400 MB."""
    if cpu not in CPUS:
        raise ValueError(f"scale_cpu_limit {cpu!r} is not available; use one of {', '.join(CPUS)}")
    sizes = gigabytes_with(cpu)
    if size_bytes(memory) not in [int(size * 10**9) for size in sizes]:
        choices = ", ".join(f"{size.normalize():f}G" for size in sizes)
        raise ValueError(f"scale_memory_limit {memory!r} doesn't go with {cpu} CPU; use one of {choices}")
    most = max(size_bytes(memory), _DEFAULT_DISK_BYTES)
    if disk and size_bytes(disk) > most:
        raise ValueError(f"scale_ephemeral_storage_limit {disk!r} exceeds the memory; use at most {memory}")


def gigabytes_with(cpus: str | int) -> list[Decimal]:
    """The amounts of memory for this number of CPUs, ascending:
    https://cloud.ibm.com/docs/codeengine?topic=codeengine-mem-cpu-combo."""
    sizes = [ratio * Decimal(cpus) for ratio in _GIGABYTES_A_CPU]
    return [size for size in sizes if size <= _MOST_GIGABYTES]


def size_bytes(size: str) -> int:
    """Of a size such as `4G` or `400M`, whose units are decimal."""
    return int(Decimal(size[:-1]) * {"M": 10**6, "G": 10**9}[size[-1]])


def read_job_files(
    text: str,
    source: str,
    *,
    image: str = "",
    image_prefix: str = "",
    variables: Mapping[str, str] | None = None,
) -> list[JobFile]:
    """The jobs in a YAML text of one or more documents, with the values of the flags. In files that were
    joined without a line `---` between them, a new job begins where a job's first key is repeated.

    `image` is the whole image, `image_prefix` the part before its last name; `variables` are set as literals.
    Raises `BadRequest` naming the source and every problem in it.
    """
    documents = _documents(text, source)
    if not documents:
        raise BadRequest(f"{source} holds no job; write one with: reelwright export codeengine")
    jobs: list[JobFile] = []
    problems: list[str] = []
    for line, document in documents:
        place = source if len(documents) == 1 else f"{source}, from line {line} on"
        try:
            fields = _fields(document)
            jobs.append(JobFile.model_validate(_filled_in(fields, image, image_prefix, variables or {})))
        except ValidationError as error:
            problems += [
                _problem(place, each["loc"], each["msg"]) for each in error.errors(include_url=False)
            ]
    if problems:
        raise BadRequest(*problems)
    return jobs


def _fields(document: object) -> object:
    """A JobDefinition of kubectl in the fields of the API; all else as it is."""
    if isinstance(document, dict) and is_definition(document):
        return to_fields(document)
    return document


class _Loader(yaml.SafeLoader):
    """Refuses a repeated key; YAML's own loader takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.constructor.ConstructorError(None, None, _REPEATED.format(key.value, line))
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_REPEATED: Final = "{!r} is repeated in line {}; take one out, or put a line --- between two jobs"


def _documents(text: str, source: str) -> list[tuple[int, object]]:
    """The documents of the text that are not empty, with their first lines' numbers."""
    loader = _Loader(text)
    found: list[tuple[int, object]] = []
    try:
        while loader.check_node():
            found += [
                (part.start_mark.line + 1, loader.construct_document(part))
                for part in _parts(loader.get_node())
            ]
    except yaml.YAMLError as error:
        raise BadRequest(f"{source} can't be read as YAML: {error}") from error
    finally:
        loader.dispose()
    return [(line, document) for line, document in found if document is not None]


def _parts(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """The documents in a document: one that repeats its first key consists of several that were joined."""
    if not isinstance(node, yaml.MappingNode) or not node.value:
        yield from [node] if node else []
        return
    pairs = node.value
    starts = [at for at, (key, _) in enumerate(pairs) if key.value == pairs[0][0].value]
    for start, end in pairwise([*starts, len(pairs)]):
        yield yaml.MappingNode(node.tag, pairs[start:end], pairs[start][0].start_mark, node.end_mark)


def _filled_in(document: object, image: str, image_prefix: str, variables: Mapping[str, str]) -> object:
    if not isinstance(document, dict):
        return document
    filled = dict(document)
    if image:
        filled["image_reference"] = image
    elif image_prefix:
        last = str(document.get("image_reference", "")).rpartition("/")[2]
        filled["image_reference"] = f"{image_prefix.rstrip('/')}/{last}"
    if variables and isinstance(kept := document.get("run_env_variables") or [], list):
        kept = [entry for entry in kept if not (isinstance(entry, dict) and entry.get("name") in variables)]
        added = [{"type": "literal", "name": name, "value": value} for name, value in variables.items()]
        filled["run_env_variables"] = [*kept, *added]
    return filled


def _problem(source: str, place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(map(str, place))
    said = message.removeprefix("Value error, ")
    if said == "Extra inputs are not permitted":
        said = f"is not a field of a Code Engine job; take it out ({', '.join(JobFile.model_fields)} are)"
    return f"{source}: {where}: {said}" if where else f"{source}: {said}"


def run_limit_s(definition: JobDefinition) -> int:
    """How long a whole job run may take, in seconds: Code Engine has no limit for one attempt of one task."""
    return min(LONGEST_RUN_S, definition.time_limit_s * (definition.retries + 1))
