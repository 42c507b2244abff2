"""Tokens signed with real keys, whose certificates a server on loopback hands out as Google's does."""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cloudrun.identity import Certificates, open_verify
from shared.api.app import create_app
from shared.api.guard.auth import Verify
from shared.errors import PlatformError
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.api import TOKEN
from tests.support.client import TestClient
from tests.support.toys import FakePlatform, at_once, toys

URL = "https://trigger-abc.a.run.app"
ACCOUNT = "events@film.iam.gserviceaccount.com"
OURS = Settings(api_token=TOKEN, events_audience=URL, events_accounts=("other@example.com", ACCOUNT))
PING = {"ce-type": "dev.knative.sources.ping", "ce-id": "1", "ce-source": "/cron", "ce-specversion": "1.0"}


class Key:
    """A key pair, and its certificate."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, self._private.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self._private, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())


GOOGLES, ANOTHERS = Key("google"), Key("another")


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": "https://accounts.google.com",
        "aud": URL,
        "sub": "1",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def token(key: Key = GOOGLES, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    head = {"alg": "RS256", "typ": "JWT", "kid": key.key_id} | (header or {})
    signed = f"{part(json.dumps(head).encode())}.{part(json.dumps(claims(**changes)).encode())}"
    return f"{signed}.{part(key.sign(signed.encode()))}"


def within(**seconds: int) -> dict[str, Any]:
    now = int(time.time())
    return {name: now + offset for name, offset in seconds.items()}


class CertificateServer:
    """Answers with certificates, or with what else a test wants."""

    def __init__(self) -> None:
        self.keys = {GOOGLES.key_id: GOOGLES.certificate}
        self.status = 200
        self.body: bytes | None = None
        self.cache_control = "public, max-age=3600, must-revalidate"
        self.asked = 0
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked += 1
                body = json.dumps(served.keys).encode() if served.body is None else served.body
                self.send_response(served.status)
                self.send_header("Cache-Control", served.cache_control)
                self.send_header("Location", "https://192.0.2.1/")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/certs"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[CertificateServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = CertificateServer()
    yield server
    server.close()


@pytest.fixture
def verify(google: CertificateServer) -> Verify:
    return open_verify(OURS, certificates_url=google.url)


@pytest.fixture
def client(verify: Verify) -> TestClient:
    return client_over(verify)


def client_over(verify: Verify) -> TestClient:
    trigger = Trigger(MemoryStore("gs://films"), FakePlatform(), {"toys": toys()})
    return TestClient(create_app(trigger, settings=OURS, verify=verify))


def status(client: TestClient, identity: str) -> int:
    answer = client.post("/events", headers=PING | {"authorization": f"Bearer {identity}"})
    return int(answer.status_code)


ACCEPTED: dict[str, Callable[[], str]] = {
    "as it should be": token,
    "the other way to write the issuer": lambda: token(iss="accounts.google.com"),
    "the other account": lambda: token(email="other@example.com"),
    "the address that is pushed to": lambda: token(aud=f"{URL}/events"),
    "the address with its query": lambda: token(aud=f"{URL}/events?__GCP_CloudEventsMode=CE_PUBSUB_BINDING"),
    "a clock that is a little ahead": lambda: token(**within(iat=5, exp=3600)),
    "just expired by a clock that is a little behind": lambda: token(**within(iat=-3600, exp=-5)),
}
REFUSED: dict[str, Callable[[], str]] = {
    "expired": lambda: token(**within(iat=-3700, exp=-60)),
    "issued in the future": lambda: token(**within(iat=60, exp=3600)),
    "without an end": lambda: token(exp=None),
    "without a beginning": lambda: token(iat=None),
    "an end that is no number": lambda: token(exp="never"),
    "another audience": lambda: token(aud="https://other.a.run.app"),
    "an audience that begins like ours": lambda: token(aud=f"{URL}.films.example/events"),
    "no audience": lambda: token(aud=None),
    "an empty audience": lambda: token(aud=""),
    "several audiences": lambda: token(aud=[URL]),
    "another issuer": lambda: token(iss="https://accounts.google.com.films.example"),
    "several issuers": lambda: token(iss=["accounts.google.com"]),
    "no issuer": lambda: token(iss=None),
    "another account": lambda: token(email="stranger@film.iam.gserviceaccount.com"),
    "no account": lambda: token(email=None),
    "several accounts": lambda: token(email=[ACCOUNT]),
    "an account in other letters": lambda: token(email=ACCOUNT.upper()),
    "an e-mail address that is not verified": lambda: token(email_verified=False),
    "an e-mail address of which nothing is said": lambda: token(email_verified=None),
    "verified in words": lambda: token(email_verified="true"),
    "the key of another": lambda: token(ANOTHERS),
    "the key of another under Google's name": lambda: token(ANOTHERS, header={"kid": GOOGLES.key_id}),
    "the key of another under no name": lambda: token(ANOTHERS, header={"kid": None}),
    "a key of a strange name": lambda: token(header={"kid": ["google"]}),
    "no algorithm": lambda: token(header={"alg": "none"}).rpartition(".")[0] + ".",
    "no algorithm, signed all the same": lambda: token(header={"alg": "none"}),
    "an algorithm of elliptic curves": lambda: token(header={"alg": "ES256"}),
    "several algorithms": lambda: token(header={"alg": ["RS256"]}),
    "signed with the certificate as a secret": lambda: _with_secret(GOOGLES.certificate.encode()),
    "the same, called RS256": lambda: _with_secret(GOOGLES.certificate.encode(), alg="RS256"),
    "the signature left out": lambda: token().rpartition(".")[0] + ".",
    "the signature removed by Cloud Run": lambda: token().rpartition(".")[0] + ".SIGNATURE_REMOVED_BY_GOOGLE",
    "the signature of other claims": lambda: token(sub="2").rpartition(".")[0] + "." + token().split(".")[2],
    "garbage": lambda: "garbage.garbage.garbage",
    "claims that are no JSON": lambda: ".".join([token().split(".")[0], part(b"{"), "c2ln"]),
    "a header that is no object": lambda: ".".join([part(b"[]"), *token().split(".")[1:]]),
    "a header without end": lambda: ".".join([part(b"[" * 5000), *token().split(".")[1:]]),
    "nothing": lambda: "..",
}


def _with_secret(secret: bytes, alg: str = "HS256") -> str:
    head = part(json.dumps({"alg": alg, "kid": GOOGLES.key_id}).encode())
    signed = f"{head}.{part(json.dumps(claims()).encode())}"
    return f"{signed}.{part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_token_of_our_sender_opens_events(client: TestClient, case: str) -> None:
    assert status(client, ACCEPTED[case]()) == 204


@pytest.mark.parametrize("case", REFUSED)
def test_any_other_token_is_refused(client: TestClient, caplog: pytest.LogCaptureFixture, case: str) -> None:
    identity = REFUSED[case]()
    assert status(client, identity) == 401
    signature = identity.rpartition(".")[2]
    assert len(signature) < 30 or signature not in caplog.text


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"aud": "https://other.a.run.app"}, "EVENTS_AUDIENCE"), ({"email": "a@b.example"}, "EVENTS_ACCOUNTS")],
)
def test_what_would_let_it_in_is_named(verify: Verify, changes: dict[str, Any], named: str) -> None:
    reason = verify(token(**changes))
    assert named in reason
    assert next(iter(changes.values())) in reason


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (Settings(), {"EVENTS_AUDIENCE", "EVENTS_ACCOUNTS"}),
        (Settings(events_audience=URL), {"EVENTS_ACCOUNTS"}),
        (Settings(events_accounts=(ACCOUNT,)), {"EVENTS_AUDIENCE"}),
    ],
)
def test_without_both_settings_no_token_is_taken(
    google: CertificateServer, caplog: pytest.LogCaptureFixture, settings: Settings, named: set[str]
) -> None:
    verify = open_verify(settings, certificates_url=google.url)
    (line,) = caplog.records
    assert line.levelno == logging.WARNING
    client = client_over(verify)
    answer = client.post("/events", headers=PING | {"authorization": f"Bearer {token()}"})
    assert answer.status_code == 401
    assert all(name in answer.json()["detail"] for name in named)
    assert status(client, TOKEN) == 204
    assert google.asked == 0


@pytest.mark.logs_errors
def test_while_the_certificates_can_not_be_had_the_sender_is_asked_to_repeat(
    google: CertificateServer, client: TestClient
) -> None:
    google.close()
    assert [status(client, token()), status(client, token())] == [503, 503]
    assert status(client, TOKEN) == 204


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("code", "body"), [(500, None), (302, b""), (200, b""), (200, b"[]"), (200, b"{}"), (200, b'{"a": 1}')]
)
def test_an_answer_without_certificates_is_no_verdict(
    google: CertificateServer, client: TestClient, code: int, body: bytes | None
) -> None:
    google.status, google.body = code, body
    assert status(client, token()) == 503


def test_the_certificates_are_fetched_once(google: CertificateServer, verify: Verify) -> None:
    at_once(lambda: [verify(token()) for _ in range(3)], threads=8)
    assert google.asked == 1


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_certificates_are_kept_as_long_as_their_answer_says(google: CertificateServer) -> None:
    clock = Clock()
    certificates = Certificates(google.url, clock=clock)
    for cache_control, lasts_s in (("max-age=600", 600), ("no-transform", 3600), ("Max-Age=100", 100)):
        google.cache_control, before = cache_control, google.asked
        certificates.for_key("google")
        clock.now += lasts_s - 1
        certificates.for_key("google")
        assert google.asked == before + 1
        clock.now += 1


def test_a_new_key_is_fetched_but_not_for_everyone_who_names_one(google: CertificateServer) -> None:
    clock = Clock()
    certificates = Certificates(google.url, clock=clock)
    certificates.for_key("google")
    google.keys = {"another": ANOTHERS.certificate}
    for name in "abcdef":
        certificates.for_key(name)
    assert google.asked == 1
    clock.now += 60
    assert set(certificates.for_key("another")) == {"another"}
    assert google.asked == 2


def test_a_server_that_is_down_is_not_asked_for_each_token(google: CertificateServer) -> None:
    clock = Clock()
    certificates = Certificates(google.url, clock=clock)
    google.status = 503
    for _ in range(5):
        with pytest.raises(PlatformError):
            certificates.for_key("google")
    assert google.asked == 1
    google.status = 200
    clock.now += 10
    assert set(certificates.for_key("google")) == {"google"}


def test_known_keys_hold_while_the_server_is_down(google: CertificateServer) -> None:
    clock = Clock()
    certificates = Certificates(google.url, clock=clock)
    certificates.for_key("google")
    google.status = 503
    clock.now += 60
    with pytest.raises(PlatformError):
        certificates.for_key("another")
    assert set(certificates.for_key("google")) == {"google"}
    clock.now += 3600
    with pytest.raises(PlatformError):
        certificates.for_key("google")
