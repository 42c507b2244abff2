"""What the S3 store adds: lost answers, broken bodies, objects of others, stores that won't do."""

import hashlib
import itertools
import subprocess
import sys
import threading
import tracemalloc
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import BadRequest, InvalidSettings, PreconditionFailed, StoreError
from shared.settings import Settings, read_settings
from shared.storage import ABSENT, open_store
from shared.storage.s3 import access as s3_access
from shared.storage.s3 import download as s3_download
from shared.storage.s3 import put as s3_put
from shared.storage.s3 import store as s3_store
from shared.storage.s3.access import code_of, cos_access
from shared.storage.s3.store import S3Store
from tests.emulators.s3 import KINDS, Damage, FakeS3, Fault, Kind, environment, serving
from tests.shared.storage.wholes import WHOLES
from tests.support.shards import EXTENTS, Extent, in_parts, in_turn, of_extent

BIG = bytes(range(256)) * 12_345
OLD = b"old" * 400_000
ENOUGH = 60
"""Faults that outlast all attempts of any one operation."""


@pytest.fixture(scope="module")
def running() -> Iterator[FakeS3]:
    with serving() as fake:
        yield fake


@pytest.fixture
def fake(running: FakeS3) -> FakeS3:
    running.heal()
    running.forget_all()
    running.create_bucket("films")
    return running


@pytest.fixture(scope="module")
def shared_store(running: FakeS3) -> S3Store:
    """One for all, since its client is slow to make."""
    environ = environment(running.url, "cos://films")
    return S3Store.from_settings("cos://films", read_settings(environ))


@pytest.fixture
def store(fake: FakeS3, shared_store: S3Store) -> S3Store:
    return shared_store


