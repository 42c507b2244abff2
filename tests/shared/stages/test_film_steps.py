"""The steps from a timeline to a film, without one being made: which segments are still to be rendered."""

from shared.records.creation import Creation
from shared.stages.film_steps import missing_segments
from shared.storage.memory import MemoryStore
from shared.video.rendering.segments import Segment


def plan_of(keys: str) -> list[Segment]:
    return [Segment(key=key, shot=n, offset=0, first_frame=n, frames=1) for n, key in enumerate(keys)]


def test_segments_that_look_the_same_are_rendered_once_in_order_of_the_film() -> None:
    missing = missing_segments(Creation(MemoryStore(), "film"), plan_of("abacbd"))
    assert [segment.first_frame for segment in missing] == [0, 1, 3, 5]


def test_segments_that_the_store_holds_are_not_rendered_again() -> None:
    creation = Creation(MemoryStore(), "film")
    creation.write("cache/segments/b.mp4", b"rendered before")
    assert [segment.key for segment in missing_segments(creation, plan_of("abacbd"))] == ["a", "c", "d"]
