import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from shared.errors import (
    ProviderBusy,
    ProviderDenied,
    ProviderFailed,
    ProviderRefused,
    ReelwrightError,
    Stopped,
)
from shared.providers.account import Account
from shared.providers.http import AnswerLost, Http, Throttled
from shared.providers.retries import retry_after_s
from shared.storage.memory import MemoryStore
from tests.emulators.paid import Call, Fault, PaidServer, Reply

KEY = "key-0123456789"


class Shop(PaidServer):
    """Sells one thing, and has files."""

    def serve(self, call: Call) -> Reply:
        if call.path == "/file":
            return Reply(body=b"film" * 50_000, content_type="video/mp4")
        if call.path == "/moved":
            return Reply(body=b"", status=302, headers={"Location": call.query.get("to", "/file")})
        if call.path == "/loop":
            return Reply(body=b"", status=307, headers={"Location": "loop"})
        if call.path == "/gone":
            return Reply(body={"detail": "expired"}, status=403)
        self.charge("thing")
        return Reply(body={"bought": call.json}, headers={"Request-Id": "r1"})


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as server:
        yield server


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def account(slept: list[float]) -> Account:
    return Account(MemoryStore(), sleep=slept.append)


@pytest.fixture
def http(shop: Shop, account: Account) -> Http:
    return open_http(shop.url, account)


def open_http(url: str, account: Account, **more: Any) -> Http:
    headers = {"Authorization": f"Bearer {KEY}"}
    return Http("shop", url, account, headers=headers, key_variable="SHOP_KEY", **more)


def buy(http: Http, *, repeatable: bool = True) -> Any:
    answer = http.call("POST", "v1/things", body={"n": 1}, timeout_s=0.15, repeatable=repeatable)
    return answer.json()


def test_an_answer_has_its_status_headers_and_body(shop: Shop, http: Http) -> None:
    answer = http.call("POST", "/v1/things", body={"n": 1}, headers={"X-More": "yes"})
    assert (answer.status, answer.headers["request-id"], answer.json()) == (200, "r1", {"bought": {"n": 1}})
    (call,) = shop.calls
    assert (call.line, call.json) == ("POST /v1/things", {"n": 1})
    assert (call.headers["authorization"], call.headers["x-more"]) == (f"Bearer {KEY}", "yes")


BREAKS = [
    Fault(kind="reset"),
    Fault(kind="reset", after_work=True),
    Fault(kind="silent"),
    Fault(kind="silent", after_work=True),
    Fault(kind="slow_drip", after_work=True),
    Fault(kind="truncated", after_work=True),
    Fault(kind="wrong_type", after_work=True),
    Fault(kind="malformed", after_work=True),
    Fault(kind="status", status=500),
    Fault(kind="status", status=502, after_work=True),
]


def again(fault: Fault, **changes: Any) -> Fault:
    """A fresh copy: faults are used up."""
    return Fault(**{**vars(fault), **changes})


def name_of(fault: Fault) -> str:
    status = f" {fault.status}" if fault.kind == "status" else ""
    return f"{fault.kind}{status}{' after the work' * fault.after_work}"


@pytest.mark.parametrize("fault", BREAKS, ids=name_of)
def test_what_may_be_repeated_is_asked_again(shop: Shop, http: Http, fault: Fault) -> None:
    shop.faults.append(again(fault))
    assert buy(http) == {"bought": {"n": 1}}
    assert len(shop.calls) == 2


@pytest.mark.parametrize("fault", BREAKS, ids=name_of)
def test_what_may_not_be_repeated_is_asked_once_and_said_to_be_lost(
    shop: Shop, http: Http, fault: Fault
) -> None:
    shop.faults.append(again(fault))
    with pytest.raises(AnswerLost):
        buy(http, repeatable=False)
    assert (len(shop.calls), shop.paid["thing"]) == (1, fault.after_work)


