"""HTTP requests to paid providers: one client for all, with limits, retries, and errors with remedies."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from shared.errors import ProviderBusy, ProviderDenied, ProviderFailed, ProviderRefused, ReelwrightError
from shared.providers.account import Account
from shared.providers.retries import NOT_DONE, TRIES, Retries, TryAgain, retry_after_s

if TYPE_CHECKING:
    from requests import Response, Session

_CONNECT_S: Final = 10.0
_SILENCE_S: Final = 60.0
"""Timeout between two pieces of a file."""
_MOST_ANSWER_BYTES: Final = 64 * 1024 * 1024
_MOST_HOPS: Final = 5
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """A whole answer with a status below 400."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class AnswerLost(ProviderBusy):
    """It is unknown whether the provider did it: the connection broke, or the answer was unusable.

    Raised instead of a repeated request that might be paid for twice: look up the outcome first.
    """


class Throttled(ProviderBusy):
    """A rate limit whose length is given in words: for `Explain` to return."""

    def __init__(self, provider: str, reason: str, wait_s: float | None = None) -> None:
        super().__init__(provider, reason)
        self.wait_s = wait_s


Explain = Callable[[int, Any], ReelwrightError | None]
"""Returns the error for a status and its body (parsed JSON, or text), or None for usual meanings."""


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One request, as it is sent each time."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str]
    repeatable: bool = True
    timeout_s: float
    silence_s: float
    most_bytes: int = _MOST_ANSWER_BYTES


