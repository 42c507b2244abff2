"""render: the plan's segments, in any number of tasks."""

from jobs.presenter.render import STAGE
from shared.records.creation import Creation
from shared.stages.plan import read_plan
from shared.storage.memory import MemoryStore
from tests.support.talks import ID, names


def test_every_segment_of_the_plan_is_rendered_from_the_pictures_that_it_shows(made: MemoryStore) -> None:
    creation = Creation(made, ID)
    assert set(names(made, "cache/segments/")) == {segment.name for segment in read_plan(creation)}
    inputs = set(STAGE.inputs(creation))
    assert {*names(made, "cache/slides/"), *names(made, "cache/avatar/")} <= inputs