@pytest.mark.parametrize("status", [408, 429, 503, 529])
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_status_that_says_nothing_was_done_is_asked_again_whatever_was_asked(
    shop: Shop, http: Http, status: int, repeatable: bool
) -> None:
    shop.faults.append(Fault(kind="status", status=status, times=2))
    buy(http, repeatable=repeatable)
    assert (len(shop.calls), shop.paid["thing"]) == (3, 1)


@pytest.mark.parametrize(
    ("after", "least_s", "most_s"),
    [("7", 7, 7.3), ("0", 0, 0.3), ("3600", 60, 60.3), ("soon", 0.5, 1), (None, 0.5, 1)],
)
def test_retry_after_says_how_long_to_wait_up_to_a_minute(
    shop: Shop, http: Http, slept: list[float], after: str | None, least_s: float, most_s: float
) -> None:
    headers = {"Retry-After": after} if after else {}
    shop.faults.append(Fault(kind="status", status=429, headers=headers))
    buy(http)
    assert least_s <= sum(slept) <= most_s


def test_retry_after_can_be_a_date_or_nonsense() -> None:
    at = datetime.now(UTC) + timedelta(seconds=30)
    assert retry_after_s(format_datetime(at, usegmt=True)) == pytest.approx(30, abs=2)
    assert retry_after_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after_s(" 1.5 ") == 1.5
    assert [retry_after_s(text) for text in ("", "-1", "1e9", "nan", "٣", "soon")] == [None] * 6


def test_waits_grow_and_end_in_busy(shop: Shop, http: Http, slept: list[float]) -> None:
    shop.faults.append(Fault(kind="status", status=500, times=99))
    with pytest.raises(ProviderBusy) as caught:
        buy(http)
    assert (len(shop.calls), shop.paid["thing"]) == (5, 0)
    assert caught.value.args[0] == "shop"
    assert 7.5 <= sum(slept) <= 15


@pytest.mark.parametrize(
    ("status", "error", "word"),
    [
        (400, ProviderRefused, "it has no wheels"),
        (401, ProviderDenied, "SHOP_KEY"),
        (402, ProviderDenied, "nothing left"),
        (403, ProviderDenied, "SHOP_KEY"),
        (422, ProviderRefused, "422"),
        (301, ProviderFailed, "base URL"),
    ],
)
def test_a_refusal_is_final_and_says_why(
    shop: Shop, http: Http, status: int, error: type[Exception], word: str
) -> None:
    shop.faults.append(Fault(kind="status", status=status, message="it has no wheels"))
    with pytest.raises(error, match=word) as caught:
        buy(http)
    assert type(caught.value) is error
    assert len(shop.calls) == 1


def test_the_key_is_in_no_error_and_no_log(shop: Shop, http: Http, caplog: pytest.LogCaptureFixture) -> None:
    shop.faults.append(Fault(kind="status", status=500, message=f"Bearer {KEY} met a problem"))
    shop.faults.append(Fault(kind="status", status=401, message=f"wrong key {KEY}"))
    with pytest.raises(ProviderDenied) as caught:
        buy(http)
    assert KEY not in str(caught.value) + caplog.text
    assert "***" in str(caught.value)
    assert "***" in caplog.text


def test_a_provider_can_explain_its_own_errors(shop: Shop, account: Account, slept: list[float]) -> None:
    def explain(status: int, body: Any) -> ReelwrightError | None:
        return Throttled("shop", body["message"], 4.0) if status == 429 else None

    shop.faults.append(Fault(kind="status", status=429, message="come in 4 s"))
    shop.faults.append(Fault(kind="status", status=401))
    with pytest.raises(ProviderDenied):
        buy(open_http(shop.url, account, explain=explain))
    assert 4 <= sum(slept) <= 4.3


def test_a_provider_that_is_not_there_is_busy_and_was_never_paid(account: Account) -> None:
    with Shop() as server:
        url = server.url
    with pytest.raises(ProviderBusy) as caught:
        buy(open_http(url, account, tries=2), repeatable=False)
    assert not isinstance(caught.value, AnswerLost)