class Http:
    """One provider's API. Safe to use from several threads; waits end when the stage does."""

    def __init__(
        self,
        provider: str,
        base_url: str,
        account: Account,
        *,
        headers: Mapping[str, str],
        key_variable: str,
        explain: Explain = lambda _status, _body: None,
        tries: int = TRIES,
        query: Mapping[str, str] | None = None,
    ) -> None:
        """`headers` hold the key, which is sent only to `base_url`; `key_variable` is the key's variable.

        `query` holds it for an API that takes it in the address; errors then don't show what requests says
        of them, since that names the address.
        """
        self.provider = provider
        self._base_url = base_url.rstrip("/")
        self._account = account
        self._headers = dict(headers)
        self._query = dict(query or {})
        self._secrets = (*_secrets_in(headers), *_secrets_in(self._query))
        self._key_variable = key_variable
        self._explain = explain
        self._retries = Retries(provider, sleep=account.sleep, tries=tries)
        self._session: Session | None = None

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: str = "application/json",
        timeout_s: float = 120.0,
        repeatable: bool = True,
    ) -> HttpAnswer:
        """Call the API; `body` is sent as JSON, the answer's type must start with `expect`, JSON must parse.

        Repeats the request, with jitter or after `Retry-After`, while the provider is busy or failing. With
        `repeatable` false it does so only if the request certainly had no effect; otherwise `AnswerLost` is
        raised. `timeout_s` is how long the answer may take to start, and then to arrive. An answer is read to
        its end even when the stage ends meanwhile: it may be paid for. Raises `ProviderBusy`,
        `ProviderDenied`, `ProviderRefused` and `ProviderFailed`.
        """
        asked = _Asked(
            method=method,
            url=self._url(path),
            body=body,
            headers={**self._headers, **(headers or {})},
            repeatable=repeatable,
            timeout_s=timeout_s,
            silence_s=timeout_s,
        )

        def ask() -> HttpAnswer:
            with self._request(asked) as response:
                return self._checked(response, self._read(response, asked), asked, expect)

        return self._retries(ask)

    def download(
        self, url: str, target: Path, *, expect: tuple[str, ...], most_bytes: int, timeout_s: float = 300.0
    ) -> Path:
        """Download a result's file, without the key unless it is at the API itself; repeats like `call`."""

        def fetch() -> Path:
            place = url
            for _ in range(_MOST_HOPS):
                found = self._file_or_place(self._asked_file(place, timeout_s, most_bytes), expect)
                if isinstance(found, bytes):
                    target.write_bytes(found)
                    return target
                place = urljoin(place, found)
            raise ProviderFailed(self.provider, f"named a result that is always elsewhere: {url[:100]!r}")

        return self._retries(fetch)

    def _asked_file(self, url: str, timeout_s: float, most_bytes: int) -> _Asked:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ProviderFailed(self.provider, f"named a result that can't be fetched: {url[:100]!r}")
        return _Asked(
            method="GET",
            url=url,
            headers=self._headers if _is_below(url, self._base_url) else {},
            timeout_s=timeout_s,
            silence_s=min(_SILENCE_S, timeout_s),
            most_bytes=most_bytes,
        )

    def _file_or_place(self, asked: _Asked, expect: tuple[str, ...]) -> bytes | str:
        """The file's bytes, or the URL that the answer redirects to."""
        with self._request(asked) as response:
            place = response.headers.get("Location")
            if 300 <= response.status_code < 400 and place:
                return place
            kind = response.headers.get("Content-Type", "").lower()
            if response.status_code < 300 and kind and not kind.startswith(expect):
                raise TryAgain(ProviderFailed(self.provider, f"sent {kind!r} where {expect[0]} was due"))
            data = self._read(response, asked, check=self._account.check)
            if response.status_code >= 300:
                raise self._file_refusal(response, data)
            return data

    def _file_refusal(self, response: "Response", data: bytes) -> Exception:
        """The error for a result's download, which doesn't involve the key."""
        status = response.status_code
        reason = f"its result can't be fetched: status {status} ({_said(_parsed(data))[:100]})"
        if status in NOT_DONE or status >= 500:
            wait_s = retry_after_s(response.headers.get("Retry-After", ""))
            return TryAgain(ProviderBusy(self.provider, f"{reason}; try again later"), wait_s)
        return ProviderFailed(self.provider, reason)

    def _url(self, path: str) -> str:
        return path if _is_below(path, self._base_url) else f"{self._base_url}/{path.lstrip('/')}"

    @contextmanager
    def _request(self, asked: _Asked) -> "Iterator[Response]":
        import requests
        import urllib3

        self._account.check()
        try:
            with (
                self._open_session(asked) as session,
                session.request(
                    asked.method,
                    asked.url,
                    params=self._query if _is_below(asked.url, self._base_url) else None,
                    json=asked.body,
                    headers=dict(asked.headers),
                    timeout=(_CONNECT_S, asked.silence_s),
                    stream=True,
                    allow_redirects=False,
                ) as response,
            ):
                yield response
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._broken(error, asked) from (None if self._query else error)

    @contextmanager
    def _open_session(self, asked: _Asked) -> "Iterator[Session]":
        """A session for the request. A kept connection may be closed during a request, which leaves its
        outcome open, so a request that must not be repeated gets a new one."""
        if not asked.repeatable:
            with _new_session() as session:
                yield session
            return
        if self._session is None:
            self._session = _new_session()
        yield self._session

    def _broken(self, error: Exception, asked: _Asked) -> Exception:
        import requests

        never_sent = (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)
        if isinstance(error, ValueError):  # how requests marks what no retry can fix: a URL or header
            text = f"can't be asked ({type(error).__name__}); check its base URL and {self._key_variable}"
            return ProviderFailed(self.provider, text)
        if isinstance(error, never_sent) or _was_never_sent(error):
            return TryAgain(ProviderBusy(self.provider, _unreachable(error)))
        return self._lost(f"the connection broke ({_reason(error)})", asked.repeatable)

    def _lost(self, reason: str, repeatable: bool) -> Exception:
        if not repeatable:
            return AnswerLost(self.provider, f"{reason}; it is not known if it was done")
        return TryAgain(ProviderBusy(self.provider, f"{reason}; try again later"))

    def _read(
        self, response: "Response", asked: _Asked, *, check: Callable[[], None] = lambda: None
    ) -> bytes:
        """The whole body, in time however slowly it arrives: `read1` returns what has come, `read` waits."""
        until = time.monotonic() + asked.timeout_s
        data = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            data += chunk
            check()
            if len(data) > asked.most_bytes:
                text = f"sent more than the {asked.most_bytes // 1_000_000} MB that are taken"
                raise ProviderFailed(self.provider, text)
            if time.monotonic() > until:
                raise self._lost(f"its answer took more than {asked.timeout_s:g} s", asked.repeatable)
        return bytes(data)

    def _checked(self, response: "Response", data: bytes, asked: _Asked, expect: str) -> HttpAnswer:
        if response.status_code >= 300:
            raise self._refusal(response, data, repeatable=asked.repeatable)
        kind = response.headers.get("Content-Type", "")
        if not kind.lower().startswith(expect):
            raise self._lost(f"answered with {kind[:60]!r} where {expect} was due", asked.repeatable)
        if expect == "application/json":
            try:
                json.loads(data)
            except ValueError:
                raise self._lost("answered with JSON that can't be read", asked.repeatable) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(status=response.status_code, headers=headers, body=data)

    def _refusal(self, response: "Response", data: bytes, *, repeatable: bool) -> Exception:
        for secret in self._secrets:
            data = data.replace(secret, b"***")
        status, body = response.status_code, _parsed(data)
        error = self._explain(status, body) or self._usual(status, body)
        if isinstance(error, ProviderBusy):
            if status in NOT_DONE or repeatable:
                told_s = error.wait_s if isinstance(error, Throttled) else None
                wait_s = retry_after_s(response.headers.get("Retry-After", ""))
                return TryAgain(error, told_s if wait_s is None else wait_s)
            return AnswerLost(self.provider, f"failed with status {status}; it is not known if it was done")
        return error

    def _usual(self, status: int, body: Any) -> ReelwrightError:
        said = _said(body)
        if status in (401, 403):
            reason = f"the key is wrong or lacks a permission ({said}); check {self._key_variable}"
            return ProviderDenied(self.provider, reason)
        if status == 402:
            return ProviderDenied(self.provider, f"the account has nothing left ({said}); top it up")
        if status in NOT_DONE:
            return ProviderBusy(self.provider, f"rate limit or overload ({said}); try again later")
        if status < 400:
            text = f"redirected us (status {status}); check its base URL"
            return ProviderFailed(self.provider, text)
        if status >= 500:
            return ProviderBusy(self.provider, f"failed with status {status} ({said}); try again later")
        return ProviderRefused(self.provider, f"refused the request with status {status}: {said}")


