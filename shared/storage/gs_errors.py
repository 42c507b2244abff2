"""What Google's client raises, in this project's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from shared.errors import ObjectNotFound, StoreError

_BUCKET_IS_MISSING: Final = "bucket does not exist"
_REMEDIES: Final = {
    400: "if it comes from a file, let nobody change that meanwhile",
    401: "log in (gcloud auth application-default login) or let GOOGLE_APPLICATION_CREDENTIALS name a key "
    "file; see also that this machine's clock is right",
    403: "give the account that this runs as the role roles/storage.objectUser on the bucket",
    404: "create the bucket or let STORE_URL name another",
}
_LATER: Final = "see that this machine reaches Cloud Storage, then try again"


class Unmet(Exception):
    """Cloud Storage answered 412: the object is not at the generation that was named."""


@contextmanager
def translated(action: str, key: str) -> Iterator[None]:
    """Raises `ObjectNotFound`, `Unmet`, or `StoreError` with a remedy for what the client raises."""
    import requests
    import urllib3
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (
        GoogleAPIError,
        GoogleAuthError,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        ConnectionError,
    ) as error:
        cause = _cause(error)
        if code_of(cause) == 412:
            raise Unmet from error
        if code_of(cause) == 404 and _BUCKET_IS_MISSING not in str(cause):
            raise ObjectNotFound(key) from error
        remedy = _REMEDIES.get(code_of(cause), _LATER)
        raise StoreError(action, key, f"{cause or type(cause).__name__}: {remedy}") from error


def code_of(error: BaseException | None) -> int:
    """The HTTP status that an error stands for: 401 when there is no token to be had, 0 for no answer."""
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, GoogleAuthError):
        return 0 if isinstance(error, TransportError) else 401
    return int(getattr(error, "code", None) or 0)


def is_interruption(error: Exception) -> bool:
    """Whether an upload under way was lost, or kept in part, which the client doesn't go on from."""
    from google.auth.exceptions import GoogleAuthError

    if _BUCKET_IS_MISSING in str(error) or isinstance(error, GoogleAuthError):
        return False
    return isinstance(error, ValueError) or code_of(error) in {308, 404, 410}


def is_lasting(error: StoreError) -> bool:
    """Whether the refusal is of who asks or of what is named, which no later try would change."""
    return code_of(_cause(error.__cause__)) in _REMEDIES


def _cause(error: BaseException | None) -> BaseException | None:
    """What the client's retries ended with, when their time was over."""
    from google.api_core.exceptions import RetryError

    return error.cause or error if isinstance(error, RetryError) else error
