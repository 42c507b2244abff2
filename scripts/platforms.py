"""All platforms: how to open each, which stores its jobs can't reach, and its deployment files.

`shared/platforms/__init__.py` says how to add one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.pipelines.definition import Pipeline
from shared.platforms import Platform
from shared.platforms.pulse import patience_of
from shared.settings import Settings
from shared.storage import ObjectStore

OnLog = Callable[[str], None] | None
Pipelines = Mapping[str, Pipeline]
Manifests = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Export:
    """The files that deploy to a platform."""

    manifests: Callable[[Pipelines, Mapping[str, object]], Manifests]
    """Gets the command's options; raises pydantic's `ValidationError` for invalid ones."""
    next: str
    """The command to type next; `{folder}` is where the files were written."""


@dataclass(frozen=True, kw_only=True)
class PipelineExport:
    """Files that describe one pipeline to another system."""

    files: Callable[[Pipeline, Mapping[str, object], Path], dict[str, str]]
    """Gets the command's options and the files' folder; returns the texts by path below it."""
    home: str
    """Where the folders of pipelines are, below the one that `export` writes to."""
    next: str
    """The command to type next; `{folder}` is the pipeline's."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One platform."""

    open: Callable[[Settings, ObjectStore, OnLog], Platform] | None = None
    """None if another program starts the jobs."""
    out_of_reach: tuple[str, ...] = ()
    """Schemes of stores that its jobs can't reach."""
    export: Export | None = None
    """None if it needs no deployment."""


def _local(settings: Settings, store: ObjectStore, on_log: OnLog) -> Platform:
    from shared.platforms.local import LocalPlatform

    return LocalPlatform(store, on_log=on_log, patience=patience_of(settings))


def _compose(settings: Settings, store: ObjectStore, on_log: OnLog) -> Platform:
    from shared.platforms.compose import ComposePlatform

    return ComposePlatform(store, settings, on_log=on_log, patience=patience_of(settings))


def _cloudrun(settings: Settings, _store: ObjectStore, _on_log: OnLog) -> Platform:
    from cloudrun.platform import open_platform

    return open_platform(settings)


def _codeengine(settings: Settings, _store: ObjectStore, _on_log: OnLog) -> Platform:
    from codeengine.platform import open_platform

    return open_platform(settings)


def _compose_files(pipelines: Pipelines, said: Mapping[str, object]) -> Manifests:
    from scripts.exports.compose import ComposeDeployment, manifests

    return manifests(pipelines, ComposeDeployment.model_validate(said))


def _cloudrun_files(pipelines: Pipelines, said: Mapping[str, object]) -> Manifests:
    from cloudrun.manifests import CloudRunDeployment, manifests

    return manifests(pipelines, CloudRunDeployment.model_validate(said))


def _codeengine_files(pipelines: Pipelines, said: Mapping[str, object]) -> Manifests:
    from codeengine.manifests import CodeEngineDeployment, manifests

    return manifests(pipelines, CodeEngineDeployment.model_validate(said))


def _argo_files(pipelines: Pipelines, said: Mapping[str, object]) -> Manifests:
    from scripts.exports.argo import ArgoDeployment, manifests

    return manifests(pipelines, ArgoDeployment.model_validate(said))


def _keda_files(pipelines: Pipelines, said: Mapping[str, object]) -> Manifests:
    from scripts.exports.keda import KedaDeployment, manifests

    return manifests(pipelines, KedaDeployment.model_validate(said))


def _ai_effect_files(pipeline: Pipeline, said: Mapping[str, object], folder: Path) -> dict[str, str]:
    from scripts.exports.ai_effect import files_of

    return files_of(pipeline, said, folder)


KINDS: Final[dict[str, Kind]] = {
    "local": Kind(open=_local, out_of_reach=("memory",)),
    "compose": Kind(
        open=_compose,
        out_of_reach=("memory",),
        export=Export(manifests=_compose_files, next="docker compose -f {folder}/infra/compose.yaml up"),
    ),
    "cloudrun": Kind(
        open=_cloudrun,
        out_of_reach=("file", "memory"),
        export=Export(
            manifests=_cloudrun_files,
            next="gcloud run jobs replace {folder}/cloudrun/jobs/video-generator.yaml",
        ),
    ),
    "codeengine": Kind(
        open=_codeengine,
        out_of_reach=("file", "memory"),
        export=Export(
            manifests=_codeengine_files,
            next="python -m codeengine.apply -f {folder}/codeengine/jobs/video-generator.yaml",
        ),
    ),
    "argo": Kind(export=Export(manifests=_argo_files, next="kubectl apply -f {folder}/infra/argo/")),
    "keda": Kind(export=Export(manifests=_keda_files, next="kubectl apply -f {folder}/infra/keda/")),
}
PLATFORMS: Final = {name: kind.open for name, kind in KINDS.items() if kind.open}
"""The values of PLATFORM."""
EXPORTS: Final = {name: kind.export for name, kind in KINDS.items() if kind.export}
"""The targets of `reelwright export`."""
PIPELINE_EXPORTS: Final = {
    "ai-effect": PipelineExport(
        files=_ai_effect_files,
        home="infra/ai-effect/orchestrator/use-cases-platform",
        next="docker compose -f {folder}/docker-compose.yml up -d",
    )
}
"""The targets of `reelwright export` that take one pipeline."""
