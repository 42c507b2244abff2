"""What the server signs so that it knows it again: sessions and links. It keeps no list of either.

The keys are derived from API_TOKEN, so that another token ends all sessions and links. That is slow on
purpose: who has a link can't find out a weak token by trying. Without API_TOKEN the keys last as long as the
process.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from pydantic_core import to_json

from shared.records.documents import utc_now

SESSION: Final = timedelta(hours=24)
"""How long a session lasts after its login."""
_SALT: Final = b"reelwright's sessions and links"
_SESSION: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})", re.ASCII)
_EXPIRY: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class Seals:
    """Signs with HMAC-SHA-256, under a key for each purpose."""

    def __init__(self, token: str | None, now: Callable[[], datetime] = utc_now) -> None:
        self._secret = token.encode() if token else secrets.token_bytes(32)
        self.now = now

    def new_session(self) -> str:
        """The value of a cookie that is good for `SESSION`."""
        expires = int((self.now() + SESSION).timestamp())
        nonce = _text(secrets.token_bytes(16))
        return f"{expires}.{nonce}.{self._sign('session', expires, nonce)}"

    def is_session(self, value: str) -> bool:
        """Whether the cookie's value was made here and has not expired."""
        match = _SESSION.fullmatch(value)
        if match is None:
            return False
        expires = int(match[1])
        is_ours = hmac.compare_digest(self._sign("session", expires, match[2]), match[3])
        return is_ours and self._is_ahead(expires)

    def link(self, creation_id: str, name: str, expires_at: datetime) -> str:
        """The signature of a link to an asset."""
        return self._sign("link", int(expires_at.timestamp()), creation_id, name)

    def is_link(self, creation_id: str, name: str, expires: str, signature: str) -> bool:
        """Whether the signature is that of a link to this asset, still valid; `expires` is in seconds of Unix
        time."""
        if not _EXPIRY.fullmatch(expires):
            return False
        ours = self._sign("link", int(expires), creation_id, name)
        return hmac.compare_digest(ours.encode(), signature.encode()) and self._is_ahead(int(expires))

    def _is_ahead(self, expires: int) -> bool:
        return self.now().timestamp() < expires

    def _sign(self, purpose: str, *signed: str | int) -> str:
        key = hmac.digest(_stretched(self._secret), purpose.encode(), "sha256")
        return _text(hmac.digest(key, to_json(signed), "sha256"))


@cache
def _stretched(secret: bytes) -> bytes:
    """Takes some 50 ms and 16 MiB the first time."""
    return hashlib.scrypt(secret, salt=_SALT, n=1 << 14, r=8, p=1, dklen=32)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")
