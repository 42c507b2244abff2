"""Checks who sends an event: Google-signed ID tokens, as sent by Eventarc, Pub/Sub and Cloud Scheduler.

The service itself must admit everyone, without a check by IAM: if Cloud Run checks a token, it removes the
signature, and then a forged token looks the same.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import requests
from google.auth import jwt
from google.auth.exceptions import InvalidValue

from shared.api.guard.auth import Verify
from shared.errors import PlatformError
from shared.logs import log
from shared.settings import Settings

CERTIFICATES_URL: Final = "https://www.googleapis.com/oauth2/v1/certs"
"""X.509 certificates by key ID, what `google.oauth2.id_token` takes by default."""
_ISSUERS: Final = frozenset({"https://accounts.google.com", "accounts.google.com"})
_CLOCK_SKEW_S: Final = 10
_TIMEOUT_S: Final = (3.05, 5)
_NEW_KEY_AFTER_S: Final = 30.0
"""How soon an unknown key is looked up again: anyone can send the ID of one."""
_ANSWER_AFTER_S: Final = 2.0
"""How soon a server that did not answer is asked again."""
_KEEP_S: Final = 3600.0
_STRIPPED: Final = "SIGNATURE_REMOVED_BY_GOOGLE"


def open_verify(settings: Settings, *, certificates_url: str = CERTIFICATES_URL) -> Verify:
    """Judges ID tokens by EVENTS_AUDIENCE and EVENTS_ACCOUNTS; refuses all as long as either is unset."""
    wanted = {"EVENTS_AUDIENCE": settings.events_audience, "EVENTS_ACCOUNTS": settings.events_accounts}
    unset = " and ".join(variable for variable, value in wanted.items() if not value)
    if unset:
        reason = f"ID tokens are not taken: {unset} unset on the trigger; set EVENTS_AUDIENCE to its URL and "
        reason += "EVENTS_ACCOUNTS to the e-mail addresses of the service accounts that send events"
        log(logging.WARNING, "identity_unset", reason)
        return lambda _identity: reason
    judge = _TokenCheck(
        settings.events_audience or "", settings.events_accounts, Certificates(certificates_url)
    )
    return judge.fault


class Certificates:
    """Google's public keys, fetched on demand and kept as long as the answer allows.

    Safe to use from several threads; while one fetches, the others wait for its result.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, str] = {}
        self._keep_until = self._ask_after = clock()
        self._failure = ""

    def for_key(self, key_id: str) -> Mapping[str, str]:
        """The certificates by key ID. They are fetched again if they are old, or if this key is missing and
        was not looked up recently. Raises `PlatformError` if that fails."""
        with self._lock:
            now = self._clock()
            if now >= self._keep_until or key_id not in self._keys:
                if now >= self._ask_after:
                    self._fetch(now)
                if self._failure:
                    action = f"fetch Google's certificates from {self._url}"
                    raise PlatformError("cloudrun", action, f"{self._failure}; try again soon")
            return self._keys

    def _fetch(self, now: float) -> None:
        try:
            answer = requests.get(self._url, timeout=_TIMEOUT_S, allow_redirects=False)
            self._keys = _keys_in(answer)
        except (requests.RequestException, ValueError) as error:
            self._failure = str(error)
            self._ask_after = now + _ANSWER_AFTER_S
        else:
            self._failure = ""
            self._ask_after = now + _NEW_KEY_AFTER_S
            self._keep_until = now + _max_age_s(answer.headers.get("Cache-Control", ""))


def _keys_in(answer: requests.Response) -> Mapping[str, str]:
    answer.raise_for_status()
    keys = answer.json()
    if not isinstance(keys, dict) or not keys or not all(isinstance(key, str) for key in keys.values()):
        raise ValueError(f"status {answer.status_code}, but no certificates in it")
    return keys


def _max_age_s(cache_control: str) -> float:
    """How long the answer may be kept: its max-age, an hour without one (RFC 9111, section 5.2.2.1)."""
    for directive in cache_control.lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name == "max-age" and value.isascii() and value.isdigit():
            return float(value[:9])
    return _KEEP_S


class _TokenCheck:
    """Says what is wrong with an ID token."""

    def __init__(self, audience: str, accounts: tuple[str, ...], certificates: Certificates) -> None:
        self._audience = audience.rstrip("/")
        self._accounts = frozenset(accounts)
        self._certificates = certificates

    def fault(self, identity: str) -> str:
        """Why the token is refused; empty if it is valid."""
        try:
            header = _header_of(identity)
            if header.get("alg") != "RS256":
                return "the ID token is not signed with RS256, as Google's are"
            if identity.endswith("." + _STRIPPED):
                return "Cloud Run removed the signature of the ID token: disable the service's own IAM check"
            certificates = self._certificates.for_key(str(header.get("kid", "")))
            return self._fault_of(_verified(identity, certificates))
        except InvalidValue:
            return "the ID token is expired or not valid yet"
        except (ValueError, TypeError, RecursionError):  # its message may hold the token
            return "the ID token is malformed or not signed by Google"

    def _fault_of(self, claims: Mapping[str, Any]) -> str:
        audience, email = claims.get("aud"), claims.get("email")
        if claims.get("iss") not in _ISSUERS:
            return "the ID token was not issued by accounts.google.com"
        if not self._is_for_us(audience):
            return f"the ID token is for the audience {audience!r}, which EVENTS_AUDIENCE does not name"
        if email not in self._accounts:
            return f"the ID token is of {email!r}, which EVENTS_ACCOUNTS does not name"
        if claims.get("email_verified") is not True:
            return "the ID token's e-mail address is not verified"
        return ""

    def _is_for_us(self, audience: object) -> bool:
        """Whether it is EVENTS_AUDIENCE or an address below: by default senders use the address that they
        push to."""
        ours = self._audience
        return isinstance(audience, str) and (audience == ours or audience.startswith(ours + "/"))


def _header_of(identity: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", jwt.decode_header(identity))  # type: ignore[no-untyped-call]


def _verified(identity: str, certificates: Mapping[str, str]) -> Mapping[str, Any]:
    """The claims, once the signature and the dates hold; raises `ValueError` or `TypeError` if they don't."""
    return cast(
        "Mapping[str, Any]",
        jwt.decode(identity, certs=certificates, clock_skew_in_seconds=_CLOCK_SKEW_S),  # type: ignore[no-untyped-call]
    )
