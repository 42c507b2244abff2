"""What is asked of Replicate is paid for once, whatever goes wrong."""

import base64
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image

from jobs.ad.card import PictureOrder
from jobs.ad.card.replicate import ReplicateImageProvider
from jobs.ad.scenery import ClipOrder
from jobs.ad.scenery.look import Look
from jobs.ad.scenery.replicate import ReplicateVideoProvider, check_clip, first_frame
from shared.errors import (
    ProviderBusy,
    ProviderDenied,
    ProviderFailed,
    ProviderRefused,
    Stopped,
)
from shared.providers import account
from shared.providers.account import Account
from shared.providers.replicate import api as replicate_api
from shared.providers.replicate import predictions as replicate
from shared.providers.replicate.api import Prediction, explain
from shared.records.documents import utc_now
from shared.settings import Settings
from shared.storage import ObjectInfo
from shared.storage.memory import MemoryStore
from tests.emulators.paid import Fault
from tests.emulators.replicate import TOKEN, ReplicateServer, film, picture

LOOK = Look(
    name="luxury",
    background="#000000",
    ground="#202020",
    accent="#daa520",
    text="#ffffff",
    energy=0.2,
    contrast=0.8,
)
ORDER = ClipOrder(
    prompt="A watch in soft light.",
    product=None,
    colours=(),
    width=1080,
    height=1920,
    frames=120,
    frame_rate=Fraction(30),
    look=LOOK,
    tempo_bpm=90,
    scene=1,
)


_Done = TypeVar("_Done")


class Killed(BaseException):
    """The process is no more."""


