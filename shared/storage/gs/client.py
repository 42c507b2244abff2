"""Google's client for Cloud Storage, which ships no types, and the signing of its URLs."""

import copy
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from shared.errors import InvalidSettings, ObjectNotFound, StoreError
from shared.storage.gs.errors import translated

_TIMEOUT_S: Final = (10.0, 60.0)
"""For connecting, and between two bytes."""
_EMULATOR: Final = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/:]+)(:[0-9]{1,5})?", re.ASCII)
_LONGEST_DELAY_S: Final = 16.0
_SIGNING_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


class Remote:
    """A bucket and a client for it; credentials are looked up on creation.

    Threads may share it, as Google's client may be shared.
    """

    def __init__(self, bucket: str, deadline_s: float, first_delay_s: float) -> None:
        """Raises `InvalidSettings` when the client isn't installed or STORAGE_EMULATOR_HOST is not a URL,
        `StoreError` without credentials."""
        try:
            from google.cloud.storage import Client
            from google.cloud.storage.retry import DEFAULT_RETRY
        except ModuleNotFoundError as error:
            remedy = f"needs {error.name}: pip install 'reelwright[gs]'"
            raise InvalidSettings(f"STORE_URL='gs://{bucket}': {remedy}") from error
        _check_emulator(os.environ.get("STORAGE_EMULATOR_HOST", ""))
        # otherwise the client requests the bucket in a thread of its own: a permission that nothing here
        # needs
        os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
        with translated("open", f"gs://{bucket}"):
            self.client = Client(project=None)
        self.bucket = self.client.bucket(bucket)
        self.session = self.client._http
        """Sends requests with the client's credentials: a `requests.Session`."""
        self.retry = DEFAULT_RETRY.with_timeout(deadline_s).with_delay(
            initial=first_delay_s, maximum=_LONGEST_DELAY_S
        )
        self.timeout_s = _TIMEOUT_S
        self._credentials = self.client._credentials
        self._signer: Any = None
        self._lock = threading.Lock()

    def hasty(self, deadline_s: float, timeout_s: float) -> "Remote":
        """The same with shorter limits, for calls that are given up early."""
        remote = copy.copy(self)
        remote.retry = self.retry.with_timeout(deadline_s)
        remote.timeout_s = (timeout_s, timeout_s)
        return remote

    def look(self, action: str, key: str, generation: str | None = None) -> Any:
        """The object's description, of that generation if one is given; None when it doesn't exist."""
        blob = self.bucket.blob(key, generation=generation)
        try:
            with translated(action, key):
                blob.reload(timeout=self.timeout_s, retry=self.retry)
                return described(blob)
        except ObjectNotFound:
            return None

    def list(self, prefix: str) -> Iterator[Any]:
        """The descriptions of all objects whose names have this prefix; raises the client's errors."""
        found = self.client.list_blobs(
            self.bucket.name, prefix=prefix or None, timeout=self.timeout_s, retry=self.retry
        )
        for page in found.pages:
            if page.raw_page["kind"] != "storage#objects":
                raise ValueError("the answer is not a list of objects")
            yield from map(described, page)

    def media_url(self, key: str) -> str:
        name = quote(key, safe="")
        return f"{self.client.api_endpoint}/download/storage/v1/b/{self.bucket.name}/o/{name}"

    def signed_url(self, key: str, valid_s: int) -> str:
        """Signed by the credentials' own key or by IAM; unsigned for an emulator."""
        from google.auth.credentials import AnonymousCredentials, Signing

        blob = self.bucket.blob(key)
        if isinstance(self._credentials, AnonymousCredentials):
            return str(blob.public_url)
        until = timedelta(seconds=valid_s)
        with _signing(key):
            signer = {} if isinstance(self._credentials, Signing) else self._sign_by_iam()
            return str(blob.generate_signed_url(version="v4", expiration=until, method="GET", **signer))

    def _sign_by_iam(self) -> dict[str, str]:
        """The account that signs for credentials without a private key, as on Cloud Run, and its access
        token.

        The client's own token is for Cloud Storage only, so IAM would refuse it.
        """
        import google.auth
        from google.auth.transport.requests import Request

        with self._lock:
            if self._signer is None:
                self._signer, _ = google.auth.default(scopes=[_SIGNING_SCOPE])
            if not self._signer.valid:
                self._signer.refresh(Request())
            return {
                "service_account_email": self._signer.service_account_email,
                "access_token": self._signer.token,
            }


def described(blob: Any) -> Any:
    """The blob itself, if its description is complete; raises `ValueError` or `TypeError` otherwise."""
    if not (blob.generation and blob.size is not None and blob.time_created):
        raise ValueError("the answer doesn't describe an object")
    return blob


def _check_emulator(host: str) -> None:
    if host and not _EMULATOR.fullmatch(host):
        remedy = "write it as http://<host>:<port>, or unset it to use Cloud Storage itself"
        raise InvalidSettings(f"STORAGE_EMULATOR_HOST={host!r}: {remedy}")


@contextmanager
def _signing(key: str) -> Iterator[None]:
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (GoogleAuthError, AttributeError) as error:  # a person's credentials have no e-mail address
        remedy = "run as a service account that has roles/iam.serviceAccountTokenCreator on itself"
        raise StoreError("sign", key, f"{error}: {remedy}") from error
