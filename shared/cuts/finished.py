"""Finds a creation's finished film and its cut."""

from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from shared.cuts.cut import Cut
from shared.cuts.of_timeline import cut_of_timeline
from shared.errors import NoFilm, StoreError
from shared.pipelines.definition import Pipeline, named
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.validation import problems_of
from shared.video.timeline import Timeline

_LABEL: Final = "video"
"""Of the output that is the film."""


@dataclass(frozen=True, kw_only=True)
class FinishedFilm:
    """The film of a creation's latest run."""

    creation_id: str
    run: int
    film: str
    """Its key below the creation."""
    cut: Cut

    @property
    def sound(self) -> str:
        """The key of what sounds as the film does."""
        return self.cut.sound or self.film


def finished_film(trigger: Trigger, creation_id: str) -> FinishedFilm:
    """The film and its cut; raises `NoFilm` unless the latest run is completed.

    While a run is under way its timeline may be there before its film: then there is no answer that is right.
    """
    creation = Creation(trigger.store, creation_id)
    request, _ = load_request(creation)
    if request is None:
        raise NoFilm(f"creation {creation_id!r} was never started; put its assets there and start it")
    pipeline = trigger.pipelines.get(request.pipeline)
    if pipeline is None or not (pipeline.timeline or pipeline.cut):
        raise NoFilm(f"creation {creation_id!r} makes no film that has a cut; name one that does")
    film = _film(creation, trigger.status(creation_id))
    cut = _cut(creation, pipeline, film)
    after, _ = load_request(creation)
    if after is None or after.run != request.run:
        raise NoFilm(f"creation {creation_id!r} was started again meanwhile; ask when its run is completed")
    return FinishedFilm(creation_id=creation_id, run=request.run, film=film, cut=cut)


def _film(creation: Creation, status: RunStatus) -> str:
    known = f"creation {creation.creation_id!r}: run {status.request.run}"
    if status.status == "failed":
        raise NoFilm(f"{known} has failed; its status says why: mend that and start it again")
    if status.status == "pending":
        raise NoFilm(f"{known} has not ended; ask when its status is completed")
    film = status.outputs.get(_LABEL)
    if film is None:
        raise NoFilm(f"{known} made no film, since nothing with a picture was put in")
    if creation.stat(film.key) is None:
        raise NoFilm(f"{known} made {film.key}, which was deleted since; start it again")
    return film.key


def _cut(creation: Creation, pipeline: Pipeline, film: str) -> Cut:
    if pipeline.timeline:
        return cut_of_timeline(_timeline(creation, pipeline.timeline))
    assert pipeline.cut
    cut = named(pipeline.cut)(creation, film)
    assert isinstance(cut, Cut)
    return cut


def _timeline(creation: Creation, name: str) -> Timeline:
    data, _ = creation.read(name)
    try:
        return Timeline.model_validate_json(data)
    except ValidationError as error:
        reason = f"not a valid timeline ({problems_of(error)}); start it again"
        raise StoreError("read", creation.key(name), reason) from error
