"""Segments rendered side by side: all of them, each once, the same bytes in any company."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.machine.process import usable_cores
from shared.video.captions.pages import State, caption_states
from shared.video.rendering.render import render_segments
from shared.video.rendering.segments import Segment, plan_segments
from shared.video.timeline import Motion, Shot, Timeline, Transition
from tests.shared.video.caption_timelines import captioned
from tests.support.films import frames

Plane = NDArray[np.uint8]


def load(name: str) -> Plane:
    down, right = np.mgrid[0:150, 0:90].astype(np.float32)
    waves = 60 * np.sin(right / (3 + len(name))) + 60 * np.sin(down / 9)
    return np.dstack([128 + waves, 128 - waves, 90 + waves]).clip(0, 255).astype(np.uint8)


def film(captions: bool = True) -> Timeline:
    base = captioned("One morning the sea was calm.", "A boat set out.", size=(90, 160))
    total = sum(shot.frames for shot in base.shots)
    zoom = Motion(kind="zoom", zoom_to=1.1)
    shots = (
        Shot(frames=total - 70, picture="a", picture_hash="a", motion=zoom),
        Shot(frames=40, picture="bb", picture_hash="bb", transition=Transition(kind="crossfade", frames=9)),
        Shot(frames=30, colour="#336699", transition=Transition(kind="slide", frames=5)),
    )
    return base.model_copy(update={"shots": shots, "cues": base.cues if captions else ()})


class Rendered:
    """What came out."""

    def __init__(self, folder: Path, timeline: Timeline) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.timeline = timeline
        self.states: list[State] = caption_states(timeline)
        self.plan = plan_segments(timeline, self.states)
        self.made: dict[str, bytes] = {}
        self.ticks = 0

    def run(
        self,
        segments: list[Segment] | None = None,
        *,
        cores: int = 2,
        load: Callable[[str], Plane] = load,
        on_frame: Callable[[], None] = lambda: None,
    ) -> dict[str, bytes]:
        lock = threading.Lock()

        def finished(segment: Segment, path: Path) -> None:
            with lock:
                assert segment.key not in self.made
                self.made[segment.key] = path.read_bytes()

        def tick() -> None:
            with lock:
                self.ticks += 1
            on_frame()

        render_segments(
            self.timeline,
            self.plan if segments is None else segments,
            self.states,
            load,
            finished,
            scratch=self.folder,
            cores=cores,
            on_frame=tick,
        )
        return self.made


@pytest.fixture
def rendered(tmp_path: Path) -> Rendered:
    return Rendered(tmp_path, film())


def test_all_frames_of_all_segments_are_rendered(rendered: Rendered) -> None:
    made = rendered.run()
    assert set(made) == {segment.key for segment in rendered.plan}
    assert [len(frames(made[segment.key])) for segment in rendered.plan] == [s.frames for s in rendered.plan]
    assert rendered.ticks == rendered.timeline.frames
    assert list(rendered.folder.glob("*.mp4")) == []


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_cores_do_not_change_the_bytes(tmp_path: Path, rendered: Rendered, cores: int) -> None:
    assert Rendered(tmp_path / "other", film()).run(cores=cores) == rendered.run(cores=1)


def test_a_segment_is_the_same_alone_and_in_company(tmp_path: Path, rendered: Rendered) -> None:
    whole = rendered.run()
    for number, segment in enumerate(rendered.plan):
        alone = Rendered(tmp_path / str(number), film())
        assert alone.run([segment]) == {segment.key: whole[segment.key]}


def test_any_choice_of_segments_gets_its_own_captions(tmp_path: Path, rendered: Rendered) -> None:
    whole = rendered.run()
    chosen = rendered.plan[1::2]
    made = Rendered(tmp_path / "some", film()).run(chosen)
    assert made == {segment.key: whole[segment.key] for segment in chosen}


def test_nothing_to_render_is_fine(rendered: Rendered) -> None:
    assert rendered.run([]) == {}


def test_a_film_without_captions_needs_no_fonts(tmp_path: Path) -> None:
    timeline = film(captions=False).model_copy(update={"fonts": ()})
    assert len(Rendered(tmp_path, timeline).run()) > 3


def test_a_picture_that_cannot_be_loaded_ends_the_work(rendered: Rendered) -> None:
    def torn(name: str) -> Plane:
        if name == "bb":
            raise OSError("torn")
        return load(name)

    with pytest.raises(OSError, match="torn"):
        rendered.run(load=torn)
    assert threads() == []


@pytest.mark.parametrize("cores", [1, 3])
def test_a_stop_ends_all_segments_that_are_under_way(rendered: Rendered, cores: int) -> None:
    def stop() -> None:
        if rendered.ticks > 10:
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        rendered.run(cores=cores, on_frame=stop)
    assert rendered.ticks < 10 + 3 * (cores + 1)
    assert rendered.made == {}
    assert threads() == []


def test_no_more_segments_are_under_way_than_memory_is_for(rendered: Rendered) -> None:
    under_way: set[str] = set()
    most = 0

    def look() -> None:
        nonlocal most
        under_way.update(path.name for path in rendered.folder.glob("*.mp4"))
        most = max(most, len(list(rendered.folder.glob("*.mp4"))))

    rendered.run(cores=2, on_frame=look)
    assert most <= 2
    assert len(under_way) == len(rendered.plan)


def test_there_is_a_core_to_work_on() -> None:
    assert usable_cores() >= 1


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("render")]