class MortalStore(MemoryStore):
    """Lets the process die at one of its calls: before or after doing it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.dies_at: int | None = None
        self.dies_after = False

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        return self._mortal(lambda: MemoryStore.read(self, key))

    def write(self, key: str, data: bytes | Iterable[bytes], *, expect: str | None = None) -> ObjectInfo:
        return self._mortal(lambda: MemoryStore.write(self, key, data, expect=expect))

    def delete(self, key: str, *, expect: str | None = None) -> None:
        return self._mortal(lambda: MemoryStore.delete(self, key, expect=expect))

    def _mortal(self, act: Callable[[], _Done]) -> _Done:
        self.calls += 1
        dies = self.calls == self.dies_at
        if dies and not self.dies_after:
            raise Killed
        try:
            return act()
        finally:
            if dies:
                raise Killed


@dataclass(kw_only=True)
class Studio:
    """Processes, one after the other, that share a store and an account at Replicate."""

    server: ReplicateServer
    folder: Path
    store: MortalStore = field(default_factory=MortalStore)
    slept: list[float] = field(default_factory=list)
    check: Callable[[], None] = lambda: None

    def settings(self, **more: Any) -> Settings:
        usual = {"replicate_api_token": TOKEN, "replicate_url": self.server.url}
        return Settings(**{**usual, **more})

    def account(self) -> Account:
        return Account(self.store, check=self.check, sleep=self.slept.append)

    def films(self, **more: Any) -> ReplicateVideoProvider:
        return ReplicateVideoProvider(self.settings(**more), self.account())

    def film(self, order: ClipOrder = ORDER, **more: Any) -> Path:
        """By a process of its own."""
        target = self.folder / "clip.mp4"
        self.films(**more).film(order, target, on_progress=lambda _part: None)
        return target

    def paint(self, variation: int = 0) -> Path:
        target = self.folder / "picture.png"
        order = PictureOrder(prompt="Velvet.", width=108, height=192, look=LOOK, variation=variation)
        ReplicateImageProvider(self.settings(), self.account()).paint(order, target)
        return target

    @property
    def paid(self) -> int:
        return self.server.paid.total()

    @property
    def bodies(self) -> list[Any]:
        return [call.json for call in self.server.calls_of("POST") if "input" in (call.json or {})]


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setattr(replicate_api, "_ANSWER_S", 0.6)
    monkeypatch.setattr(replicate_api, "_FILE_S", 0.6)
    with ReplicateServer() as server:
        yield Studio(server=server, folder=tmp_path)


FAULTS = {
    "429 with Retry-After": Fault(kind="status", status=429, headers={"Retry-After": "3"}),
    "429 without": Fault(kind="status", status=429),
    "500": Fault(kind="status", status=500),
    "502 after the work": Fault(kind="status", status=502, after_work=True),
    "reset": Fault(kind="reset"),
    "reset after the work": Fault(kind="reset", after_work=True),
    "slow drip": Fault(kind="slow_drip", after_work=True),
    "silence after the work": Fault(kind="silent", after_work=True),
    "truncated": Fault(kind="truncated", after_work=True),
    "wrong type": Fault(kind="wrong_type", after_work=True),
    "malformed": Fault(kind="malformed", after_work=True),
}


@pytest.mark.parametrize("call", ["POST /v1/models", "GET /v1/predictions/", "GET /files/"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_passing_fault_costs_nothing(studio: Studio, fault: str, call: str) -> None:
    studio.server.faults.append(Fault(**{**vars(FAULTS[fault]), "match": call}))
    assert studio.film().read_bytes() == film()
    assert studio.paid == 1


def test_all_calls_may_fail_once(studio: Studio) -> None:
    for call in ("POST /v1/models", "GET /v1/predictions", "GET /v1/predictions/", "GET /files/"):
        studio.server.faults.append(Fault(kind="reset", match=call, after_work=True))
    studio.film()
    assert studio.paid == 1


@pytest.mark.parametrize("hidden", [1, 2])
def test_a_lost_answer_is_found_in_a_listing_that_lags(studio: Studio, hidden: int) -> None:
    studio.server.hides = hidden
    studio.server.faults.append(Fault(kind="reset", match="POST /v1/models", after_work=True))
    studio.film()
    assert studio.paid == len(studio.server.predictions) == 1


def test_a_lost_answer_is_found_on_a_later_page(studio: Studio) -> None:
    studio.server.page = 2
    studio.film()
    studio.server.faults.append(Fault(kind="reset", match="POST /v1/models", after_work=True))
    lost = threading.Event()

    def five_others(seconds: float) -> None:
        if studio.server.paid.total() == 2 and not lost.is_set():
            lost.set()
            for number in range(5):
                studio.film(replace(ORDER, prompt=f"Other {number}"))

    order = replace(ORDER, prompt="Lost")
    account = Account(studio.store, sleep=five_others)
    provider = ReplicateVideoProvider(studio.settings(), account)
    provider.film(order, studio.folder / "lost.mp4", on_progress=lambda _part: None)
    assert lost.is_set()
    assert studio.paid == 7


def test_an_answer_that_is_always_lost_ends_in_busy(studio: Studio) -> None:
    studio.server.faults.append(Fault(kind="reset", match="POST /v1/models", times=99))
    with pytest.raises(ProviderBusy):
        studio.film()
    assert (studio.paid, len(studio.server.calls_of("POST"))) == (0, 3)


@pytest.mark.parametrize(
    ("status", "error", "word"),
    [
        (402, ProviderDenied, "billing"),
        (401, ProviderDenied, "REPLICATE_API_TOKEN"),
        (403, ProviderDenied, "key"),
    ],
)
def test_no_credit_or_a_wrong_key_is_final_and_names_the_remedy(
    studio: Studio, status: int, error: type[Exception], word: str
) -> None:
    studio.server.faults.append(Fault(kind="status", status=status, match="POST"))
    with pytest.raises(error, match=word) as caught:
        studio.film()
    assert TOKEN not in str(caught.value)
    assert (studio.paid, len(studio.server.calls)) == (0, 1)
    studio.film()
    assert studio.paid == 1
    assert studio.server.calls_of("GET /v1/predictions")[0].path != "/v1/predictions"


def test_a_wrong_key_is_refused_by_the_server_itself(studio: Studio) -> None:
    with pytest.raises(ProviderDenied, match="REPLICATE_API_TOKEN"):
        studio.film(replicate_api_token="r8_of-someone-else")


def test_a_field_that_the_model_does_not_take_is_named(studio: Studio) -> None:
    with pytest.raises(ProviderRefused, match=r"input\.prompt"):
        studio.film(replace(ORDER, prompt=""))
    assert studio.paid == 0


def test_a_rate_limit_that_is_told_in_words_is_kept(studio: Studio) -> None:
    said = "Request was throttled. Your rate limit resets in ~30s."
    studio.server.faults.append(Fault(kind="status", status=429, match="POST", message=said))
    studio.film()
    assert 30 <= sum(studio.slept) < 35


def test_a_result_is_noticed_at_most_a_tenth_later_than_it_is_there(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, studio.server.polls = utc_now(), 100
    monkeypatch.setattr(replicate, "utc_now", lambda: began + timedelta(seconds=sum(studio.slept)))
    monkeypatch.setattr(account, "_NAP_S", 60.0)
    studio.film()
    looked_s = list(accumulate(studio.slept, initial=0.0))
    for before_s, at_s in pairwise(looked_s):
        assert 0.5 <= at_s - before_s <= max(0.51, 0.101 * before_s)
    assert looked_s[-1] > 60


@pytest.mark.parametrize(
    ("kind", "message", "error"),
    [
        ("fails", "CUDA out of memory", ProviderFailed),
        ("fails", "The input or output was flagged as sensitive. (E005)", ProviderRefused),
        ("fails", "NSFW content detected.", ProviderRefused),
        ("cancelled_by_someone", "", ProviderBusy),
        ("data_removed", "", ProviderFailed),
        ("broken_file", "", ProviderFailed),
    ],
)
def test_a_prediction_that_comes_to_nothing_is_never_kept(
    studio: Studio, kind: str, message: str, error: type[Exception]
) -> None:
    studio.server.faults.append(Fault(kind=kind, match="POST", message=message))
    with pytest.raises(error) as caught:
        studio.film()
    assert type(caught.value) is error
    assert message in str(caught.value)
    assert len(studio.server.predictions) == 1
    assert studio.film().read_bytes() == film()
    assert len(studio.server.predictions) == 2
    assert studio.paid == (1 if kind == "fails" else 2)


def test_a_broken_file_is_fetched_twice_before_it_is_given_up(studio: Studio) -> None:
    studio.server.faults.append(Fault(kind="broken_file", match="POST"))
    with pytest.raises(ProviderFailed):
        studio.film()
    assert len(studio.server.calls_of("GET /files/")) == 2
    assert list(studio.folder.iterdir()) == []


def test_a_prediction_that_never_ends_is_cancelled_and_the_setting_named(studio: Studio) -> None:
    studio.server.faults.append(Fault(kind="never_ends", match="POST"))
    with pytest.raises(ProviderBusy, match="PREDICTION_TIMEOUT_S"):
        studio.film(prediction_timeout_s=0.05)
    assert studio.server.predictions[0].ended in {"aborted", "canceled"}  # before or after its first poll
    studio.film()
    assert len(studio.server.predictions) == 2


def test_a_prediction_that_outlived_its_process_is_taken_although_it_is_late(studio: Studio) -> None:
    die_after_the_id(studio)
    studio.server.predictions[0].polls = 1
    assert studio.film(prediction_timeout_s=1e-6).read_bytes() == film()
    assert studio.paid == 1


def test_a_model_ends_by_itself_somewhat_after_we_lose_patience(studio: Studio) -> None:
    studio.film(prediction_timeout_s=90.5)
    (create,) = studio.server.calls_of("POST")
    assert create.headers["cancel-after"] == "151s"
    assert "prefer" not in create.headers


def die_after_the_id(studio: Studio) -> None:
    """A process asks, and dies as soon as the prediction's ID is in the store."""

    def die(seconds: float) -> None:
        raise Killed

    account = Account(studio.store, sleep=die)
    provider = ReplicateVideoProvider(studio.settings(), account)
    with pytest.raises(Killed):
        provider.film(ORDER, studio.folder / "clip.mp4", on_progress=lambda _part: None)