def test_a_base_url_that_is_none_is_named_and_not_tried_again(account: Account, slept: list[float]) -> None:
    with pytest.raises(ProviderFailed, match="base URL"):
        buy(open_http("http://127.0.0.1:99999", account))
    assert slept == []


def test_a_stage_that_has_ended_asks_nothing_and_waits_no_longer(shop: Shop) -> None:
    waits: list[float] = []

    def check() -> None:
        if waits:
            raise Stopped("a signal")

    http = open_http(shop.url, Account(MemoryStore(), check=check, sleep=waits.append))
    shop.faults.append(Fault(kind="status", status=503, headers={"Retry-After": "60"}))
    with pytest.raises(Stopped):
        buy(http)
    with pytest.raises(Stopped):
        buy(http)
    assert (len(shop.calls), len(waits)) == (1, 1)


def test_a_paid_answer_is_heard_to_its_end_when_the_stage_ends_meanwhile(shop: Shop) -> None:
    http = open_http(shop.url, Account(MemoryStore(), check=lambda: ended(shop)))
    assert buy(http, repeatable=False) == {"bought": {"n": 1}}


def ended(shop: Shop) -> None:
    if shop.paid:
        raise Stopped("a signal")


def fetch(http: Http, url: str, target: Path, *, most_bytes: int = 1_000_000) -> bytes:
    path = http.download(url, target, expect=("video/",), most_bytes=most_bytes, timeout_s=0.3)
    return path.read_bytes()


FILE_BREAKS = [
    fault for fault in BREAKS if not (fault.after_work and fault.kind in ("reset", "silent", "malformed"))
]


@pytest.mark.parametrize("fault", FILE_BREAKS, ids=name_of)
def test_a_file_is_fetched_again_until_it_is_whole(
    shop: Shop, http: Http, tmp_path: Path, fault: Fault
) -> None:
    shop.faults.append(again(fault, after_work=True))
    assert len(fetch(http, f"{shop.url}/file", tmp_path / "film.mp4")) == 200_000


def test_a_result_elsewhere_is_fetched_without_the_key(shop: Shop, http: Http, tmp_path: Path) -> None:
    with Shop() as elsewhere:
        for url in (f"{elsewhere.url}/file", f"{shop.url}/moved?to={elsewhere.url}/file"):
            assert len(fetch(http, url, tmp_path / "film.mp4")) == 200_000
        assert ["authorization" in call.headers for call in elsewhere.calls] == [False, False]
    assert ["authorization" in call.headers for call in shop.calls] == [True]


@pytest.mark.parametrize("path", ["/loop", "/moved?to=file:///etc/hostname"])
def test_a_result_that_leads_astray_is_refused(shop: Shop, http: Http, tmp_path: Path, path: str) -> None:
    with pytest.raises(ProviderFailed):
        fetch(http, shop.url + path, tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_expired_is_not_blamed_on_the_key(shop: Shop, http: Http, tmp_path: Path) -> None:
    with pytest.raises(ProviderFailed, match="status 403") as caught:
        fetch(http, f"{shop.url}/gone", tmp_path / "film.mp4")
    assert type(caught.value) is ProviderFailed


def test_a_result_that_is_too_large_is_left_alone(shop: Shop, http: Http, tmp_path: Path) -> None:
    with pytest.raises(ProviderFailed, match="sent more than"):
        fetch(http, f"{shop.url}/file", tmp_path / "film.mp4", most_bytes=100_000)
    assert (len(shop.calls), list(tmp_path.iterdir())) == (1, [])


def test_its_errors_survive_pickling() -> None:
    throttled = pickle.loads(pickle.dumps(Throttled("shop", "too fast", 3.0)))
    assert (throttled.args, throttled.wait_s) == (("shop", "too fast"), 3.0)
    assert pickle.loads(pickle.dumps(AnswerLost("shop", "gone"))).args == ("shop", "gone")
