"""What pages of the sites in `CORS_ORIGINS` may send and read (the Fetch standard's CORS protocol).

They need the token or a link: cookies are for this server's own pages alone.
"""

from typing import Any, Final

from shared.settings import Settings

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SENT: Final = (
    *("Authorization", "Content-Type", "Idempotency-Key", "Range", "If-Range"),
    *("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"),
    *("Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset"),
)
_READ: Final = (
    *("ETag", "Location", "Allow", "Retry-After", "WWW-Authenticate"),
    *("Accept-Ranges", "Content-Disposition", "Content-Range"),
    *("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Upload-Length", "Upload-Offset"),
)


def cors_options(settings: Settings) -> dict[str, Any]:
    """What Starlette's `CORSMiddleware` is called with."""
    return {
        "allow_origins": settings.cors_origins,
        "allow_methods": _METHODS,
        "allow_headers": _SENT,
        "expose_headers": _READ,
    }
