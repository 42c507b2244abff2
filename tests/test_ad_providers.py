"""The fault table: whatever goes wrong at a paid provider, an ad comes of it, or an error that tells what to
do; nothing is paid twice, nothing is left running, nothing is left behind."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jobs import fused
from shared.machine.ffmpeg import run as ffmpeg
from shared.records.creation import Creation
from shared.runs.report import ERROR, reports_of
from shared.runs.status import RunStatus
from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore
from tests.emulators.paid import Call, Fault, Reply
from tests.support.ads import (
    BOUGHT,
    CLIP,
    ID,
    PICTURE,
    Vendors,
    assets_only,
    fill,
    hurry,
    lose_patience,
    open_vendors,
    product,
    run,
    shrink,
)
from tests.support.films import tracks
from tests.support.patience import until
from tests.support.shards import in_turn
from tests.support.toys import ROOT

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

WRITE, SPEAK = "POST /v1/messages", "POST /v1/text-to-speech/"
FILM, PAINT = f"POST /v1/models/{CLIP}", f"POST /v1/models/{PICTURE}"
LOOK, FETCH = "GET /v1/predictions/", "GET /files/"
ALWAYS = 1000


@dataclass(frozen=True, kw_only=True)
class Studio:
    """An ad's store and those who sell to it."""

    store: MemoryStore
    vendors: Vendors
    waits: list[float]
    """How long anyone was to wait for a provider, in seconds."""

    def run(self, **environ: str) -> RunStatus:
        status = run(self.store, self.vendors.environ(**environ))
        assert "compositing" not in status.stages, "buys nothing, and takes longer than all that does"
        return status

    def error(self, status: RunStatus) -> str:
        """What the job's last report says."""
        reports = reports_of(Creation(self.store, ID), assets_only()["ad"], status.request, status)
        assert (reports[-1].stage, reports[-1].status) == (ERROR, "failed")
        return reports[-1].message


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(fused, "pipelines", assets_only)
    shrink(monkeypatch.setattr)
    store = MemoryStore()
    fill(store)
    with open_vendors() as vendors:
        yield Studio(store=store, vendors=vendors, waits=hurry(monkeypatch.setattr))
    assert list(folder.iterdir()) == []


def strike_all(vendors: Vendors, kind: str, **how: Any) -> None:
    """One fault at the first call of each kind."""
    vendors.claude.faults.append(Fault(kind=kind, match=WRITE, **how))
    vendors.elevenlabs.faults.append(Fault(kind=kind, match=SPEAK, **how))
    for match in (FILM, PAINT, LOOK, FETCH):
        vendors.replicate.faults.append(Fault(kind=kind, match=match, **how))


def unspent(vendors: Vendors) -> list[Fault]:
    """Planned faults that hit nothing, or not all that they were to."""
    return [fault for vendor in vendors.all for fault in vendor.faults if 0 < fault.times < ALWAYS]


def test_without_faults_everything_is_bought_once_and_again_it_is_not_bought(studio: Studio) -> None:
    assert studio.run().status == "completed"
    assert studio.vendors.paid == BOUGHT
    fill(studio.store, "another")
    assert run(studio.store, studio.vendors.environ(), "another").status == "completed"
    assert studio.vendors.paid == BOUGHT
    assert studio.vendors.cancelled == []


NOTHING_DONE: dict[str, tuple[str, dict[str, Any]]] = {
    "429": ("status", {"status": 429}),
    "429 Retry-After": ("status", {"status": 429, "headers": {"Retry-After": "7"}}),
    "500": ("status", {"status": 500}),
    "wrong type": ("wrong_type", {}),
    "reset": ("reset", {}),
    "truncated": ("truncated", {}),
}
ANSWERS = {"429", "429 Retry-After", "500", "wrong type", "status", "wrong_type", "malformed"}
"""Those that are whole; the others break off."""


def one_of_each(names: Iterable[str]) -> "list[ParameterSet]":
    """Each day a bad answer, and one that breaks off."""
    return in_turn([(name,) for name in names], kind=lambda case: case[0] in ANSWERS)


@pytest.mark.parametrize("name", one_of_each(NOTHING_DONE))
def test_where_nothing_was_done_it_is_asked_for_again(studio: Studio, name: str) -> None:
    kind, how = NOTHING_DONE[name]
    strike_all(studio.vendors, kind, **how)
    assert studio.run().status == "completed"
    assert studio.vendors.paid == BOUGHT
    assert unspent(studio.vendors) == []
    if "headers" in how:
        assert len([wait for wait in studio.waits if 7 <= wait < 7.5]) == 6


