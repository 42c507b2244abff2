"""What a store in Cloud Storage promises beyond the behaviour of every store: above all, when calls fail."""

import base64
import hashlib
import json
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import google.auth.credentials
import google.auth.crypt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.oauth2 import service_account

from shared.errors import InvalidSettings, ObjectNotFound, PreconditionFailed, StoreError
from shared.storage import ABSENT, open_store
from shared.storage.gs import store as gs
from shared.storage.gs.store import CloudStorageStore
from tests.emulators.cloud_storage import CloudStorageEmulator
from tests.emulators.cloud_storage_faults import DAMAGES, KINDS
from tests.shared.storage.wholes import WHOLES
from tests.support.shards import EXTENTS, Extent, of_extent

STEP = 256 * 1024
BIG = bytes(range(256)) * 3000  # three chunks of an upload, the last one not full
LOST_ANSWERS = ("503-after", "reset-after")


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudStorageEmulator]:
    with CloudStorageEmulator(buckets=["films"], page_size=3) as emulator:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.url)
        yield emulator


@pytest.fixture
def store(emulator: CloudStorageEmulator) -> CloudStorageStore:
    return impatient()


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads of more than 256 KiB go up in chunks of that size."""
    monkeypatch.setattr("shared.storage.gs.store._AT_ONCE_BYTES", STEP)
    monkeypatch.setattr("google.cloud.storage.blob._MAX_MULTIPART_SIZE", STEP)


def impatient(bucket: str = "films", deadline_s: float = 20.0) -> CloudStorageStore:
    return CloudStorageStore(bucket, deadline_s=deadline_s, first_delay_s=0.001)


def causes(error: BaseException) -> list[str]:
    return [str(error.__cause__), *causes(error.__cause__)] if error.__cause__ else []


def put_by_another_tool(emulator: CloudStorageEmulator, key: str, data: bytes, bucket: str = "films") -> None:
    address = f"{emulator.url}/upload/storage/v1/b/{bucket}/o"
    parameters = {"uploadType": "media", "name": key}
    requests.post(address, params=parameters, data=data, timeout=10).raise_for_status()


def deeds(store: CloudStorageStore, folder: Path) -> None:
    """Every kind of call to the store at least once, checked for what it must give."""
    (folder / "up").write_bytes(BIG)
    first = store.write("a", b"first", expect=ABSENT)
    second = store.write("a", b"second", expect=first.generation)
    assert store.read("a") == (b"second", second)
    store.write("a", b"third")
    up = store.upload(folder / "up", "b/big.mp4", expect=ABSENT)
    assert impatient().stat("b/big.mp4") == up
    assert store.download("b/big.mp4", folder / "down") == up
    assert (folder / "down").read_bytes() == BIG
    assert b"".join(store.stream("b/big.mp4", start=5, end=500_000)) == BIG[5:500_000]
    store.write("c", iter([BIG, b"x"]))
    assert [info.key for info in store.list("")] == ["a", "b/big.mp4", "c"]
    store.delete("a", expect=impatient().read("a")[1].generation)
    store.delete("c")
    with pytest.raises(PreconditionFailed):
        store.write("b/big.mp4", BIG, expect=first.generation)
    assert list(store.list("")) == [up]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("extent", EXTENTS)
def test_one_fault_at_any_call_changes_nothing_of_what_is_done(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path, extent: Extent
) -> None:
    deeds(store, tmp_path)
    calls = dict(emulator.faults.calls)
    assert {"objects.insert", "resumable.chunk", "objects.media", "objects.delete"} <= calls.keys()
    scenes = [
        (operation, nth, kind)
        for operation, count in calls.items()
        for nth in range(1, count + 1)
        for kind in KINDS
        if operation in KINDS[kind]
    ]
    assert len(scenes) > 100
    struck = of_extent(extent, scenes)
    for scene in struck:
        store.delete("b/big.mp4")
        emulator.faults.plan(*scene)
        deeds(store, tmp_path)
        emulator.faults.verify()
    assert len(emulator.faults.injected) == len(struck)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.soak)])
def test_many_faults_change_nothing_of_what_is_done(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path, rounds: int
) -> None:
    for seed in range(rounds):
        emulator.faults.rate(dict.fromkeys(KINDS, 0.02), seed=seed)
        deeds(store, tmp_path)
        emulator.faults.rate({}, seed=0)
        store.delete("b/big.mp4")
    assert len(emulator.faults.injected) > rounds


@pytest.mark.parametrize("kind", LOST_ANSWERS)
def test_one_of_64_creators_wins_even_when_answers_are_lost(
    emulator: CloudStorageEmulator, kind: str
) -> None:
    stores = [impatient() for _ in range(8)]
    start = threading.Barrier(64)

    def create(number: int, claim: str) -> int | None:
        start.wait()
        try:
            stores[number % 8].write(claim, str(number).encode(), expect=ABSENT)
        except PreconditionFailed:
            return None
        return number

    emulator.faults.rate({kind: 0.3}, seed=64)
    with ThreadPoolExecutor(64) as pool:
        for claim in ("claims/1", "claims/2", "claims/3"):
            owners = [number for number in pool.map(create, range(64), [claim] * 64) if number is not None]
            assert [str(number).encode() for number in owners] == [stores[0].read(claim)[0]]
    assert len(emulator.faults.injected) > 20


@pytest.mark.parametrize("kind", LOST_ANSWERS)
def test_who_hears_nothing_of_his_own_success_still_wins(
    emulator: CloudStorageEmulator, store: CloudStorageStore, kind: str
) -> None:
    emulator.faults.plan("objects.insert", 1, kind)
    info = store.write("claims/1", b"mine", expect=ABSENT)
    emulator.faults.verify()
    assert emulator.faults.calls["objects.insert"] == 2
    assert impatient().read("claims/1") == (b"mine", info)


def test_a_write_whose_answer_was_lost_never_undoes_what_came_after_it(
    emulator: CloudStorageEmulator, store: CloudStorageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = iter([b"theirs"])

    def overtake(resource: dict[str, Any]) -> None:
        for data in others:
            impatient().write("a", data, expect=resource["generation"])

    monkeypatch.setattr(emulator.objects, "_on_finalised", overtake)
    emulator.faults.plan("objects.insert", 1, "reset-after")
    with pytest.raises(StoreError) as caught:
        store.write("a", b"mine")
    emulator.faults.verify()
    assert caught.value.args[:2] == ("write", "a")
    assert store.read("a")[0] == b"theirs"


def test_a_delete_whose_answer_was_lost_never_deletes_what_came_after_it(
    emulator: CloudStorageEmulator, store: CloudStorageStore
) -> None:
    old = store.write("a", b"old")
    emulator.faults.plan("objects.delete", 1, "503-after")
    store.delete("a", expect=old.generation)
    emulator.faults.verify()
    assert store.stat("a") is None
    new = store.write("a", b"new")
    with pytest.raises(PreconditionFailed):
        store.delete("a", expect=old.generation)
    assert store.stat("a") == new


@pytest.mark.parametrize("kind", ["503-before", "429-before", "503-after", "reset-before", "reset-after"])
def test_a_fault_that_stays_ends_in_an_error_and_leaves_no_half(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path, kind: str
) -> None:
    store.write("old", b"old")
    (tmp_path / "target").write_bytes(b"kept")
    emulator.faults.rate({kind: 1.0}, seed=0)
    hasty = impatient(deadline_s=0.05)
    asks: list[Callable[[], object]] = [
        lambda: hasty.stat("old"),
        lambda: hasty.read("old"),
        lambda: hasty.stream("old"),
        lambda: hasty.write("new", b"new", expect=ABSENT),
        lambda: hasty.download("old", tmp_path / "target"),
        lambda: hasty.delete("old"),
        lambda: list(hasty.list("")),
        hasty.check,
    ]
    for ask in asks:
        with pytest.raises(StoreError):
            ask()
    emulator.faults.rate({}, seed=0)
    assert (tmp_path / "target").read_bytes() == b"kept"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert store.read("old")[0] == b"old"
    kept = [info.key for info in store.list("") if not info.key.startswith("_probe/")]
    assert kept in (["old"], ["new", "old"])
    assert ("new" in kept) <= kind.endswith("-after")


def test_a_download_that_breaks_when_its_generation_is_gone_begins_anew(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path
) -> None:
    store.write("a", BIG * 8)
    emulator.faults.plan("objects.media", 1, "broken-download")
    chunks = store.stream("a", start=1)
    next(chunks)
    store.write("a", bytes(8 * len(BIG)))
    with pytest.raises(StoreError) as caught:
        list(chunks)
    emulator.faults.verify()
    assert caught.value.args[:2] == ("read", "a")
    assert store.download("a", tmp_path / "a") == store.stat("a")


@pytest.mark.parametrize("sums", [True, False], ids=["with sums", "without sums"])
@pytest.mark.parametrize("way", WHOLES)
def test_a_whole_object_is_verified_however_it_is_asked_for(
    emulator: CloudStorageEmulator, store: CloudStorageStore, way: str, sums: bool
) -> None:
    def ask() -> bytes:
        for nth in range(1, 1 + (0 if sums else len(BIG) // STEP + 1)):
            emulator.faults.plan("objects.media", nth, "no-sums")
        return WHOLES[way](impatient(), "a", len(BIG))

    put_by_another_tool(emulator, "a", BIG)
    assert ask() == BIG
    stored = emulator.objects._buckets["films"]["a"].path
    for at in (0, len(BIG) - 1):
        stored.write_bytes(BIG[:at] + b"?" + BIG[at + 1 :])
        with pytest.raises(StoreError) as caught:
            ask()
        assert caught.value.args[1] == "a"
        assert "CRC32C" in caught.value.args[2]


def test_nobody_gets_the_last_bytes_of_an_object_that_is_damaged(
    emulator: CloudStorageEmulator, store: CloudStorageStore
) -> None:
    store.write("a", BIG * 3)
    emulator.faults.plan("objects.media", 1, "wrong-bytes")
    got: list[bytes] = []
    with pytest.raises(StoreError):
        deque(map(got.append, store.stream("a", end=3 * len(BIG))))
    assert 0 < sum(map(len, got)) < 3 * len(BIG)


@pytest.mark.parametrize("span", [(0, len(BIG)), (5, len(BIG) - 5), (len(BIG) // 2, None)])
@pytest.mark.parametrize(
    "kind", ["short-answer", "no-sums", "long-answer", "other-place", "gunzipped", "gzipped", "range-ignored"]
)
def test_a_range_that_is_not_the_one_asked_for_is_made_up_for_or_refused(
    emulator: CloudStorageEmulator, store: CloudStorageStore, kind: str, span: tuple[int, int | None]
) -> None:
    start, end = span
    store.write("a", BIG)
    emulator.faults.plan("objects.media", 1, kind)
    if kind in ("short-answer", "no-sums"):
        assert b"".join(store.stream("a", start=start, end=end)) == BIG[start:end]
    else:
        with pytest.raises(StoreError) as caught:
            list(store.stream("a", start=start, end=end))
        assert caught.value.args[:2] == ("read", "a")
    emulator.faults.verify()


def test_a_broken_download_never_goes_on_with_another_generation_s_bytes(
    emulator: CloudStorageEmulator, store: CloudStorageStore
) -> None:
    store.write("a", BIG)
    emulator.faults.plan("objects.media", 1, "broken-download")
    emulator.faults.plan("objects.media", 2, "other-generation")
    with pytest.raises(StoreError) as caught:
        list(store.stream("a", start=1))
    assert "replaced" in caught.value.args[2]
    emulator.faults.verify()


@pytest.mark.parametrize("kind", ["page", "missing-page", "other-json", "cut-json"])
def test_an_answer_of_someone_else_becomes_an_error_that_says_so(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path, kind: str
) -> None:
    first = store.write("a", BIG)
    asks: dict[str, Callable[[], object]] = {
        "look at": lambda: impatient().stat("a"),
        "read": lambda: impatient().read("a"),
        "download": lambda: impatient().download("a", tmp_path / "a"),
        "list": lambda: list(store.list("a")),
        "write": lambda: store.write("a", b"x", expect=first.generation),
        "delete": lambda: store.delete("a"),
    }
    for action, ask in asks.items():
        strikes = [each for each in DAMAGES[kind] if not each.startswith(("buckets", "resumable"))]
        for operation in strikes:
            for nth in range(1, 30):
                emulator.faults.plan(operation, nth, kind)
        with pytest.raises(StoreError) as caught:
            ask()
        assert caught.value.args[0] == action
        assert "not from Cloud Storage" in caught.value.args[2]
        emulator.faults._planned.clear()


def test_bytes_that_do_not_fit_their_sums_are_refused(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path
) -> None:
    store.write("a", BIG)
    resource = emulator.objects.get("films", "a", {})
    stored = emulator.objects._buckets["films"]["a"].path
    stored.write_bytes(BIG[:-1] + b"?")
    for ask in (lambda: store.read("a"), lambda: store.download("a", tmp_path / "a")):
        with pytest.raises(StoreError):
            ask()
    assert not list(tmp_path.iterdir())
    stored.write_bytes(BIG)
    emulator.objects.patch("films", "a", {}, {"metadata": {"sha256": "0" * 64}})
    with pytest.raises(StoreError):
        impatient().read("a")
    put_by_another_tool(emulator, "b", BIG)
    emulator.objects._buckets["films"]["b"].path.write_bytes(BIG[:-1] + b"?")
    with pytest.raises(StoreError):
        store.stat("b")
    assert resource["metadata"]["sha256"] == hashlib.sha256(BIG).hexdigest()


@pytest.mark.usefixtures("small_chunks")
def test_a_source_that_changes_while_it_goes_up_is_not_published(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film"
    for data, later in [(BIG, BIG[:-1] + b"?"), (BIG, BIG[:-1]), (b"small", b"smell"), (b"small", b"s")]:
        path.write_bytes(data)
        measured = store._put

        def swap(*arguments: Any, later: bytes = later, measured: Callable[..., Any] = measured) -> Any:
            path.write_bytes(later)
            return measured(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(store, "_put", swap)
            with pytest.raises(StoreError) as caught:
                store.upload(path, "film")
        assert caught.value.args[:2] == ("upload", "film")
    assert store.stat("film") is None


def test_what_another_tool_put_there_is_hashed_once(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path
) -> None:
    put_by_another_tool(emulator, "a/1.jpg", BIG)
    put_by_another_tool(emulator, "a/folder/", b"")
    assert [(info.key, info.content_hash) for info in store.list("a/")] == [("a/1.jpg", "")]
    info = store.stat("a/1.jpg")
    assert info is not None
    assert info.content_hash == hashlib.sha256(BIG).hexdigest()
    assert (store.stat("a/1.jpg"), store.read("a/1.jpg")) == (info, (BIG, info))
    assert list(store.list("a/")) == [info]
    assert emulator.faults.calls["objects.media"] == 2
    put_by_another_tool(emulator, "a/1.jpg", b"new")
    assert store.download("a/1.jpg", tmp_path / "1.jpg").content_hash == hashlib.sha256(b"new").hexdigest()


def test_reading_again_what_did_not_change_takes_one_call(
    emulator: CloudStorageEmulator, store: CloudStorageStore
) -> None:
    impatient().write("a", b"x")
    before = sum(emulator.faults.calls.values())
    for _ in range(10):
        store.read("a")
    assert sum(emulator.faults.calls.values()) == before + 11


def test_objects_say_what_kind_of_file_they_are(
    emulator: CloudStorageEmulator, store: CloudStorageStore
) -> None:
    kinds = {"a.mp4": "video/mp4", "a.json": "application/json", "a": "application/octet-stream"}
    for key, kind in kinds.items():
        store.write(key, b"x")
        assert emulator.objects.get("films", key, {})["contentType"] == kind


REFUSED = {
    "missing": ("bucket", "404 The specified bucket does not exist"),
    "read-only": ("roles/storage.objectUser", "403 The caller does not have storage.objects.create access"),
    "token": ("log in", "Anonymous credentials cannot be refreshed"),
}


@pytest.mark.parametrize("refuse", REFUSED)
def test_a_check_names_what_to_mend_and_what_was_answered(
    emulator: CloudStorageEmulator, store: CloudStorageStore, refuse: str
) -> None:
    emulator.refuse = refuse
    with pytest.raises(InvalidSettings) as caught:
        store.check()
    (problem,), (remedy, answer) = caught.value.problems, REFUSED[refuse]
    assert problem.startswith("STORE_URL='gs://films': ")
    assert remedy in problem
    assert answer not in problem
    assert causes(caught.value) == [answer]
    emulator.refuse = ""
    store.check()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda store: store.write("a", b"x", expect=ABSENT), REFUSED["missing"][1]),
        (lambda store: store.read("a"), REFUSED["missing"][1]),
        (lambda store: list(store.list("")), REFUSED["missing"][1]),
    ],
    ids=["write", "read", "list"],
)
def test_an_error_holds_the_message_of_an_answer_without_what_is_around_it(
    emulator: CloudStorageEmulator, call: Callable[[CloudStorageStore], object], words: str
) -> None:
    with pytest.raises(StoreError) as caught:
        call(impatient("elsewhere"))
    assert caught.value.args[2].startswith(f"{words}: ")
    assert causes(caught.value) == [words]


def test_a_bucket_that_is_missing_is_no_missing_object(
    emulator: CloudStorageEmulator, tmp_path: Path
) -> None:
    store = impatient("elsewhere")
    (tmp_path / "up").write_bytes(b"x")
    asks: list[Callable[[], object]] = [
        lambda: store.stat("a"),
        lambda: store.read("a"),
        lambda: store.write("a", b"x", expect=ABSENT),
        lambda: store.upload(tmp_path / "up", "a"),
        lambda: store.delete("a"),
        lambda: list(store.list("")),
    ]
    for ask in asks:
        with pytest.raises(StoreError) as caught:
            ask()
        assert not isinstance(caught.value, ObjectNotFound)


def test_a_bucket_that_keeps_no_preconditions_does_not_pass_its_check(
    emulator: CloudStorageEmulator, store: CloudStorageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.emulators.cloud_storage_objects.demand", lambda found, parameters: None)
    with pytest.raises(InvalidSettings):
        store.check()
    assert not list(store.list(""))


@pytest.mark.parametrize("off_s", [-120, 120])
def test_a_clock_that_is_off_does_not_pass_the_check(
    emulator: CloudStorageEmulator, store: CloudStorageStore, monkeypatch: pytest.MonkeyPatch, off_s: int
) -> None:
    now = (datetime.now(UTC) + timedelta(seconds=off_s)).isoformat(timespec="milliseconds")
    monkeypatch.setattr("tests.emulators.cloud_storage_objects._now", lambda: now.replace("+00:00", "Z"))
    with pytest.raises(InvalidSettings):
        store.check()


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "not found"), ("{", "valid json"), ('{"type": "service_account"}', "token_uri")],
)
def test_credentials_that_are_no_good_are_told_by_the_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(InvalidSettings) as caught:
        impatient().check()
    (problem,), (cause,) = caught.value.problems, causes(caught.value)
    assert "GOOGLE_APPLICATION_CREDENTIALS" in problem
    assert str(path) in cause
    assert words in cause


def test_a_client_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.storage", None)
    with pytest.raises(InvalidSettings) as caught:
        CloudStorageStore("films").check()
    assert "pip install 'reelwright[gs]'" in caught.value.problems[0]


def test_an_endpoint_that_can_not_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with CloudStorageEmulator() as gone:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", gone.url)
    with pytest.raises(StoreError):
        impatient(deadline_s=0.05).read("a")
    with pytest.raises(InvalidSettings) as caught:
        impatient(deadline_s=0.05).check()
    assert "STORE_URL='gs://films'" in caught.value.problems[0]
    assert f"STORAGE_EMULATOR_HOST={gone.url!r}" in caught.value.problems[0]
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_an_endpoint_that_never_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.storage.gs.store._CHECK_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        with pytest.raises(InvalidSettings) as caught:
            impatient(deadline_s=0.05).check()
    assert f"STORAGE_EMULATOR_HOST={url!r}" in caught.value.problems[0]
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_a_check_is_given_up_long_before_other_calls(emulator: CloudStorageEmulator) -> None:
    store = CloudStorageStore("films")
    patient, hasty = store._remote(), store._hasty()._remote()
    assert (patient.retry.timeout, hasty.retry.timeout) == (120, gs._CHECK_S)
    assert max(patient.timeout_s) > max(hasty.timeout_s)
    assert hasty.retry.timeout + max(hasty.timeout_s) < 12
    assert hasty.client is patient.client


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:9000", "http://", "http://localhost:port", "http://x/"]
)
def test_an_emulator_host_that_is_no_url_is_named(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", host)
    for ask in (impatient().check, lambda: impatient().read("a")):
        with pytest.raises(InvalidSettings) as caught:
            ask()
        assert caught.value.problems[0].startswith(f"STORAGE_EMULATOR_HOST={host!r}: ")
        assert causes(caught.value) == []


@pytest.mark.parametrize("host", ["http://localhost:9000", "https://gcs", "http://[::1]:9000"])
def test_an_emulator_host_that_is_a_url_is_taken(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", host)
    assert impatient().signed_url("a").startswith(host)


def test_a_url_names_a_bucket(emulator: CloudStorageEmulator) -> None:
    store = open_store("gs://films")
    store.write("a", b"x")
    assert store.url == "gs://films"
    assert open_store("gs://films/").read("a")[0] == b"x"


@pytest.mark.parametrize("key", ["a/b", "a b", "100%", "a#b?c", "%41", "ñ/🎬"])
def test_the_address_on_an_emulator_leads_to_the_object(
    emulator: CloudStorageEmulator, store: CloudStorageStore, key: str
) -> None:
    store.write(key, BIG)
    response = requests.get(store.signed_url(key), headers={"Range": "bytes=1-3"}, timeout=10)
    assert (response.status_code, response.content) == (206, BIG[1:4])


class Unsigning(google.auth.credentials.Credentials):
    """Credentials as Cloud Run gives them: a token, but no key to sign with."""

    service_account_email = "job@project.iam.gserviceaccount.com"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # has no types

    def refresh(self, request: object) -> None:
        self.token = "a-token"


class Nobody(Unsigning):
    """A person's credentials."""

    service_account_email = property()


