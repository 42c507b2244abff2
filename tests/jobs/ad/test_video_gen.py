"""video_gen: four scenes side by side, all clips of one kind, nothing paid for thrown away."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from jobs.ad import PIPELINE_FILE, video_gen
from jobs.ad.plan.frame import Frame
from jobs.ad.plan.scenes import clip_name
from jobs.ad.scenery import ClipOrder
from jobs.ad.styles import style_named
from jobs.ad.video_gen import STAGE, run
from shared.errors import ProviderBusy, ProviderDenied, ProviderFailed, ProviderRefused, Stopped
from shared.pipelines.definition import load_pipeline
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import Record
from shared.settings import Settings
from shared.stages.stage import Result
from shared.storage.memory import MemoryStore
from shared.video.encoding.clip_files import check_clip
from shared.worker.box import run_task
from tests.jobs.ad.makings import Told, context_of, put_script, script_of
from tests.shared.video.clip_makers import filmed_clip, numbered_clip

SIZE = (64, 112)
SMALL = Frame(width=SIZE[0], height=SIZE[1])
FRAMES = {1: 285, 2: 255, 3: 255, 4: 165}
PIPELINE = load_pipeline(PIPELINE_FILE)


class Camera:
    """Films as told: by scene an error, or how to make the clip."""

    version = "3"

    def __init__(self, name: str = "camera", *, concurrency: int = 4) -> None:
        self.name = name
        self.concurrency = concurrency
        self.fails: dict[int, Exception] = {}
        self.makes: Callable[[Path, ClipOrder], object] = lambda path, _: filmed_clip(path, 1.5)
        self.waits: dict[int, threading.Event] = {}
        self.orders: dict[int, ClipOrder] = {}
        self.filmed: list[int] = []
        self.cancelled = threading.Event()
        self.warnings: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def film(self, order: ClipOrder, target: Path, *, on_progress: Callable[[float], None]) -> None:
        with self._lock:
            self.orders[order.scene] = order
        on_progress(0.1)
        if order.scene in self.waits:
            assert self.waits[order.scene].wait(10)
            on_progress(0.5)
        if order.scene in self.fails:
            raise self.fails[order.scene]
        self.makes(target, order)
        on_progress(1.0)
        with self._lock:
            self.filmed.append(order.scene)

    def cancel(self) -> None:
        self.cancelled.set()

    def estimate_usd(self, seconds: float) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[Camera]:
    camera = Camera()
    monkeypatch.setattr(video_gen, "video_provider", lambda *_: camera)
    yield camera
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("film")]


@pytest.fixture
def creation() -> Creation:
    creation = Creation(MemoryStore(), "ad")
    creation.write("assets/product.jpg", b"a picture")
    put_script(creation, script_of(product_image="assets/product.jpg", frame=SMALL))
    return creation


def filmed(creation: Creation, scratch: Path, told: Told | None = None, *, abandoned: bool = False) -> Result:
    return run(context_of(creation, scratch, told=told, abandoned=abandoned))


def exact(path: Path, order: ClipOrder) -> Path:
    return numbered_clip(path, order.frames, size=SIZE, key_every=30)


def test_whatever_comes_back_becomes_a_clip_of_the_scenes_length(creation: Creation, tmp_path: Path) -> None:
    result = filmed(creation, tmp_path)
    assert [output.name for output in result.outputs.values()] == [clip_name(n) for n in range(1, 5)]
    for scene, output in enumerate(result.outputs.values(), 1):
        facts = check_clip(output.path, name="clip")
        assert facts.is_ready(*SIZE, Fraction(30), FRAMES[scene])
    assert result.metadata == {"video": "camera", "scenes": 4, "frames": sum(FRAMES.values())}


def test_each_scene_is_ordered_as_the_script_has_it(
    creation: Creation, tmp_path: Path, camera: Camera
) -> None:
    filmed(creation, tmp_path)
    orders = [camera.orders[scene] for scene in range(1, 5)]
    assert [order.frames for order in orders] == list(FRAMES.values())
    assert [order.prompt for order in orders] == [f"scene {scene}" for scene in range(1, 5)]
    assert [order.product is not None for order in orders] == [True, False, True, True]
    assert orders[0].product is not None
    assert orders[0].product.read_bytes() == b"a picture"
    assert {order.look.name for order in orders} == {"luxury"}
    assert {order.tempo_bpm for order in orders} == {style_named("luxury").music.tempo_bpm}
    assert {order.colours for order in orders} == {("#DAA520", "#101010")}


def test_the_embedded_film_maker_always_sees_the_product(
    creation: Creation, tmp_path: Path, camera: Camera
) -> None:
    camera.name, camera.makes = "motion", exact
    filmed(creation, tmp_path)
    assert all(order.product is not None for order in camera.orders.values())


def test_a_clip_of_ours_that_is_exactly_right_is_not_made_again(
    creation: Creation, tmp_path: Path, camera: Camera
) -> None:
    camera.name, camera.makes = "motion", exact
    result = filmed(creation, tmp_path)
    wanted = numbered_clip(tmp_path / "wanted.mp4", FRAMES[4], size=SIZE, key_every=30).read_bytes()
    assert result.outputs["scene_4"].path.read_bytes() == wanted


def test_a_stranger_s_clip_is_decoded_even_if_it_looks_right(
    creation: Creation, tmp_path: Path, camera: Camera
) -> None:
    def broken(path: Path, order: ClipOrder) -> None:
        tags = ("-g", "30", "-colorspace", "bt709", "-color_range", "tv")
        filmed_clip(path, order.frames / 30, size=SIZE, rate="30", extra=tags)
        assert check_clip(path, name="clip").is_ready(*SIZE, Fraction(30), order.frames)
        data = bytearray(path.read_bytes())
        at = len(data) // 2
        data[at : at + 2000] = bytes(range(250)) * 8
        path.write_bytes(data)
        assert check_clip(path, name="clip").is_ready(*SIZE, Fraction(30), order.frames)

    camera.makes = broken
    with pytest.raises(ProviderFailed, match="camera: filmed nothing of scene"):
        filmed(creation, tmp_path)


@pytest.mark.parametrize("data", [None, b"", b"<html>no clip</html>"])
def test_a_result_that_is_no_clip_is_the_providers_failure(
    creation: Creation, tmp_path: Path, camera: Camera, data: bytes | None
) -> None:
    camera.makes = lambda path, order: None if data is None else path.write_bytes(data)
    with pytest.raises(ProviderFailed, match="camera: filmed nothing of scene 1") as caught:
        filmed(creation, tmp_path)
    assert not isinstance(caught.value, ValueError)  # it may do better at the next try


def test_scenes_are_filmed_side_by_side(creation: Creation, tmp_path: Path, camera: Camera) -> None:
    meeting = threading.Barrier(4)
    camera.makes = lambda path, order: (meeting.wait(10), filmed_clip(path, 1.5))
    filmed(creation, tmp_path)
    assert sorted(camera.filmed) == [1, 2, 3, 4]


def test_one_at_a_time_where_the_film_maker_can_do_no_more(
    creation: Creation, tmp_path: Path, camera: Camera
) -> None:
    camera.concurrency = 1
    filmed(creation, tmp_path)
    assert camera.filmed == [1, 2, 3, 4]


@pytest.mark.parametrize("error", [ProviderDenied("camera", "no key"), ProviderRefused("camera", "no")])
def test_a_failure_for_good_ends_the_others(
    creation: Creation, tmp_path: Path, camera: Camera, error: Exception
) -> None:
    camera.fails[2] = error
    camera.waits = {scene: camera.cancelled for scene in (1, 3, 4)}
    with pytest.raises(type(error)):
        filmed(creation, tmp_path)
    assert camera.cancelled.is_set()
    assert camera.filmed == []


@pytest.mark.parametrize("error", [ProviderBusy("camera", "later"), ProviderFailed("camera", "broken")])
def test_a_failure_that_may_pass_lets_the_others_end(
    creation: Creation, tmp_path: Path, camera: Camera, error: Exception
) -> None:
    camera.fails[1] = error
    with pytest.raises(type(error)):
        filmed(creation, tmp_path)
    assert sorted(camera.filmed) == [2, 3, 4]
    assert not camera.cancelled.is_set()


def test_what_is_for_good_is_told_before_what_may_pass(
    creation: Creation, tmp_path: Path, camera: Camera
) -> None:
    camera.concurrency = 1
    camera.fails = {1: ProviderBusy("camera", "later"), 3: ProviderDenied("camera", "no key")}
    with pytest.raises(ProviderDenied):
        filmed(creation, tmp_path)
    assert 4 not in camera.orders


@pytest.mark.parametrize("abandoned", [True, False])
def test_a_stop_cancels_what_nobody_wants_any_more(
    creation: Creation, tmp_path: Path, camera: Camera, abandoned: bool
) -> None:
    told = Told()
    told.raises, told.after = Stopped("a signal"), 6
    with pytest.raises(Stopped):
        filmed(creation, tmp_path, told, abandoned=abandoned)
    assert camera.cancelled.is_set() == abandoned


def test_progress_is_the_mean_of_all_scenes(creation: Creation, tmp_path: Path, camera: Camera) -> None:
    context = context_of(creation, tmp_path)
    seen: list[tuple[float, str]] = []
    camera.concurrency = 1

    def makes(path: Path, _order: ClipOrder) -> None:
        seen.append((context.progress.step.fraction, context.progress.step.message))
        filmed_clip(path, 1.5)

    camera.makes = makes
    run(context)
    assert [message for _, message in seen] == [f"filmed {done} of 4 scenes" for done in range(4)]
    assert [round(fraction * 4) for fraction, _ in seen] == [0, 1, 2, 3]
    assert context.progress.step.message == "filmed 4 of 4 scenes"


def test_the_stage_stands_until_script_or_picture_change(creation: Creation, camera: Camera) -> None:
    def record() -> Record:
        return run_task(STAGE, PIPELINE, creation, Task(), Settings(cores=2))

    creation.write("assets/ad.json", b"{}")
    put_run(creation)
    assert not record().reused
    before = len(camera.orders)
    assert before == 4
    creation.write("assets/product.jpg", b"another picture")
    assert STAGE.inputs(creation) == ["assets/script.json", "assets/product.jpg"]
    assert STAGE.salt(Settings()) == "camera 3"


def put_run(creation: Creation) -> None:
    """A run in which the script stands already."""
    from shared.records.documents import Claim, Request, save, utc_now

    now = utc_now()
    save(
        creation,
        "request.json",
        Request(pipeline="ad", requested_at=now, created_at=now),
        expect=None,
    )
    save(
        creation,
        "claims/1/video_gen",
        Claim(token="token", claimed_at=now, execution="local|here"),
        expect=None,
    )
