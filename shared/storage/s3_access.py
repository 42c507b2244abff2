"""How an S3 bucket is reached, and what it means when it refuses."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from shared.errors import InvalidSettings, ObjectNotFound, StoreError
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
"""How a conditional put is refused: S3 answers 404 where an object should be replaced and there is none."""
_CONFLICTS: Final = frozenset({"ConditionalRequestConflict", "OperationAborted"})
_UNREACHABLE: Final = frozenset({"EndpointConnectionError", "ConnectTimeoutError"})
_KEYS_REFUSED: Final = "the store refuses the keys: see to {keys}"
_FORBIDDEN: Final = "the keys may not do this: let {keys} list, read, write and delete in the bucket"
_ELSEWHERE: Final = "the bucket is in another region: see to AWS_DEFAULT_REGION and {endpoint}"
_CLOCK: Final = "this machine's clock is wrong: set it"
_PROBLEMS: Final = {
    "NoSuchBucket": "there is no such bucket: create it or name another",
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
    "NotImplemented": "the store does not know conditional writes: use one that does",
    "NoCredentialsError": "there are no keys: set {keys}",
    "PartialCredentialsError": "half of the keys is missing: set {keys}",
    "ProfileNotFound": "the profile does not exist: see to AWS_PROFILE",
    "EndpointConnectionError": "its endpoint can't be reached: see to {endpoint} and the network",
    "ConnectTimeoutError": "its endpoint does not answer: see to {endpoint} and the network",
    "ProxyConnectionError": "the proxy can't be reached: see to HTTPS_PROXY and NO_PROXY",
    "SSLError": "its endpoint's certificate is not trusted: see to {endpoint} and AWS_CA_BUNDLE",
}
"""What settings cause, by the code of the answer or the name of the exception."""
_REASONS: Final = {
    "412": "it was replaced meanwhile: try again",
    "PreconditionFailed": "it was replaced meanwhile: try again",
    "BadDigest": "its bytes changed on the way: see that nothing writes to them, then try again",
}


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a bucket; what is None is left to boto3's own chain of variables, files and roles."""

    url: str
    """STORE_URL."""
    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    endpoint_variable: str = "AWS_ENDPOINT_URL"
    key_variables: str = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def cos_access(url: str, settings: Settings) -> Access:
    """IBM Cloud Object Storage with HMAC keys; raises `InvalidSettings` naming all that is unset."""
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
    """A client that several threads may use; raises `InvalidSettings` for an endpoint that is no URL.

    All retrying is botocore's: a bounded number of attempts with jitter for each request.
    """
    from boto3.session import Session

    session = Session()
    client = _client(session, access, addressing_style="path" if access.endpoint_url else "auto")
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    if not access.endpoint_url and not host.endswith(_AMAZON):
        # boto3 found an endpoint in its own variables or files; others seldom have a host for each bucket.
        client = _client(session, access, addressing_style="path")
    events: Any = client.meta.events  # whose types leave out that this event's handlers return something
    events.register("needs-retry.s3.PutObject", _wait_for_conflict)
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
        # The newer checksums are not known to COS and others; Content-MD5 and our SHA-256 are.
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
    """Seconds until a put that collided with another one (409) goes again; botocore takes that for final."""
    code = response[1].get("Error", {}).get("Code") if response else None
    if code not in _CONFLICTS or attempts >= _ATTEMPTS:
        return None
    return random.uniform(0, _CONFLICT_WAIT_S * 2**attempts)  # noqa: S311 - only spreads the racers


def code_of(error: BaseException | None) -> str:
    """The code of a refusal, or the exception's name when there was no answer."""
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def problem_of(access: Access, error: BaseException | None) -> str:
    """Which setting is to blame, with the remedy; empty if none is."""
    problem = _PROBLEMS.get(code_of(error), "")
    if not problem:
        return ""
    endpoint = access.endpoint_variable
    if access.endpoint_url:
        endpoint = f"{endpoint}={access.endpoint_url!r}"
    return f"STORE_URL={access.url!r}: {problem.format(endpoint=endpoint, keys=access.key_variables)}"


def is_settled(error: Exception) -> bool:
    """Whether nothing can have been written: the store refused, or was never asked."""
    code = code_of(error)
    return code in _PROBLEMS and code not in _UNREACHABLE


def refusal(access: Access, action: str, key: str, error: Exception) -> StoreError:
    """What the client raised, in our words."""
    code = code_of(error)
    if code in _MISSING:
        return ObjectNotFound(key)
    return StoreError(action, key, problem_of(access, error) or _REASONS.get(code) or _answer(error))


def _answer(error: Exception) -> str:
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return str(error)
    message = error.response.get("Error", {}).get("Message")
    return f"{code_of(error)}: {message}" if message else str(error)
