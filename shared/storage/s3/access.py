"""Access to an S3 bucket, and the meaning of its refusals."""

import random
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from shared.errors import InvalidSettings, ObjectNotFound, ReelwrightError, StoreError
from shared.settings import Settings

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_s3 import S3Client

_ATTEMPTS: Final = 6
_CONNECT_TIMEOUT_S: Final = 10
_READ_TIMEOUT_S: Final = 60
_CONNECTIONS: Final = 32
_CONFLICT_WAIT_S: Final = 0.2
_COS_REGION: Final = re.compile(r"s3\.(?:private\.|direct\.)?([a-z0-9-]+)\.cloud-object-storage\.")
_AMAZON: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu")

_MISSING: Final = frozenset({"404", "NoSuchKey"})
UNMET: Final = frozenset({"412", "PreconditionFailed", *_MISSING})
"""Refusals of a conditional put: S3 answers 404 where an object to replace doesn't exist."""
_CONFLICTS: Final = frozenset({"ConditionalRequestConflict", "OperationAborted"})
_UNREACHABLE: Final = frozenset({"EndpointConnectionError", "ConnectTimeoutError"})
_KEYS_REFUSED: Final = "the store refuses the keys: check {keys}"
_FORBIDDEN: Final = "the keys may not do this: let {keys} list, read, write and delete in the bucket"
_UNKNOWN: Final = "the store does not support this request, e.g. conditional writes: use one that does"
_ELSEWHERE: Final = "the bucket is in another region: check AWS_DEFAULT_REGION and {endpoint}"
_LAST_WORD: Final = 300
"""How many characters of an answer are shown."""
_LATER: Final = (408, 429)
_UNREAD: Final = threading.local()
"""By thread, the body of its latest answer to a GET."""
_GARBLED: Final = (ValueError, LookupError, TypeError, AttributeError)
"""Raised by the client, beside its own errors, for an unexpected answer."""
_CLOCK: Final = "this machine's clock is wrong: set it"
_PROBLEMS: Final = {
    "NoSuchBucket": "the bucket does not exist: create it or name another",
    "InvalidBucketName": "the store refuses the bucket's name: name another",
    "AccessDenied": _FORBIDDEN,
    "403": _FORBIDDEN,
    "InvalidAccessKeyId": _KEYS_REFUSED,
    "SignatureDoesNotMatch": _KEYS_REFUSED,
    "InvalidToken": _KEYS_REFUSED,
    "ExpiredToken": "the session has expired: get a new AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "PermanentRedirect": _ELSEWHERE,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "301": _ELSEWHERE,
    "NotImplemented": _UNKNOWN,
    "501": _UNKNOWN,
    "401": _KEYS_REFUSED,
    "407": "the proxy requires a password: check HTTPS_PROXY and NO_PROXY",
    "TokenRefreshRequired": "the session has expired: get a new AWS_SESSION_TOKEN",
    "CredentialRetrievalError": "the keys can't be obtained: check {keys}",
    "NoCredentialsError": "there are no keys: set {keys}",
    "PartialCredentialsError": "half of the keys is missing: set {keys}",
    "ProfileNotFound": "the profile does not exist: check AWS_PROFILE",
    "EndpointConnectionError": "its endpoint can't be reached: check {endpoint} and the network",
    "ConnectTimeoutError": "its endpoint does not answer: check {endpoint} and the network",
    "ProxyConnectionError": "the proxy can't be reached: check HTTPS_PROXY and NO_PROXY",
    "SSLError": "its endpoint's certificate is not trusted: check {endpoint} and AWS_CA_BUNDLE",
}
"""Problems that settings cause, by the answer's code or the exception's name."""
_REASONS: Final = {
    "412": "it was replaced meanwhile: try again",
    "PreconditionFailed": "it was replaced meanwhile: try again",
    "BadDigest": "its bytes changed on the way: check that no process writes to them, then try again",
}


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a bucket; boto3's own chain of variables, files and roles decides fields that are None."""

    url: str
    """STORE_URL."""
    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    endpoint_variable: str = "AWS_ENDPOINT_URL"
    key_variables: str = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def cos_access(url: str, settings: Settings) -> Access:
    """IBM Cloud Object Storage with HMAC keys; raises `InvalidSettings` naming all unset variables."""
    wanted = {
        "COS_ENDPOINT": (settings.cos_endpoint, "the bucket's endpoint"),
        "COS_HMAC_ACCESS_KEY_ID": (settings.cos_access_key_id, "of a credential with HMAC keys"),
        "COS_HMAC_SECRET_ACCESS_KEY": (settings.cos_secret_access_key, "of the same credential"),
    }
    missing = [name for name, (value, _) in wanted.items() if not value]
    if missing:
        raise InvalidSettings(
            *(f"{name} is unset: STORE_URL={url!r} needs it, {wanted[name][1]}" for name in missing)
        )
    region = _COS_REGION.match(urlsplit(settings.cos_endpoint or "").hostname or "")
    return Access(
        url=url,
        endpoint_url=settings.cos_endpoint,
        region=region[1] if region else "us-east-1",
        access_key_id=settings.cos_access_key_id,
        secret_access_key=settings.cos_secret_access_key,
        endpoint_variable="COS_ENDPOINT",
        key_variables="COS_HMAC_ACCESS_KEY_ID and COS_HMAC_SECRET_ACCESS_KEY",
    )