def _new_session() -> "Session":
    """Without ~/.netrc, whose passwords would replace our key, and be sent to the hosts of results."""
    import requests

    session = requests.Session()
    session.auth = lambda request: request
    return session


def _secrets_in(headers: Mapping[str, str]) -> tuple[bytes, ...]:
    """The keys themselves, in case an API repeats them in an error."""
    names = ("authorization", "key", "token")
    keys = [value.split()[-1] for name, value in headers.items() if name.lower().endswith(names) and value]
    return tuple(key.encode() for key in keys if len(key) >= 6)


def _is_below(url: str, base_url: str) -> bool:
    return url.startswith(base_url + "/")


def _was_never_sent(error: Exception) -> bool:
    """Whether no connection was made: a refused port, an unknown host name, a proxy that refuses."""
    import urllib3

    cause = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(cause, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ProxyError))


def _reason(error: Exception) -> str:
    cause = error.args[0] if error.args else None
    return type(cause if isinstance(cause, Exception) else error).__name__


def _unreachable(error: Exception) -> str:
    return (
        f"can't be reached ({type(error).__name__}); try again later, or check the network and its base URL"
    )


def _parsed(data: bytes) -> Any:
    text = data.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _said(body: Any) -> str:
    """The provider's own message, if it can be found, cut to a line."""
    found = body
    for name in ("error", "detail", "title", "message"):
        while isinstance(found, dict) and name in found and found[name]:
            found = found[name]
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return " ".join(text.split())[:300] or "it did not say why"