def test_its_id_is_in_the_store_before_a_prediction_is_polled(studio: Studio) -> None:
    die_after_the_id(studio)
    made = studio.server.predictions[0]
    assert studio.server.calls_of("GET") == []
    stored = b"".join(studio.store.read(info.key)[0] for info in studio.store.list("_paid/"))
    assert made.id.encode() in stored
    assert TOKEN.encode() not in stored


def calls_of_a_life(act: Callable[[Studio], Any], server: ReplicateServer, folder: Path) -> int:
    studio = Studio(server=server, folder=folder)
    act(studio)
    return studio.store.calls


@pytest.mark.parametrize("act", [Studio.film, Studio.paint], ids=["film", "paint"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_dying_at_any_call_of_the_store_costs_nothing(
    tmp_path: Path, act: Callable[[Studio], Any], after: bool
) -> None:
    with ReplicateServer() as server:
        calls = calls_of_a_life(act, server, tmp_path)
        assert calls >= 6
    for number in range(1, calls + 1):
        with ReplicateServer() as server:
            studio = Studio(server=server, folder=tmp_path)
            studio.store.dies_at, studio.store.dies_after = number, after
            with pytest.raises(Killed):
                act(studio)
            act(studio)
            assert studio.paid == len(server.predictions) == 1, number


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_dying_twice_costs_nothing(tmp_path: Path, after: bool) -> None:
    for first in range(3, 7):
        for second in (first + 2, first + 4):
            with ReplicateServer() as server:
                studio = Studio(server=server, folder=tmp_path)
                studio.store.dies_after = after
                for number in (first, second):
                    studio.store.dies_at = number
                    with pytest.raises(Killed):
                        studio.film()
                studio.film()
                assert studio.paid == 1, (first, second)


def test_dying_between_the_request_and_its_answer_costs_nothing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.server.hides = 2

    def die(*_args: object, **_more: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Prediction, "model_validate", die)
        with pytest.raises(Killed):
            studio.film()
    assert studio.paid == 1
    studio.film()
    assert studio.paid == 1


def test_a_prediction_of_another_order_is_not_adopted(studio: Studio) -> None:
    """The same words for other pictures, or another variation."""
    red, blue = studio.folder / "red.png", studio.folder / "blue.png"
    red.write_bytes(picture(40, 40))
    blue.write_bytes(picture(40, 60))
    studio.film(replace(ORDER, product=red))
    studio.server.faults.append(Fault(kind="reset", match="POST /v1/models"))
    studio.film(replace(ORDER, product=blue))
    studio.server.faults.append(Fault(kind="reset", match="POST /v1/models"))
    studio.film(replace(ORDER, product=blue, variation=1))
    assert len(studio.server.predictions) == studio.paid == 3


def test_a_prediction_that_is_too_old_is_not_adopted(studio: Studio) -> None:
    studio.film()
    studio.server.predictions[0].created_at -= timedelta(minutes=5)
    fresh = Studio(server=studio.server, folder=studio.folder)
    studio.server.faults.append(Fault(kind="reset", match="POST /v1/models"))
    fresh.film()
    assert studio.paid == 2


def test_a_note_of_a_prediction_that_is_gone_leads_to_a_new_one(studio: Studio) -> None:
    die_after_the_id(studio)
    studio.server.predictions.clear()
    studio.film()
    assert len(studio.server.predictions) == 1


def test_damaged_notes_cost_at_most_one_prediction(studio: Studio) -> None:
    die_after_the_id(studio)
    for info in list(studio.store.list("_paid/predictions/")):
        studio.store.write(info.key, b'{"asked_at": "yesterday"}')
    studio.film()
    assert len(studio.server.predictions) == 2


def test_cancelling_ends_what_runs_and_the_next_run_asks_anew(studio: Studio) -> None:
    studio.server.polls = 10**6
    provider = studio.films()
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise Stopped("a cancelled run")

    studio.check = check
    provider = studio.films()
    calls = []

    def watch(part: float) -> None:
        calls.append(part)
        if len(calls) == 3:
            stopped.set()

    with pytest.raises(Stopped):
        provider.film(ORDER, studio.folder / "clip.mp4", on_progress=watch)
    assert studio.server.predictions[0].ended == ""
    provider.cancel()
    provider.cancel()
    assert studio.server.predictions[0].ended == "canceled"
    assert len(studio.server.calls_of("/cancel")) == 1
    stopped.clear()
    studio.server.polls = 1
    studio.film()
    assert [each.ended for each in studio.server.predictions] == ["canceled", "succeeded"]


def test_what_cannot_be_cancelled_is_logged_and_no_error(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    studio.server.faults.append(Fault(kind="status", status=500, match="/cancel", times=9))
    account = Account(studio.store, sleep=studio.slept.append)
    provider = ReplicateVideoProvider(studio.settings(), account)

    def stop(part: float) -> None:
        raise Stopped("a cancelled run")

    with pytest.raises(Stopped):
        provider.film(ORDER, studio.folder / "clip.mp4", on_progress=stop)
    provider.cancel()
    assert "prediction_not_cancelled" in [getattr(record, "action", "") for record in caplog.records]
    assert len(studio.server.calls_of("/cancel")) == 2


def test_what_succeeded_just_before_it_was_cancelled_is_used_by_the_next_run(studio: Studio) -> None:
    provider = studio.films()

    def stop(part: float) -> None:
        raise Stopped("a cancelled run")

    with pytest.raises(Stopped):
        provider.film(ORDER, studio.folder / "clip.mp4", on_progress=stop)
    studio.server.predictions[0].ended = "succeeded"
    provider.cancel()
    studio.film()
    assert studio.paid == len(studio.server.predictions) == 1


def test_four_clips_are_filmed_at_once_and_paid_for_once_each(studio: Studio) -> None:
    provider = studio.films()
    errors: list[BaseException] = []

    def work(scene: int) -> None:
        order = replace(ORDER, scene=scene, prompt=f"Scene {scene}")
        try:
            provider.film(order, studio.folder / f"{scene}.mp4", on_progress=lambda _part: None)
        except BaseException as error:
            errors.append(error)

    studio.server.faults.append(Fault(kind="reset", match="POST /v1/models", after_work=True, times=2))
    threads = [threading.Thread(target=work, args=(scene,)) for scene in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert studio.paid == len(studio.server.predictions) == 4


@pytest.mark.parametrize(
    ("frames", "duration", "usd"), [(120, 6, 0.28), (180, 6, 0.28), (210, 10, 0.56), (240, 10, 0.56)]
)
def test_hailuo_films_six_or_ten_seconds(studio: Studio, frames: int, duration: int, usd: float) -> None:
    account = studio.account()
    provider = ReplicateVideoProvider(studio.settings(), account)
    order = replace(ORDER, frames=frames)
    provider.film(order, studio.folder / "clip.mp4", on_progress=lambda _part: None)
    assert studio.bodies[0]["input"]["duration"] == duration
    assert account.spent == {"replicate-video": usd}
    assert provider.estimate_usd(frames / 30) == usd


def test_ltx_is_asked_for_by_its_version_and_long_enough(studio: Studio) -> None:
    studio.film(replace(ORDER, frames=240), video_model="ltx")
    (body,) = studio.bodies
    assert len(body["version"]) == 64
    assert (body["input"]["length"], body["input"]["aspect_ratio"]) == (193, "9:16")
    assert studio.server.paid == {"lightricks/ltx-video": 1}


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((1080, 1080), "1:1"), ((1080, 1350), "4:5"), ((1920, 1080), "16:9"), ((54, 96), "9:16")],
)
def test_models_are_asked_for_the_frame_s_shape(studio: Studio, size: tuple[int, int], ratio: str) -> None:
    studio.film(replace(ORDER, width=size[0], height=size[1]), video_model="ltx")
    assert studio.bodies[0]["input"]["aspect_ratio"] == ratio


def test_each_model_has_a_version_and_keeps_its_own_results(studio: Studio) -> None:
    for model in ("minimax", "ltx"):
        studio.film(video_model=model)
    assert studio.paid == 2
    assert studio.films(video_model="ltx").version != studio.films().version


def test_the_product_is_sent_upright_small_and_in_the_clips_shape(studio: Studio, tmp_path: Path) -> None:
    noise = Image.effect_noise((1200, 800), 90).convert("RGB")
    noise.save(tmp_path / "product.png")
    head, _, data = first_frame(tmp_path / "product.png", shape=(1080, 1920)).partition(",")
    assert head == "data:image/jpeg;base64"
    raw = base64.b64decode(data)
    assert len(raw) <= 250_000
    with Image.open(io.BytesIO(raw)) as image:
        assert (image.size, image.format) == ((720, 1280), "JPEG")


def test_the_same_picture_under_another_name_is_the_same_order(studio: Studio) -> None:
    for name in ("a.png", "b.png"):
        path = studio.folder / name
        path.write_bytes(picture(40, 40))
        studio.film(replace(ORDER, product=path))
    assert studio.paid == 1
    assert studio.bodies[0]["input"]["first_frame_image"].startswith("data:image/jpeg;base64,")


def test_another_variation_of_a_picture_has_another_seed(studio: Studio) -> None:
    studio.paint()
    studio.paint()
    studio.paint(variation=1)
    seeds = [body["input"]["seed"] for body in studio.bodies]
    assert len(set(seeds)) == len(seeds) == studio.paid == 2
    with Image.open(studio.folder / "picture.png") as image:
        assert image.getpixel((5, 96)) == (220, 20, 20)
        assert image.getpixel((102, 96)) == (20, 20, 220)


@pytest.mark.parametrize(
    "data",
    [b"", b"no film", film()[:1200], film(0.5), picture()],
    ids=["empty", "noise", "half", "half a second", "a picture"],
)
def test_a_file_that_is_no_whole_film_of_a_second_is_no_clip(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "clip"
    path.write_bytes(data)
    with pytest.raises(ProviderFailed):
        check_clip(path)


def test_a_film_whose_end_is_missing_is_no_clip(tmp_path: Path) -> None:
    """With its index first, so that only counting frames tells."""
    import av
    import numpy as np

    source, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    with av.open(str(source), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        noise = Image.effect_noise((64, 64), 80).convert("RGB")
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.asarray(noise.rotate(number * 17)), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    check_clip(source)
    cut.write_bytes(source.read_bytes()[: source.stat().st_size * 3 // 4])
    with pytest.raises(ProviderFailed):
        check_clip(cut)


def test_statuses_that_all_apis_mean_alike_are_left_to_them() -> None:
    assert [explain(status, {"detail": "x"}) for status in (400, 401, 403, 500)] == [None] * 4