def connect(access: Access) -> "S3Client":
    """A client that several threads may use; raises `InvalidSettings` for an endpoint that is not a URL.

    botocore does all retries: a bounded number of attempts with jitter for each request.
    """
    from boto3.session import Session

    session = Session()
    client = _client(session, access, addressing_style="path" if access.endpoint_url else "auto")
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    if not access.endpoint_url and not host.endswith(_AMAZON):
        # boto3 found an endpoint in its own variables or files; others seldom have a host for each bucket.
        client = _client(session, access, addressing_style="path")
    events: Any = client.meta.events  # its types omit the return values of this event's handlers
    events.register("needs-retry.s3.PutObject", _wait_for_conflict)
    events.register("before-call.s3.HeadBucket", _follow_no_redirect)
    events.register("before-parse.s3.GetObject", _note_body)
    return client


def _client(session: "Session", access: Access, *, addressing_style: Any) -> "S3Client":
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=_READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        tcp_keepalive=True,
        s3={"addressing_style": addressing_style},
        # COS and others don't support the newer checksums; they support Content-MD5, and our SHA-256 is
        # metadata.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return session.client(
            "s3",
            endpoint_url=access.endpoint_url,
            region_name=access.region,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
            config=config,
        )
    except ValueError as error:
        raise InvalidSettings(f"{access.endpoint_variable}: {error}: use a URL with https://") from error


def _wait_for_conflict(
    response: tuple[Any, Mapping[str, Any]] | None = None, attempts: int = 1, **_: Any
) -> float | None:
    """Seconds until a put that collided with another one (409) is repeated; botocore takes 409 for final."""
    code = response[1].get("Error", {}).get("Code") if response else None
    if code not in _CONFLICTS or attempts >= _ATTEMPTS:
        return None
    return random.uniform(0, _CONFLICT_WAIT_S * 2**attempts)  # noqa: S311 - only spreads the attempts


def _follow_no_redirect(context: dict[str, Any], **_: Any) -> None:
    """botocore answers a redirect by asking for the bucket's region, and would answer a redirect of that
    request, as a sign-in page sends it, with the same request, without end."""
    context.setdefault("s3_redirect", {})["redirected"] = True


def _note_body(response_dict: Mapping[str, Any], **_: Any) -> None:
    _UNREAD.body = response_dict["body"]


def close_unread() -> None:
    """Close the body of this thread's latest answer to a GET, which botocore leaves open if it can't parse
    the headers."""
    body = vars(_UNREAD).pop("body", None)
    if hasattr(body, "close"):
        body.close()