def test_an_address_is_signed_with_the_key_of_a_service_account(monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = google.auth.crypt.RSASigner.from_string(pem)  # type: ignore[no-untyped-call]  # has no types
    kind: Any = service_account.Credentials  # has no types
    who = kind(signer, "me@project.iam.gserviceaccount.com", "https://token.invalid")
    monkeypatch.setattr("google.auth.default", lambda **_: (who, "project"))
    address = urlsplit(CloudStorageStore("films").signed_url("a b/é.mp4", valid_s=10**9))
    query = dict(parse_qsl(address.query))
    assert (address.netloc, address.path) == ("storage.googleapis.com", "/films/a%20b/%C3%A9.mp4")
    assert query["X-Goog-Algorithm"] == "GOOG4-RSA-SHA256"
    assert query["X-Goog-Credential"].startswith("me@project.iam.gserviceaccount.com/")
    assert query["X-Goog-Expires"] == str(7 * 24 * 3600)
    assert len(query["X-Goog-Signature"]) == 512


def test_an_address_is_signed_by_iam_where_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    scopes: list[Any] = []
    asked: list[dict[str, Any]] = []

    def default(**options: Any) -> tuple[Unsigning, str]:
        scopes.append(options["scopes"])
        return Unsigning(), "project"

    def answer(_: object, **request: Any) -> SimpleNamespace:
        asked.append(request)
        signed = base64.b64encode(b"signed").decode()
        return SimpleNamespace(status=200, data=json.dumps({"signedBlob": signed}).encode())

    monkeypatch.setattr("google.auth.default", default)
    monkeypatch.setattr("google.auth.transport.requests.Request.__call__", answer)
    store = CloudStorageStore("films")
    address = store.signed_url("a")
    assert store.signed_url("b") != address
    assert dict(parse_qsl(urlsplit(address).query))["X-Goog-Signature"] == b"signed".hex()
    assert asked[0]["url"].endswith(f"/{Unsigning.service_account_email}:signBlob?alt=json")
    assert asked[0]["headers"]["Authorization"] == "Bearer a-token"
    assert scopes[1:] == [["https://www.googleapis.com/auth/cloud-platform"]]


def test_who_can_not_sign_is_told_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("google.auth.default", lambda **_: (Nobody(), "project"))
    with pytest.raises(StoreError) as caught:
        CloudStorageStore("films").signed_url("a")
    assert "roles/iam.serviceAccountTokenCreator" in caught.value.args[2]


UP_AND_DOWN = """
import sys, tracemalloc
from pathlib import Path
from shared.storage.gs.store import CloudStorageStore

folder, store = Path(sys.argv[1]), CloudStorageStore("films")
store.check()
tracemalloc.start()
store.upload(folder / "film", "film", expect="0")
store.download("film", folder / "back")
print(tracemalloc.get_traced_memory()[1])
"""


def test_a_big_object_goes_up_and_comes_down_without_filling_memory(
    emulator: CloudStorageEmulator, store: CloudStorageStore, tmp_path: Path
) -> None:
    """In a process of its own, since every thread's memory counts: chunks of 8 MiB, and their copies."""
    with (tmp_path / "film").open("wb") as file:
        file.truncate(200 << 20)
    command = [sys.executable, "-c", UP_AND_DOWN, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    info = store.stat("film")
    assert info is not None
    assert info.size_bytes == 200 << 20 == (tmp_path / "back").stat().st_size
    assert int(done.stdout) < 24 << 20