@pytest.mark.parametrize(
    "kind", one_of_each(("status", "reset", "slow_drip", "truncated", "wrong_type", "malformed"))
)
def test_an_answer_that_is_lost_after_the_work_is_not_paid_for_again_but_claudes_once(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    lose_patience(monkeypatch.setattr, answer_s=0.5)
    strike_all(studio.vendors, kind, after_work=True)
    assert studio.run().status == "completed"
    assert studio.vendors.paid == BOUGHT | {"message": 3}
    assert unspent(studio.vendors) == []
    assert studio.vendors.cancelled == []


SPOILT: dict[str, tuple[Callable[[str], str], int]] = {
    "fenced": (lambda text: f"Here you are:\n```json\n{text}\n```\nEnjoy!", 2),
    "cut off": (lambda text: text[: len(text) // 2], 3),
    "no JSON": (lambda _text: "I can't think of anything.", 3),
}


@pytest.mark.parametrize("name", in_turn([(name,) for name in SPOILT], kind=lambda case: SPOILT[case[0]][1]))
def test_what_claude_writes_is_read_or_sent_back_once(studio: Studio, name: str) -> None:
    spoil, answers = SPOILT[name]
    studio.vendors.claude.faults.append(Fault(kind="text", body=spoil))
    assert studio.run().status == "completed"
    assert studio.vendors.paid == BOUGHT | {"message": answers}


@pytest.mark.soak
def test_a_whole_ad_is_as_ordered_and_its_manifest_tells_what_the_vendors_charge(tmp_path: Path) -> None:
    """At full size, with a process for each stage, as a person types it."""
    picture, temporary = tmp_path / "watch.png", tmp_path / "temporary"
    picture.write_bytes(product())
    temporary.mkdir()
    store = FileStore(tmp_path / "creations")
    with open_vendors() as vendors:
        more = {"STORE_URL": store.url, "TMPDIR": str(temporary), "HEARTBEAT_S": "5"}
        words = ["--product-name", "Premium Watch", "--style", "bold", "--cta", "Shop Now"]
        command = [sys.executable, "-m", "scripts", "run", "ad", ID, *words, "--image", str(picture)]
        environ = {**os.environ, **vendors.environ(**more)}
        done = subprocess.run(command, check=False, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 0, done.stderr
        assert vendors.paid == BOUGHT
        bill = vendors.bill
    manifest = json.loads(store.read(f"{ID}/manifest.json")[0])
    paid = [stage["cost"]["paid_usd"] for stage in manifest["stages"].values()]
    assert {name: usd for each in paid for name, usd in each.items()} == pytest.approx(bill)
    check_film(store.read(f"{ID}/assets/video.mp4")[0], tmp_path)
    assert list(temporary.iterdir()) == []


def check_film(film: bytes, folder: Path) -> None:
    """As long, large and loud as ads are."""
    found = tracks(film)
    facts = found["video"].facts
    assert (facts["size"], facts["average_rate"]) == ((1080, 1920), 30)
    assert abs(found["video"].duration_s - 30) <= 0.5
    assert abs(found["audio"].duration_s - found["video"].duration_s) < 0.1
    path = folder / "video.mp4"
    path.write_bytes(film)
    said = ffmpeg(["-i", f"file:{path}", "-vn", "-af", "ebur128=framelog=quiet", "-f", "null", "-"])
    assert float(said.rpartition("I:")[2].split()[0]) == pytest.approx(-14, abs=0.5)


def broken_sound(vendors: Vendors) -> None:
    vendors.elevenlabs.faults.append(Fault(kind="broken_sound"))


def failing_prediction(vendors: Vendors) -> None:
    vendors.replicate.faults.append(Fault(kind="fails", match=FILM, message="CUDA out of memory"))


def broken_clip(vendors: Vendors) -> None:
    vendors.replicate.faults.append(Fault(kind="broken_file", match=FILM))


def broken_picture(vendors: Vendors) -> None:
    vendors.replicate.faults.append(Fault(kind="broken_file", match=PAINT))


@pytest.mark.parametrize(
    ("strike", "more"),
    in_turn(
        [
            (broken_sound, {}),
            (failing_prediction, {}),
            (broken_clip, {CLIP: 5}),
            (broken_picture, {PICTURE: 2}),
        ],
        kind=lambda case: bool(case[1]),
    ),
)
def test_what_came_out_badly_is_made_anew_and_only_that(
    studio: Studio, strike: Callable[[Vendors], None], more: dict[str, int]
) -> None:
    strike(studio.vendors)
    assert studio.run().status == "completed"
    assert studio.vendors.paid == BOUGHT | more
    assert unspent(studio.vendors) == []


def test_a_prediction_that_never_ends_is_cancelled_and_made_anew(studio: Studio) -> None:
    studio.vendors.replicate.faults.append(Fault(kind="never_ends", match=FILM))
    assert studio.run(PREDICTION_TIMEOUT_S="2").status == "completed"
    first = next(each for each in studio.vendors.replicate.predictions if each.fault)
    assert studio.vendors.cancelled == [first.id]
    assert studio.vendors.paid == BOUGHT | {CLIP: 5}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Something that no retry mends."""

    faults: tuple[Fault, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    phase: str = "Asset generation"
    words: tuple[str, ...]
    """In the error: the provider and what is wrong, then what to do."""
    strikes: str = WRITE
    """Calls that are answered only when all of `under_way` has begun."""
    under_way: dict[str, int] = field(default_factory=dict)
    """Predictions, by model, that would never end."""
    stopped: tuple[str, ...] = ()
    """Stages at work elsewhere."""
    messages: int = 2
    """Bought of Claude in all, failures and the resume included."""


def quota(status: str, message: str) -> dict[str, Any]:
    return {"detail": {"status": status, "message": message}}


def always(status: int, **how: Any) -> Fault:
    return Fault(kind="status", status=status, times=ALWAYS, **how)


SILENT: dict[str, Any] = {"strikes": SPEAK, "under_way": {CLIP: 4, PICTURE: 1}}
UNSEEN: dict[str, Any] = {"strikes": FILM, "under_way": {PICTURE: 1}, "stopped": ("cta_gen",)}
UNPAINTED: dict[str, Any] = {"strikes": PAINT, "under_way": {CLIP: 4}, "stopped": ("video_gen",)}
CASES: dict[str, Callable[[], Case]] = {
    "claude: wrong key": lambda: Case(
        environ={"ANTHROPIC_API_KEY": "sk-ant-wrong"},
        phase="Script generation",
        words=("claude: the key is wrong", "check ANTHROPIC_API_KEY"),
    ),
    "claude: no credit": lambda: Case(
        faults=(always(400, match=WRITE, message="Your credit balance is too low"),),
        phase="Script generation",
        words=("claude: the account of ANTHROPIC_API_KEY has nothing left", "top it up"),
    ),
    "claude: refusal": lambda: Case(
        faults=(Fault(kind="stop", match=WRITE, message="refusal"),),
        phase="Script generation",
        words=("claude: declined to write this", "change the product's name"),
        messages=3,
    ),
    "claude: rubbish again and again": lambda: Case(
        faults=(Fault(kind="text", match=WRITE, times=6, body=lambda _text: "{}"),),
        phase="Script generation",
        words=("claude: wrote what can't be used, twice", "run it again"),
        messages=8,
    ),
    "elevenlabs: wrong key": lambda: Case(
        environ={"ELEVENLABS_API_KEY": "wrong-key"},
        words=("elevenlabs: the key is wrong", "check ELEVENLABS_API_KEY"),
        stopped=("video_gen", "cta_gen"),
        **SILENT,
    ),
    "elevenlabs: no quota": lambda: Case(
        faults=(always(401, match=SPEAK, body=quota("quota_exceeded", "You have 3 credits left")),),
        words=("elevenlabs: quota exceeded (You have 3 credits left)", "buy credits"),
        stopped=("video_gen", "cta_gen"),
        **SILENT,
    ),
    "replicate: wrong key": lambda: Case(
        environ={"REPLICATE_API_TOKEN": "r8_wrong"},
        words=("replicate: the key is wrong", "check REPLICATE_API_TOKEN"),
    ),
    "replicate: no credit for clips": lambda: Case(
        faults=(always(402, match=FILM, message="Insufficient credit"),),
        words=("replicate: the account has no credit left (Insufficient credit)", "add some at"),
        **UNSEEN,
    ),
    "replicate: refuses a clip": lambda: Case(
        faults=(Fault(kind="fails", match=FILM, message="NSFW content detected"),),
        words=("replicate: minimax/hailuo-2.3 will not show this", "change the text or picture"),
        **UNSEEN | {"strikes": LOOK, "under_way": {CLIP: 3, PICTURE: 1}},
    ),
    "replicate: refuses the picture": lambda: Case(
        faults=(Fault(kind="fails", match=PAINT, message="flagged as sensitive"),),
        words=("replicate: black-forest-labs/flux-schnell will not show this", "change the text"),
        **UNPAINTED,
    ),
    "replicate: fails again and again": lambda: Case(
        faults=(Fault(kind="fails", match=PAINT, times=3, message="CUDA out of memory"),),
        words=("replicate: black-forest-labs/flux-schnell failed: CUDA out of memory", "run again"),
        **UNPAINTED,
    ),
    "replicate: never ends, again and again": lambda: Case(
        environ={"PREDICTION_TIMEOUT_S": "0.8"},
        words=("replicate: minimax/hailuo-2.3 took longer than 0.8 s", "try again later"),
        under_way={CLIP: 12},
    ),
}


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    "name", in_turn([(name,) for name in CASES], kind=lambda case: case[0].partition(":")[0])
)
def test_a_fault_for_good_ends_all_and_says_what_to_do_and_a_resume_buys_only_the_rest(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = CASES[name]()
    with monkeypatch.context() as patch:
        strike(studio.vendors, case, patch)
        status = studio.run(**case.environ)
    assert status.status == "failed"
    error = studio.error(status)
    assert error.startswith(f"{case.phase} failed: {case.words[0]}")
    assert [words for words in case.words if words not in error] == []
    check_nothing_goes_on(studio.vendors, case, status)
    for vendor in studio.vendors.all:
        vendor.faults[:] = [fault for fault in vendor.faults if fault.kind == "record"]
    assert studio.run().status == "completed"
    assert studio.vendors.paid == BOUGHT | {"message": case.messages} | paid_predictions(studio.vendors)


def strike(vendors: Vendors, case: Case, patch: pytest.MonkeyPatch) -> None:
    """Plan the faults; they wait until there is something for them to end."""
    for fault in case.faults:
        for vendor in vendors.all:
            vendor.faults.append(fault)
    endless = [Fault(kind="never_ends", match=f"models/{model}", times=ALWAYS) for model in case.under_way]
    vendors.replicate.faults += endless

    def has_begun() -> bool:
        asked = Counter(each.model for each in vendors.replicate.predictions)
        return all(asked[model] >= number for model, number in case.under_way.items())

    for vendor in (vendors.elevenlabs, vendors.replicate):
        patch.setattr(vendor, "take_basic", _waiting(vendor.take_basic, case.strikes, has_begun))


def _waiting(
    take: Callable[[Call], Fault | None], strikes: str, ready: Callable[[], bool]
) -> Callable[[Call], Fault | None]:
    def take_basic(call: Call) -> Fault | None:
        if strikes in call.line:
            until(ready)
        return take(call)

    return take_basic


def check_nothing_goes_on(vendors: Vendors, case: Case, status: RunStatus) -> None:
    """Stages at work elsewhere were stopped, and what anyone had under way was cancelled, once."""
    for stage in case.stopped:
        assert [record.error and record.error.kind for record in status.stages[stage].records] == ["Stopped"]
    if case.phase == "Script generation":
        assert not any(status.stages[stage].records for stage in ("voice_gen", "video_gen", "cta_gen"))
    endless = [each for each in vendors.replicate.predictions if each.fault and each.fault.kind != "fails"]
    assert Counter(each.model for each in endless) == case.under_way
    assert sorted(vendors.cancelled) == sorted(each.id for each in endless)


def paid_predictions(vendors: Vendors) -> dict[str, int]:
    """What an ad takes, and what was cancelled too late not to be on the bill."""
    late = Counter(each.model for each in vendors.replicate.predictions if each.ended == "canceled")
    return {model: BOUGHT[model] + late[model] for model in (CLIP, PICTURE)}


@pytest.mark.logs_errors
def test_a_clip_whose_answer_comes_after_the_others_were_cancelled_is_cancelled_too(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendors, models = studio.vendors, studio.vendors.replicate
    strike(vendors, CASES["replicate: refuses a clip"](), monkeypatch)
    serve = models.serve

    def late(call: Call) -> Reply:
        if call.line.startswith("GET /v1/predictions/"):  # nothing fails before all are ordered
            until(lambda: len(models.predictions) >= 5)
        reply = serve(call)
        clips = [each.id for each in models.predictions if each.model == CLIP]
        if FILM in call.line and clips[3:] == [json.loads(reply.data())["id"]]:  # this one alone is held up
            until(lambda: len(vendors.cancelled) >= 2)
        return reply

    monkeypatch.setattr(models, "serve", late)
    assert studio.run().status == "failed"
    endless = {each.id for each in models.predictions if each.fault and each.fault.kind == "never_ends"}
    assert len(endless) >= 4  # one more where its answer was so late that it was asked for again
    assert set(vendors.cancelled) == endless