def code_of(error: BaseException | None) -> str:
    """The code of a refusal, its status if it has no code, or the exception's name if no answer came."""
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or _metadata(error).get("HTTPStatusCode", ""))
    return type(error).__name__


def problem_of(access: Access, error: BaseException | None) -> str:
    """Which setting is to blame, with the remedy; empty if none is."""
    problem = _PROBLEMS.get(code_of(error), "")
    if not problem or _is_page(error):
        return ""
    said = problem.format(endpoint=_endpoint(access), keys=access.key_variables)
    return f"STORE_URL={access.url!r}: {said}"


def _endpoint(access: Access) -> str:
    if not access.endpoint_url:
        return access.endpoint_variable
    return f"{access.endpoint_variable}={access.endpoint_url!r}"


def is_settled(error: BaseException | None) -> bool:
    """Whether certainly nothing was written: the store refused, or no request reached it."""
    code = code_of(error)
    return code in _PROBLEMS and code not in _UNREACHABLE


@contextmanager
def asking(access: Access, action: str, key: str) -> Iterator[None]:
    """Translates any error of a request to the store into a `StoreError` with a remedy."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ReelwrightError:
        raise
    except (ClientError, BotoCoreError, HTTPError, HTTPException, OSError) as error:
        raise _refusal(access, action, key, error) from error
    except (ResponseParserError, *_GARBLED) as error:
        said = f"{type(error).__name__}: {_line(str(error))}"
        raise StoreError(action, key, f"{said}: {_not_s3(access)}") from error


def check_deleted(answer: Any) -> None:
    """Raise `ValueError` if the answer to a DELETE is an HTML page."""
    said = answer["ResponseMetadata"]
    if said["HTTPStatusCode"] != 204 and said["HTTPHeaders"].get("content-type", "").startswith("text/html"):
        raise ValueError("an HTML page came instead of status 204")


def check_listed(page: Any) -> None:
    """Raise `ValueError` if the answer is XML, but not a list of objects."""
    if "IsTruncated" not in page:
        raise ValueError("the answer is not a list of objects")


def _refusal(access: Access, action: str, key: str, error: Exception) -> StoreError:
    code = code_of(error)
    if code in _MISSING and not _is_page(error):
        return ObjectNotFound(key)
    known = problem_of(access, error) or _REASONS.get(code)
    return StoreError(action, key, known or f"{_line(_answer(error))}: {_remedy(access, error)}")


def _answer(error: Exception) -> str:
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return str(error) or type(error).__name__
    message = error.response.get("Error", {}).get("Message")
    return f"{code_of(error)}: {message}" if message else f"{code_of(error)} was the answer"


def _remedy(access: Access, error: Exception) -> str:
    """The remedy where neither settings nor the object are certainly to blame."""
    said = _metadata(error)
    status = said.get("HTTPStatusCode", 0)
    if 300 <= status < 400 or _is_page(error):
        return _not_s3(access)
    if 400 <= status < 500 and status not in _LATER:
        return f"check that STORE_URL={access.url!r} and {_endpoint(access)} are right"
    return "check that this machine reaches the store, then try again"


def _is_page(error: BaseException | None) -> bool:
    """Whether the answer is an HTML page: then it has no code of its own. An answer to a HEAD has no body, so
    that its type means nothing."""
    kind = str(_metadata(error).get("HTTPHeaders", {}).get("content-type", ""))
    is_head = getattr(error, "operation_name", "") == "HeadObject"
    return kind.startswith("text/html") and code_of(error).isdigit() and not is_head


def _metadata(error: BaseException | None) -> dict[str, Any]:
    """The answer's status and headers, if there is one."""
    found = getattr(error, "response", None) or {}
    return dict(found.get("ResponseMetadata", {}))


def _not_s3(access: Access) -> str:
    return (
        "the answer is not from the store: check that no proxy or sign-in page is in between, "
        f"and check {_endpoint(access)}"
    )


def _line(text: str) -> str:
    """The text in one line: some errors hold the whole answer, which may be an HTML page."""
    return " ".join(text.split())[:_LAST_WORD]
