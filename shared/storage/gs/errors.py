"""Translates the errors of Google's client into this project's."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final

from shared.errors import ObjectNotFound, ReelwrightError, StoreError

_BUCKET_IS_MISSING: Final = "bucket does not exist"
_LAST_WORD: Final = 300
"""How many characters of a non-JSON answer are shown."""
_PROBLEMS: Final = {
    400: (
        "Cloud Storage refuses the request",
        "let STORE_URL name a bucket, and don't change a file during its upload",
    ),
    401: (
        "its credentials are missing or refused",
        "log in (gcloud auth application-default login) or let GOOGLE_APPLICATION_CREDENTIALS name a key "
        "file; check also this machine's clock",
    ),
    403: (
        "the account that this runs as may not do this",
        "give the account the role roles/storage.objectUser on the bucket",
    ),
    404: ("the bucket does not exist", "create it or let STORE_URL name another"),
}
"""Problems that settings cause, by the answer's status, with remedies."""
_UNREACHABLE: Final = "Cloud Storage can't be reached or does not answer"
_LATER: Final = "check that this machine reaches Cloud Storage, then try again"


NOT_CLOUD_STORAGE: Final = (
    "the answer is not from Cloud Storage: check that no proxy or sign-in page is in between, "
    "and check STORAGE_EMULATOR_HOST if that is set"
)
_PAGE: Final = re.compile(r"<(!doctype )?html\b", re.IGNORECASE)
_GARBLED: Final = (ValueError, LookupError, TypeError, AttributeError)
"""Raised by the client for an unexpected answer, e.g. not JSON, or JSON of another kind."""


class Unmet(Exception):
    """Cloud Storage answered 412: the object is not at the given generation."""


@contextmanager
def translated(action: str, key: str) -> Iterator[None]:
    """Raises `ObjectNotFound`, `Unmet`, or `StoreError` with a remedy for the client's errors.

    The text is short and taken from the answer: the client's own error may hold method, URL and body of the
    answer, and repeated errors.
    """
    import urllib3
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except ReelwrightError:
        raise
    except (
        GoogleAPIError,
        GoogleAuthError,
        urllib3.exceptions.HTTPError,
        HTTPException,
        OSError,  # which all errors of requests are
        *_GARBLED,
    ) as error:
        code, answer = code_of(_last(error)), in_short(error)
        if code == 412:
            raise Unmet from answer
        if code == 404 and _BUCKET_IS_MISSING not in str(answer) and not _is_page(answer):
            raise ObjectNotFound(key) from answer
        raise StoreError(action, key, f"{_words(answer)}: {_remedy(code, error, answer)}") from answer


def _remedy(code: int, error: BaseException, answer: BaseException) -> str:
    if 300 <= code < 400 or isinstance(error, _GARBLED) or _is_page(answer):
        return NOT_CLOUD_STORAGE
    return _PROBLEMS[code][1] if code in _PROBLEMS else _LATER


def _is_page(answer: BaseException | None) -> bool:
    """Whether the answer is an HTML page, which Cloud Storage never sends."""
    return bool(_PAGE.search(str(answer)))


def _words(answer: BaseException) -> str:
    """The error's text in one line: some answers may be partly HTML."""
    text = " ".join(str(answer).split())[:_LAST_WORD]
    return f"{type(answer).__name__}: {text}" if isinstance(answer, _GARBLED) or not text else text


def code_of(error: BaseException | None) -> int:
    """The HTTP status of an error: 401 when no token can be obtained, 0 without an answer."""
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, GoogleAuthError):
        return 0 if isinstance(error, TransportError) else 401
    return int(getattr(error, "code", None) or 0)


def is_interruption(error: Exception) -> bool:
    """Whether an upload was lost or kept in part, which the client doesn't continue."""
    import requests
    from google.auth.exceptions import GoogleAuthError

    if _BUCKET_IS_MISSING in str(error) or isinstance(error, GoogleAuthError):
        return False
    if isinstance(error, requests.RequestException):
        return is_garbled(error)  # an incomplete answer came
    return isinstance(error, ValueError) or code_of(error) in {308, 404, 410}


def is_garbled(error: BaseException) -> bool:
    """Whether an answer came that is not JSON."""
    import requests

    return isinstance(error, requests.JSONDecodeError)


def problem_of(error: StoreError) -> str:
    """Which setting is to blame, with the remedy; empty if none is, so that a later attempt may succeed."""
    code = code_of(error.__cause__)
    if _is_page(error.__cause__):
        return ""
    if code in _PROBLEMS:
        return ": ".join(_PROBLEMS[code])
    if not _is_silence(error.__cause__):
        return ""
    emulator = os.environ.get("STORAGE_EMULATOR_HOST")
    return f"{_UNREACHABLE}: check {f'STORAGE_EMULATOR_HOST={emulator!r}' if emulator else 'the network'}"


def _is_silence(error: BaseException | None) -> bool:
    """Whether no connection was made; False when an accepted connection broke."""
    broken = (BrokenPipeError, ConnectionAbortedError, ConnectionResetError)
    return isinstance(error, OSError) and not isinstance(error, (*broken, ReelwrightError))


def _last(error: BaseException) -> BaseException:
    """The last error of the client's retries, when their time was over."""
    from google.api_core.exceptions import RetryError

    return error.cause or error if isinstance(error, RetryError) else error


def in_short(error: BaseException) -> BaseException:
    """The same error in few words, and without a cause: the answer, or why there was none."""
    from google.api_core.exceptions import GoogleAPICallError, from_http_status
    from google.auth.exceptions import GoogleAuthError, TransportError

    answered: Any = from_http_status  # has no types
    refused: Any = GoogleAuthError  # neither has this
    error = _last(error)
    short: BaseException
    if isinstance(error, GoogleAPICallError) and error.code:
        short = answered(int(error.code), _answer(error).rstrip("."))
    elif isinstance(error, GoogleAuthError) and not isinstance(error, TransportError):
        words = [
            str(each)[:_LAST_WORD].rstrip(".") for each in error.args if isinstance(each, str | Exception)
        ]
        short = refused(": ".join(words) or type(error).__name__)
    else:
        short = _root(error)
    return short


def _answer(error: Any) -> str:
    """The message in a refusal's body: https://cloud.google.com/storage/docs/json_api/v1/status-codes."""
    try:
        body = error.response.json()["error"]
        return str((body.get("errors") or [body])[0]["message"])
    except (AttributeError, LookupError, TypeError, ValueError):  # no answer, or in another format
        text = getattr(error.response, "text", "").strip()
        return text[:_LAST_WORD] or HTTPStatus(error.code).phrase


def _root(error: BaseException) -> BaseException:
    """The innermost of the errors that requests and urllib3 wrap in each other."""
    inner = (error.__cause__, getattr(error, "reason", None), *reversed(error.args))
    wrapped = next((each for each in inner if isinstance(each, Exception)), None)
    return _root(wrapped) if wrapped else error