@pytest.fixture(autouse=True)
def _full_retry_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore gives a client few retries in a row: its quota would end with the first dozen of faults."""
    monkeypatch.setattr("botocore.retries.quota.RetryQuota.acquire", lambda *_: True)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


def put_by_others(store: S3Store, key: str, data: bytes, **metadata: str) -> None:
    store._client.put_object(Bucket="films", Key=key, Body=data, Metadata=metadata)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


Operation = Callable[[S3Store, Path], object]


def stat(store: S3Store, folder: Path) -> object:
    info = store.stat("old")
    return info and info.content_hash


def stat_of_a_foreign_object(store: S3Store, folder: Path) -> object:
    info = store.stat("foreign")
    return info and info.content_hash


def read(store: S3Store, folder: Path) -> object:
    return store.read("old")[0]


def stream(store: S3Store, folder: Path) -> object:
    return b"".join(store.stream("old", start=10, end=len(OLD) - 10))


def create(store: S3Store, folder: Path) -> object:
    return store.write("new", BIG, expect=ABSENT).content_hash


def write(store: S3Store, folder: Path) -> object:
    return store.write("new", iter([BIG])).content_hash


def put_in_place(store: S3Store, folder: Path) -> object:
    (folder / "up").write_bytes(BIG)
    return store.upload(folder / "up", "old", expect=hashlib.md5(OLD).hexdigest()).content_hash


def download(store: S3Store, folder: Path) -> object:
    store.download("old", folder / "down")
    return (folder / "down").read_bytes()


def list_all(store: S3Store, folder: Path) -> object:
    return [info.key for info in store.list("")]


def delete(store: S3Store, folder: Path) -> object:
    store.delete("old", expect=hashlib.md5(OLD).hexdigest())
    return store.stat("old")


def check(store: S3Store, folder: Path) -> object:
    store.check()
    return list_all(store, folder)


OPERATIONS: dict[Operation, object] = {
    stat: sha256(OLD),
    stat_of_a_foreign_object: sha256(BIG),
    read: OLD,
    stream: OLD[10:-10],
    create: sha256(BIG),
    write: sha256(BIG),
    put_in_place: sha256(BIG),
    download: OLD,
    list_all: ["foreign", "old"],
    delete: None,
    check: ["foreign", "old"],
}


def begin(fake: FakeS3, store: S3Store) -> None:
    fake.heal()
    fake.forget_all()
    fake.create_bucket("films")
    put_by_others(store, "foreign", BIG)
    store.write("old", OLD)
    store._hashes.clear()
    fake.heal()


def standing(store: S3Store) -> dict[str, bytes]:
    return {info.key: store.read(info.key)[0] for info in store.list("")}


@pytest.mark.parametrize("extent", EXTENTS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_one_fault_at_any_call_is_overcome(
    fake: FakeS3, store: S3Store, operation: Operation, extent: Extent, tmp_path: Path
) -> None:
    begin(fake, store)
    assert operation(store, tmp_path) == OPERATIONS[operation]
    scenes = list(itertools.product(KINDS, range(1, len(fake.requests) + 1)))
    for kind, call in of_extent(extent, scenes):
        begin(fake, store)
        fake.inject(Fault(kind=kind, call=call))
        assert operation(store, tmp_path) == OPERATIONS[operation], (kind, call)
        assert (fake.struck, fake.waiting) == ([kind], [])


@pytest.mark.parametrize(("operation", "kind"), in_parts(list(itertools.product(OPERATIONS, KINDS))))
def test_faults_without_end_become_an_error_and_leave_nothing_half_done(
    fake: FakeS3, store: S3Store, operation: Operation, kind: Kind, tmp_path: Path
) -> None:
    begin(fake, store)
    before = standing(store)
    fake.inject(*(Fault(kind=kind, call=1 + call) for call in range(ENOUGH)))
    with pytest.raises(StoreError) as caught:
        operation(store, tmp_path)
    assert not isinstance(caught.value, PreconditionFailed)
    assert fake.struck
    fake.heal()
    after = standing(store)
    assert {name for name in after if not name.startswith("_probe/")} <= {"old", "new", "foreign"}
    assert after.get("old", OLD) in {OLD, BIG}
    assert after.get("new", BIG) == BIG
    assert after["foreign"] == before["foreign"]
    assert not (tmp_path / "down").exists()


@pytest.mark.parametrize("kind", ["answer-after", "reset-after"])
@pytest.mark.parametrize("condition", ["none", "absent", "generation"])
def test_a_write_whose_every_answer_is_lost_is_found_by_its_token(
    fake: FakeS3, store: S3Store, kind: Kind, condition: str
) -> None:
    expect = ABSENT if condition == "absent" else None
    if condition == "generation":
        expect = store.write("claim", b"before").generation
    fake.inject(*(Fault(kind=kind, method="PUT", call=1 + call) for call in range(s3_access._ATTEMPTS)))
    written = store.write("claim", b"mine", expect=expect)
    assert store.read("claim") == (b"mine", written)
    assert fake.waiting == []


def test_a_refusal_of_ones_own_write_is_not_believed_but_another_ones_is(
    fake: FakeS3, store: S3Store
) -> None:
    fake.inject(Fault(kind="reset-after", method="PUT"))
    mine = store.write("claim", b"mine", expect=ABSENT)
    assert [method for method, _ in fake.requests].count("PUT") == 2
    with pytest.raises(PreconditionFailed) as caught:
        store.write("claim", b"mine", expect=ABSENT)
    assert caught.value.args == ("claim", ABSENT, mine.generation)


def test_an_object_that_is_gone_after_it_was_in_the_way_is_told_so(fake: FakeS3, store: S3Store) -> None:
    fake.inject(Fault(kind="answer-before", method="PUT", status=412, code="PreconditionFailed"))
    with pytest.raises(PreconditionFailed) as caught:
        store.write("claim", b"mine", expect=ABSENT)
    assert caught.value.args == ("claim", ABSENT, ABSENT)
    assert "'0'" not in str(caught.value)


@pytest.mark.parametrize("lost", [False, True])
def test_one_of_many_racers_creates_an_object_even_if_answers_are_lost(fake: FakeS3, lost: bool) -> None:
    racers, start = 24, threading.Barrier(24)
    settings = read_settings(environment(fake.url, "cos://films"))
    stores = [S3Store.from_settings("cos://films", settings) for _ in range(4)]
    for store in stores:
        assert store.stat("claim") is None
    if lost:
        fake.inject(*(Fault(kind="reset-after", method="PUT", call=1 + call) for call in range(racers)))

    def create(number: int) -> int | None:
        start.wait()
        try:
            stores[number % 4].write("claim", str(number).encode(), expect=ABSENT)
        except PreconditionFailed:
            return None
        return number

    with ThreadPoolExecutor(racers) as pool:
        winners = [number for number in pool.map(create, range(racers)) if number is not None]
    assert [str(number).encode() for number in winners] == [stores[0].read("claim")[0]]
    assert len(fake.struck) == (racers if lost else 0)


def test_racers_on_a_bad_line_never_both_win(fake: FakeS3, store: S3Store) -> None:
    def create(key: str, number: int) -> int | None:
        try:
            store.write(key, str(number).encode(), expect=ABSENT)
        except StoreError:
            return None
        return number

    fake.break_at_random(0.3, seed=7)
    for round_number in range(4):
        key = f"claims/{round_number}"
        with ThreadPoolExecutor(16) as pool:
            winners = [number for number in pool.map(create, [key] * 16, range(16)) if number is not None]
        fake.break_at_random(0.0)
        assert [str(number).encode() for number in winners] in ([store.read(key)[0]], [])
        fake.break_at_random(0.3, seed=round_number)
    assert len(fake.struck) > 30


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "OperationAborted"])
def test_a_collision_with_another_write_is_tried_again(fake: FakeS3, store: S3Store, code: str) -> None:
    fake.inject(*(Fault(kind="answer-before", method="PUT", call=n, status=409, code=code) for n in (1, 2)))
    assert store.write("a", b"x", expect=ABSENT) == store.stat("a")
    assert fake.waiting == []


def test_what_is_replaced_before_it_can_be_looked_at_was_written_all_the_same(
    fake: FakeS3, store: S3Store
) -> None:
    fake.inject(Fault(kind="answer-before", method="HEAD", status=412, code="PreconditionFailed"))
    written, found = store.write("a", b"x"), store.stat("a")
    assert fake.waiting == []
    assert found is not None
    assert replace(found, modified_at=written.modified_at) == written
    assert abs(found.modified_at - written.modified_at) < timedelta(minutes=5)


def test_the_same_bytes_are_the_same_generation(store: S3Store) -> None:
    first = store.write("a", b"same")
    assert store.write("a", b"same", expect=first.generation).generation == first.generation
    assert store.write("a", b"other", expect=first.generation).generation != first.generation


def test_the_hash_of_what_others_put_there_is_read_once(fake: FakeS3, store: S3Store) -> None:
    put_by_others(store, "a", BIG)
    for _ in range(3):
        info = store.stat("a")
        assert info is not None
        assert info.content_hash == sha256(BIG)
    assert [method for method, _ in fake.requests].count("GET") == 1
    put_by_others(store, "a", b"new")
    assert store.read("a")[1].content_hash == sha256(b"new")
    changed = store.stat("a")
    assert changed is not None
    assert changed.content_hash == sha256(b"new")


def test_only_so_many_hashes_are_remembered(
    fake: FakeS3, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_store, "_REMEMBERED", 2)
    for name in ("a", "b", "c"):
        put_by_others(store, name, name.encode())
        store.stat(name)
    assert {key for key, _ in store._hashes} == {"b", "c"}


def test_a_metadata_entry_that_is_no_hash_is_not_taken_for_one(fake: FakeS3, store: S3Store) -> None:
    put_by_others(store, "a", b"x", sha256="unknown")
    info = store.stat("a")
    assert info is not None
    assert info.content_hash == sha256(b"x")


def test_markers_of_folders_are_no_objects(fake: FakeS3, store: S3Store) -> None:
    put_by_others(store, "folder/", b"")
    store.write("folder/a", b"x")
    assert [(info.key, info.content_hash) for info in store.list("")] == [("folder/a", "")]


def test_a_long_list_is_read_page_by_page(
    fake: FakeS3, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    for number in range(10):
        store.write(f"a/{number}", b"")
    assert [info.key for info in store.list("a/")] == [f"a/{number}" for number in range(10)]
    assert [method for method, _ in fake.requests].count("GET") == 4


OWNERS = ("own", "another's", "another's in parts, read before")


def test_damaged_bytes_are_refused(fake: FakeS3, store: S3Store, tmp_path: Path) -> None:
    put_by_others(store, "a", b"damaged", sha256=sha256(b"sound"))
    with pytest.raises(StoreError):
        store.read("a")
    with pytest.raises(StoreError):
        store.download("a", tmp_path / "down")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("way", "whose"), in_turn(list(itertools.product(WHOLES, OWNERS))))
def test_a_whole_object_is_verified_however_it_is_asked_for(
    fake: FakeS3, store: S3Store, way: str, whose: str
) -> None:
    if whose == "own":
        store.write("a", BIG)
    elif whose == "another's":
        put_by_others(store, "a", BIG)
    else:
        put_in_parts(store, "a", BIG)
        store.stat("a")
    assert WHOLES[way](store, "a", len(BIG)) == BIG
    fake.inject(Fault(kind="wrong-bytes", method="GET"))
    with pytest.raises(StoreError) as caught:
        WHOLES[way](store, "a", len(BIG))
    assert caught.value.args[1] == "a"
    assert fake.waiting == []
    assert WHOLES[way](store, "a", len(BIG)) == BIG


def put_in_parts(store: S3Store, key: str, data: bytes) -> None:
    where = {"Bucket": "films", "Key": key}
    upload = store._client.create_multipart_upload(Bucket="films", Key=key)["UploadId"]
    part = store._client.upload_part(**where, UploadId=upload, PartNumber=1, Body=data)  # type: ignore[arg-type]
    store._client.complete_multipart_upload(
        Bucket="films",
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )


def test_an_etag_that_is_no_md5_is_not_taken_for_one() -> None:
    md5 = hashlib.md5(BIG).hexdigest()
    assert s3_download._md5("films", md5, {}) == md5
    assert s3_download._md5("films", md5, {"ServerSideEncryption": "AES256"}) == md5
    assert s3_download._md5("films", f"{md5}-1", {}) == ""
    assert s3_download._md5("films", md5, {"ServerSideEncryption": "aws:kms"}) == ""
    assert s3_download._md5("films", md5, {"SSECustomerAlgorithm": "AES256"}) == ""
    assert s3_download._md5("films--use1-az4--x-s3", md5, {}) == ""


def test_nobody_gets_the_last_bytes_of_an_object_that_is_damaged(fake: FakeS3, store: S3Store) -> None:
    store.write("a", BIG)
    fake.inject(Fault(kind="wrong-bytes", method="GET"))
    got: list[bytes] = []
    with pytest.raises(StoreError):
        deque(map(got.append, store.stream("a", end=len(BIG))))
    assert 0 < sum(map(len, got)) < len(BIG)


@pytest.mark.parametrize("span", [(0, len(BIG)), (5, len(BIG) - 5), (len(BIG) // 2, None)])
@pytest.mark.parametrize(
    "kind", ["short-answer", "long-answer", "other-place", "range-ignored", "no-headers"]
)
def test_a_range_that_is_not_the_one_asked_for_is_made_up_for_or_refused(
    fake: FakeS3, store: S3Store, kind: Damage, span: tuple[int, int | None]
) -> None:
    start, end = span
    store.write("a", BIG)
    fake.inject(Fault(kind=kind, method="GET"))
    if kind == "short-answer" or (kind, start) == ("range-ignored", 0):
        assert b"".join(store.stream("a", start=start, end=end)) == BIG[start:end]
    else:
        with pytest.raises(StoreError) as caught:
            list(store.stream("a", start=start, end=end))
        assert caught.value.args[:2] == ("read", "a")
    assert fake.waiting == []


def test_a_broken_stream_never_goes_on_with_another_generation_s_bytes(fake: FakeS3, store: S3Store) -> None:
    store.write("a", BIG)
    faults = [Fault(kind="broken-stream", method="GET"), Fault(kind="other-etag", method="GET", call=2)]
    fake.inject(*faults)
    with pytest.raises(StoreError) as caught:
        list(store.stream("a", start=1))
    assert "replaced" in caught.value.args[2]
    assert fake.waiting == []


ASKS: dict[str, Callable[[S3Store, Path], object]] = {
    "look at": lambda store, _: store.stat("a"),
    "read": lambda store, _: store.read("a"),
    "download": lambda store, folder: store.download("a", folder / "a"),
    "list": lambda store, _: list(store.list("a")),
    "write": lambda store, _: store.write("a", b"x"),
    "delete": lambda store, _: store.delete("a"),
}


@pytest.mark.parametrize("kind", ["page", "xhtml", "missing-page", "redirect"])
@pytest.mark.parametrize("action", ASKS)
def test_an_answer_of_someone_else_becomes_an_error_that_says_so(
    fake: FakeS3, store: S3Store, tmp_path: Path, action: str, kind: Damage
) -> None:
    store.write("a", BIG)
    fake.inject(*(Fault(kind=kind, call=1 + call) for call in range(ENOUGH)))
    if (kind, action) == ("missing-page", "look at"):
        assert store.stat("a") is None  # a HEAD has no body to tell a page from
        return
    with pytest.raises(StoreError) as caught:
        ASKS[action](store, tmp_path)
    assert caught.value.args[:2] == (action, "a")
    assert "the answer is not from the store" in caught.value.args[2]
    assert "COS_ENDPOINT=" in caught.value.args[2]
    assert len(caught.value.args[2]) < 700
    assert len(fake.requests) < 20
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["cut-body", "no-headers", "odd-headers"])
@pytest.mark.parametrize("action", ASKS)
def test_an_answer_that_is_not_whole_does_no_harm(
    fake: FakeS3, store: S3Store, tmp_path: Path, action: str, kind: Damage
) -> None:
    store.write("a", BIG)
    sound = store.read("a")
    fake.inject(Fault(kind=kind))
    with suppress(StoreError):
        ASKS[action](store, tmp_path)
    if action == "delete":
        assert store.stat("a") is None
    elif action == "write":
        assert store.read("a")[0] == b"x"
    else:
        assert store.read("a") == sound


@pytest.mark.parametrize("action", ["read", "download"])
def test_an_answer_that_can_not_be_parsed_is_closed(
    fake: FakeS3, store: S3Store, tmp_path: Path, action: str
) -> None:
    store.write("a", BIG)
    bodies: list[Any] = []
    store._client.meta.events.register(
        "before-parse.s3.GetObject", lambda response_dict, **_: bodies.append(response_dict["body"])
    )
    fake.inject(Fault(kind="odd-headers"))
    with suppress(StoreError):
        ASKS[action](store, tmp_path)
    assert bodies
    assert all(body._raw_stream.closed for body in bodies)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (301, "PermanentRedirect", "region"),
        (307, "TemporaryRedirect", "sign-in page"),
        (403, "InvalidAccessKeyId", "COS_HMAC_ACCESS_KEY_ID"),
        (403, "RequestTimeTooSkewed", "clock"),
        (400, "ExpiredToken", "session"),
        (405, "MethodNotAllowed", "STORE_URL"),
        (501, "NotImplemented", "use one that does"),
        (503, "SlowDown", "try again"),
    ],
)
def test_a_refusal_names_what_was_asked_and_the_remedy(
    fake: FakeS3, store: S3Store, status: int, code: str, words: str
) -> None:
    fake.inject(
        *(Fault(kind="answer-before", call=1 + call, status=status, code=code) for call in range(ENOUGH))
    )
    asks: list[Callable[[], object]] = [lambda: store.read("a"), lambda: store.write("a", b"x")]
    for ask, action in zip(asks, ("read", "write"), strict=True):
        with pytest.raises(StoreError) as caught:
            ask()
        assert caught.value.args[:2] == (action, "a")
        assert words in caught.value.args[2]


def test_a_broken_stream_goes_on_where_it_broke(fake: FakeS3, store: S3Store) -> None:
    store.write("a", BIG)
    fake.inject(*(Fault(kind="broken-stream", method="GET", call=call) for call in (1, 2, 3)))
    assert b"".join(store.stream("a")) == BIG
    assert fake.waiting == []


def test_a_broken_stream_never_goes_on_with_other_bytes(fake: FakeS3, store: S3Store) -> None:
    store.write("a", BIG)
    fake.inject(Fault(kind="broken-stream", method="GET"))
    begun = store.stream("a")
    store.write("a", BIG[::-1])
    with pytest.raises(StoreError) as caught:
        list(begun)
    assert caught.value.args[:2] == ("read", "a")


def test_bytes_that_change_on_the_way_are_refused(
    fake: FakeS3, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = s3_put.Put.request
    monkeypatch.setattr(
        s3_put.Put, "request", lambda put, bucket: {**request(put, bucket), "Body": b"edited"}
    )
    with pytest.raises(StoreError):
        store.write("a", b"before")
    assert store.stat("a") is None


def test_an_object_too_large_for_one_request_is_refused(
    fake: FakeS3, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_put, "_MAX_BYTES", 10)
    store.write("a", b"x" * 10)
    with pytest.raises(StoreError) as caught:
        store.write("b", [b"x" * 6, b"x" * 5], expect=ABSENT)
    assert caught.value.args[:2] == ("write", "b")
    assert not fake.requests[-1][1].endswith("/b")


def test_a_signed_address_gives_the_object_to_anyone(store: S3Store) -> None:
    store.write("a b/ñ?.txt", b"yours")
    address = store.signed_url("a b/ñ?.txt", valid_s=60)
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"yours"
    assert "X-Amz-Signature=" in address
    for seconds in (0, 7 * 24 * 3600 + 1):
        with pytest.raises(BadRequest):
            store.signed_url("a", valid_s=seconds)


@pytest.mark.parametrize("url", ["s3://films", "cos://films"])
def test_a_store_that_keeps_preconditions_is_accepted_and_left_clean(
    fake: FakeS3, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = environment(fake.url, url)
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    store = open_store(url, read_settings(environ))
    store.check()
    assert store.url == url
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    "ignored", [{"if-match"}, {"if-none-match"}, {"if-match", "if-none-match"}], ids=sorted
)
def test_a_store_that_ignores_preconditions_is_refused(
    fake: FakeS3, store: S3Store, ignored: set[str]
) -> None:
    fake.ignored_headers = frozenset(ignored)
    with pytest.raises(InvalidSettings) as caught:
        store.check()
    (problem,) = caught.value.problems
    assert problem.startswith("STORE_URL='cos://films'")
    assert {name for name in ("if-match", "if-none-match") if name in problem.lower()} == ignored
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("status", "code", "named"),
    [
        (404, "NoSuchBucket", "bucket"),
        (403, "AccessDenied", "COS_HMAC_ACCESS_KEY_ID"),
        (403, "InvalidAccessKeyId", "COS_HMAC_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "COS_HMAC_SECRET_ACCESS_KEY"),
        (403, "RequestTimeTooSkewed", "clock"),
        (501, "NotImplemented", "conditional"),
    ],
)
def test_what_settings_cause_is_named_at_the_start(
    fake: FakeS3, store: S3Store, status: int, code: str, named: str
) -> None:
    fake.inject(
        *(Fault(kind="answer-before", call=1 + call, status=status, code=code) for call in range(ENOUGH))
    )
    with pytest.raises(InvalidSettings) as caught:
        store.check()
    (problem,) = caught.value.problems
    assert "STORE_URL='cos://films'" in problem
    assert named in problem
    assert code_of(caught.value.__cause__) == code  # with no error between that says the same


def test_a_missing_bucket_is_named(fake: FakeS3, store: S3Store) -> None:
    fake.forget_all()
    with pytest.raises(InvalidSettings):
        store.check()
    for ask in (store.read, lambda key: store.write(key, b"x"), lambda key: [*store.list("")]):
        with pytest.raises(StoreError) as caught:
            ask("a")
        assert "STORE_URL='cos://films'" in str(caught.value)


def test_a_store_that_is_only_ill_is_no_wrong_setting(fake: FakeS3, store: S3Store) -> None:
    fake.inject(*(Fault(kind="answer-before", call=1 + call) for call in range(ENOUGH)))
    with pytest.raises(StoreError) as caught:
        store.check()
    assert not isinstance(caught.value, InvalidSettings)


def test_an_error_holds_the_message_of_an_answer_without_what_is_around_it(
    fake: FakeS3, store: S3Store
) -> None:
    code = "EntityTooLarge"
    fake.inject(*(Fault(kind="answer-before", call=1 + call, status=400, code=code) for call in range(3)))
    with pytest.raises(StoreError) as caught:
        store.read("a")
    assert caught.value.args[2].startswith(f"{code}: {code}, on request: check that STORE_URL='cos://films'")


@pytest.mark.parametrize(("url", "variable"), [("s3://films", "AWS_ENDPOINT_URL"), ("cos://films", "COS_")])
def test_an_endpoint_that_can_not_be_reached_is_named(
    url: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = environment("http://127.0.0.1:1", url)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as caught:
        open_store(url, read_settings(environ)).check()
    assert f"STORE_URL='{url}'" in caught.value.problems[0]
    assert variable in caught.value.problems[0]


def test_an_endpoint_that_is_no_url_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment("no url", "s3://films").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as caught:
        open_store("s3://films").check()
    assert caught.value.problems[0].startswith("AWS_ENDPOINT_URL")


def test_missing_keys_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(InvalidSettings) as caught:
        open_store("s3://films").check()
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in caught.value.problems[0]


def test_all_that_cos_lacks_is_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as caught:
        open_store("cos://films", Settings(cos_access_key_id="key"))
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "COS_ENDPOINT",
        "COS_HMAC_SECRET_ACCESS_KEY",
    ]


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("s3.us-south.cloud-object-storage.appdomain.cloud", "us-south"),
        ("s3.private.eu-de.cloud-object-storage.appdomain.cloud", "eu-de"),
        ("s3.direct.eu.cloud-object-storage.appdomain.cloud", "eu"),
        ("minio:9000", "us-east-1"),
    ],
)
def test_the_region_of_cos_is_in_its_endpoint(host: str, region: str) -> None:
    settings = Settings(
        cos_endpoint=f"https://{host}", cos_access_key_id="key", cos_secret_access_key="secret"
    )
    assert cos_access("cos://films", settings).region == region


def test_a_secret_is_not_shown() -> None:
    settings = Settings(cos_endpoint="https://x", cos_access_key_id="key", cos_secret_access_key="s3cr3t")
    assert "s3cr3t" not in repr(cos_access("cos://films", settings))


def test_threads_share_one_client(fake: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def connect(access: s3_access.Access) -> object:
        made.append(access)
        return s3_access.connect(access)

    monkeypatch.setattr(s3_store, "connect", connect)
    settings = read_settings(environment(fake.url, "cos://films"))
    store = S3Store.from_settings("cos://films", settings)
    assert made == []
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.stat(f"a/{number}"), range(8)))
    assert len(made) == 1


def test_large_objects_pass_through_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "up").open("wb") as file:
        for _ in range(32):
            file.write(BIG[: 1 << 20])
    command = [sys.executable, "-m", "tests.emulators.s3", "--bucket", "films"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            environ = environment(server.stdout.readline().strip(), "cos://films")
            store = S3Store.from_settings("cos://films", read_settings(environ))
            store.check()
            tracemalloc.start()
            store.upload(tmp_path / "up", "a", expect=ABSENT)
            store.write("b", store.stream("a"), expect=ABSENT)
            store.download("b", tmp_path / "down")
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            server.terminate()
    assert (tmp_path / "down").stat().st_size == 32 << 20
    assert peak_bytes < 12 << 20
