"""The installed pipelines, read without loading their stages' code."""

from collections import Counter
from importlib.resources import as_file, files
from typing import Final

from shared.errors import BadRequest
from shared.pipelines.definition import Pipeline, load_pipeline

_PACKAGE: Final = "jobs"


def installed_pipelines(package: str = _PACKAGE) -> dict[str, Pipeline]:
    """Every `<package>/<folder>/pipeline.yaml` by its pipeline's name.

    Raises `BadRequest` when there is none, and for a file that is not a pipeline.
    """
    try:
        folders = sorted(files(package).iterdir(), key=lambda folder: folder.name)
    except ModuleNotFoundError:
        folders = []
    found: dict[str, Pipeline] = {}
    for folder in folders:
        resource = folder / "pipeline.yaml"
        if folder.is_dir() and resource.is_file():
            with as_file(resource) as path:
                pipeline = load_pipeline(path)
            found[pipeline.name] = pipeline
    actions = Counter(pipeline.action for pipeline in found.values() if pipeline.action)
    twice = [action for action, times in actions.items() if times > 1]
    if twice:
        raise BadRequest(f"action {twice[0]!r} is that of several pipeline.yaml; give each its own")
    if not found:
        raise BadRequest(f"no pipeline is installed: put {package}/<pipeline>/pipeline.yaml into the image")
    return found
