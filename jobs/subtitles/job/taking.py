"""Takes the film that another creation's run has made."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from jobs.subtitles.job.input import film_names
from jobs.subtitles.job.names import FILM_STEM
from shared.errors import BadRequest
from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.records.names import ASSETS
from shared.storage import ObjectStore


def film_of(store: ObjectStore, creation_id: str, pipelines: Mapping[str, Pipeline]) -> tuple[Creation, str]:
    """The creation and the name of its film; raises `BadRequest` if it has none (yet)."""
    source = Creation(store, creation_id)
    request, _ = load_request(source)
    if request is None:
        raise BadRequest(f"creation {creation_id!r} was never run; reelwright list shows those that were")
    pipeline = pipelines.get(request.pipeline)
    if pipeline is None or pipeline.film is None:
        raise BadRequest(f"creation {creation_id!r} makes no film; name one that does")
    usual = PurePosixPath(pipeline.film)
    others = [name for name, _ in source.list(ASSETS) if PurePosixPath(name).stem == usual.stem]
    found = [name for name in (str(usual), *others) if source.stat(name)]
    if not found:
        raise BadRequest(f"creation {creation_id!r} has no film yet; wait until its run is completed")
    return source, found[0]


def take(creation: Creation, source: Creation, name: str) -> str:
    """Copy the film into the creation and return its name there."""
    own = f"{ASSETS}{FILM_STEM}{PurePosixPath(name).suffix}"
    there, info = creation.stat(own), source.stat(name)
    if there is None or info is None or there.content_hash != info.content_hash:
        creation.store.write(creation.key(own), source.store.stream(source.key(name)))
    for other in film_names(creation):
        if other != own:
            creation.delete(other)
    return own
