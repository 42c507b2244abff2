"""Settings: read once, from a mapping passed in, into a frozen record. An empty variable is unset."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.errors import InvalidSettings

_LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_LOG_FORMATS: Final = ("auto", "json", "text")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the environment decides."""

    store_url: str = "file://creations"
    """STORE_URL: where creations live."""
    platform: str = "local"
    """Where jobs run: `local` when ENV is `d`, what PLATFORM says when ENV is `p`."""
    api_token: str | None = None
    """API_TOKEN: the bearer token that the HTTP face demands."""
    speech_provider: str = "espeak"
    """SPEECH_PROVIDER: who speaks."""
    log_level: str = "info"
    """LOG_LEVEL: debug, info, warning or error."""
    log_format: str = "auto"
    """LOG_FORMAT: json, text, or auto: text on a terminal, json elsewhere."""
    heartbeat_s: float = 5.0
    """HEARTBEAT_S: how often a working stage says so in its record."""
    stale_after_s: float = 60.0
    """STALE_AFTER_S: how long after its last heartbeat a stage is taken for dead."""
    max_upload_bytes: int = 512 * 1024 * 1024
    """MAX_UPLOAD_MB: largest asset that the HTTP face takes."""
    cores: int | None = None
    """CORES: how many cores rendering uses; unset means all that the process may run on."""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from environment variables; raises `InvalidSettings` naming every problem at once."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    for variable, (field, parse) in _VARIABLES.items():
        text = environ.get(variable, "").strip()
        if not text:
            continue
        try:
            values[field] = parse(text)
        except ValueError as error:
            problems.append(f"{variable}={text!r}: {error}")
    try:
        values["platform"] = _platform(environ.get("ENV", "").strip(), environ.get("PLATFORM", "").strip())
    except ValueError as error:
        problems.append(str(error))
    settings = Settings(**values)
    if settings.stale_after_s < 2 * settings.heartbeat_s:
        problems.append(
            f"STALE_AFTER_S={settings.stale_after_s:g}: must be at least twice "
            f"HEARTBEAT_S={settings.heartbeat_s:g}"
        )
    if problems:
        raise InvalidSettings(*problems)
    return settings


def _platform(env: str, platform: str) -> str:
    if env not in ("", "d", "p"):
        raise ValueError(f"ENV={env!r}: use d (development, runs here) or p (production, runs on PLATFORM)")
    if env == "p" and not platform:
        raise ValueError("PLATFORM is unset: with ENV=p name the platform that jobs run on")
    return "local" if env == "d" else platform or "local"


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"use one of {', '.join(choices)}")
        return text.lower()

    return parse


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise ValueError("use a number greater than 0")
    return value


def _whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError("use a whole number of at least 1")
    return value


_VARIABLES: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "STORE_URL": ("store_url", str),
    "API_TOKEN": ("api_token", str),
    "SPEECH_PROVIDER": ("speech_provider", str),
    "LOG_LEVEL": ("log_level", _one_of(*_LOG_LEVELS)),
    "LOG_FORMAT": ("log_format", _one_of(*_LOG_FORMATS)),
    "HEARTBEAT_S": ("heartbeat_s", _positive),
    "STALE_AFTER_S": ("stale_after_s", _positive),
    "MAX_UPLOAD_MB": ("max_upload_bytes", lambda text: _whole(text) * 1024 * 1024),
    "CORES": ("cores", _whole),
}
