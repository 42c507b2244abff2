"""A JobDefinition of `codeengine.cloud.ibm.com/v1beta1`, as kubectl takes it, in the fields of the API."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

GROUP: Final = "codeengine.cloud.ibm.com/v1beta1"
_Name = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Named(_Part):
    name: _Name


class _Key(_Named):
    key: _Name


class _From(_Part):
    secretKeyRef: _Key | None = None  # noqa: N815 - the file's names, here and below
    configMapKeyRef: _Key | None = None  # noqa: N815


class _Variable(_Named):
    value: str | None = None
    valueFrom: _From | None = None  # noqa: N815

    def to_field(self) -> dict[str, Any]:
        for kind, key in (
            ("secret_key_reference", self.valueFrom and self.valueFrom.secretKeyRef),
            ("config_map_key_reference", self.valueFrom and self.valueFrom.configMapKeyRef),
        ):
            if key:
                return {"type": kind, "name": self.name, "reference": key.name, "key": key.key}
        return {"type": "literal", "name": self.name, "value": self.value or ""}


class _All(_Part):
    secretRef: _Named | None = None  # noqa: N815
    configMapRef: _Named | None = None  # noqa: N815
    prefix: str = ""

    def to_field(self) -> dict[str, Any]:
        named, kind = self.secretRef, "secret_full_reference"
        if self.configMapRef:
            named, kind = self.configMapRef, "config_map_full_reference"
        return {"type": kind, "reference": named.name if named else "", "prefix": self.prefix}


class _Resources(_Part):
    requests: dict[Literal["cpu", "memory", "ephemeral-storage"], str] = {}


class _Container(_Named):
    image: _Name
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[_Variable, ...] = ()
    envFrom: tuple[_All, ...] = ()  # noqa: N815
    resources: _Resources = _Resources()


class _Template(_Part):
    containers: Annotated[tuple[_Container, ...], Field(min_length=1, max_length=1)]
    serviceAccountName: str = "none"  # noqa: N815
    imagePullSecrets: Annotated[tuple[_Named, ...], Field(max_length=1)] = ()  # noqa: N815


class _Spec(_Part):
    template: _Template
    arraySpec: str = "0"  # noqa: N815
    maxExecutionTime: int = 7200  # noqa: N815
    retryLimit: int = 3  # noqa: N815


def _is_known(version: str) -> str:
    if version != GROUP:
        raise ValueError(f"{version!r} is not {GROUP}")
    return version


class JobDefinitionFile(_Part):
    """The document."""

    apiVersion: Annotated[str, AfterValidator(_is_known)]  # noqa: N815
    kind: Literal["JobDefinition"]
    metadata: _Named
    spec: _Spec


def is_definition(document: Mapping[str, Any]) -> bool:
    """Whether it is for kubectl, of whatever kind."""
    return "apiVersion" in document


def to_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the job in the API; raises pydantic's `ValidationError` for what is no JobDefinition."""
    found = JobDefinitionFile.model_validate(document)
    (container,) = found.spec.template.containers
    variables = [each.to_field() for each in container.envFrom]
    variables += [each.to_field() for each in container.env]
    requests = container.resources.requests
    account = found.spec.template.serviceAccountName.rpartition("-")[2]
    fields: dict[str, Any] = {
        "name": found.metadata.name,
        "image_reference": container.image,
        "run_commands": list(container.command),
        "run_arguments": list(container.args),
        "run_env_variables": variables,
        "run_service_account": account,
        "scale_array_spec": found.spec.arraySpec,
        "scale_max_execution_time": found.spec.maxExecutionTime,
        "scale_retry_limit": found.spec.retryLimit,
    }
    limits = {"cpu": "scale_cpu_limit", "memory": "scale_memory_limit"}
    limits["ephemeral-storage"] = "scale_ephemeral_storage_limit"
    fields |= {limits[name]: size for name, size in requests.items()}
    for secret in found.spec.template.imagePullSecrets:
        fields["image_secret"] = secret.name
    return fields
