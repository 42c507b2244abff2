"""Settings: read once, from a mapping passed in, into a frozen record. An empty variable is unset."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.errors import InvalidSettings

_LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_LOG_FORMATS: Final = ("auto", "json", "text")
AUTO: Final = "auto"
_VIDEO_MODELS: Final = ("minimax", "ltx")
_FUSED: Final = ("auto", "always", "never")
SECRET: Final = frozenset(
    {
        *("API_TOKEN", "IBMCLOUD_API_KEY", "COS_HMAC_ACCESS_KEY_ID", "COS_HMAC_SECRET_ACCESS_KEY"),
        *("ANTHROPIC_API_KEY", "ELEVENLABS_API_KEY", "REPLICATE_API_TOKEN", "REDIS_URL", "DATABASE_URL"),
        *("WEBHOOK_URL", "WEBHOOK_SECRET"),
    }
)
"""Their values are never shown."""
_CLOUDS: Final = {"CLOUD_RUN_JOB": "cloudrun", "K_SERVICE": "cloudrun", "CE_PROJECT_ID": "codeengine"}
"""Variables that a cloud sets in its containers, of which one also means that cloud with ENV=p."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the environment decides."""

    store_url: str = "file://creations"
    """STORE_URL: where creations live."""
    platform: str = "local"
    """Where jobs run: `local` when ENV is `d`, what PLATFORM says when ENV is `p`."""
    api_token: str | None = field(default=None, repr=False)
    """API_TOKEN: the bearer token that the HTTP face demands."""
    fused: str = "auto"
    """FUSED: whether all stages run in one container: always, never, or auto: for short work in a cloud."""
    job_prefix: str = "reelwright"
    """JOB_PREFIX: what the names of all jobs on a cloud start with."""
    google_project: str | None = None
    """GOOGLE_CLOUD_PROJECT: the project that the Cloud Run jobs are in."""
    cloud_run_region: str | None = None
    """CLOUD_RUN_REGION: the region that they are in, e.g. us-central1."""
    cloud_run_emulator: str | None = None
    """CLOUD_RUN_EMULATOR_HOST: host:port of a stand-in for the Cloud Run API, without TLS."""
    events_audience: str | None = None
    """EVENTS_AUDIENCE: whom Google's ID tokens must be meant for: the trigger's URL."""
    events_accounts: tuple[str, ...] = ()
    """EVENTS_ACCOUNTS: e-mail addresses of the service accounts that may send events, by commas."""
    ce_project_id: str | None = None
    """CE_PROJECT_ID: the Code Engine project; Code Engine sets it in its own containers."""
    ce_region: str | None = None
    """CE_REGION: its region, e.g. us-south; Code Engine sets it in its own containers."""
    ibm_api_key: str | None = field(default=None, repr=False)
    """IBMCLOUD_API_KEY: the key with which job runs are started."""
    code_engine_url: str | None = None
    """CODE_ENGINE_URL: the Code Engine API, if not the region's public one."""
    ibm_iam_url: str | None = None
    """IBM_IAM_URL: who turns the key into tokens, if not IBM's public IAM."""
    cos_endpoint: str | None = None
    """COS_ENDPOINT: the endpoint of a cos:// bucket, e.g. https://s3.us-south.cloud-object-storage.appdomain.cloud."""
    cos_access_key_id: str | None = None
    """COS_HMAC_ACCESS_KEY_ID: of the HMAC keys of a service credential."""
    cos_secret_access_key: str | None = field(default=None, repr=False)
    """COS_HMAC_SECRET_ACCESS_KEY: the same credential's secret."""
    compose_command: tuple[str, ...] = ("docker", "compose")
    """COMPOSE_COMMAND: how compose is called, e.g. podman-compose."""
    compose_file: str = "infra/compose.yaml"
    """COMPOSE_FILE: the file that defines a service for each job."""
    text_provider: str = AUTO
    """TEXT_PROVIDER: who writes: claude, template, or auto: the paid one where its key is set."""
    speech_provider: str = AUTO
    """SPEECH_PROVIDER: who speaks: elevenlabs, kokoro, espeak or auto."""
    voices_dir: str | None = None
    """VOICES_DIR: where further neural voices lie, if not in the user's data folder."""
    voices_url: str = "https://huggingface.co/onnx-community/Kokoro-82M-v1.0-ONNX/resolve/main/voices"
    """VOICES_URL: where `reelwright voices add` fetches them, if not at their public home."""
    video_provider: str = AUTO
    """VIDEO_PROVIDER: who films: replicate, motion or auto."""
    image_provider: str = AUTO
    """IMAGE_PROVIDER: who paints: replicate, drawn or auto."""
    anthropic_api_key: str | None = field(default=None, repr=False)
    """ANTHROPIC_API_KEY: for claude."""
    anthropic_url: str = "https://api.anthropic.com"
    """ANTHROPIC_BASE_URL: the Claude API, if not Anthropic's own."""
    claude_model: str | None = None
    """CLAUDE_MODEL: which model writes, if not the provider's default."""
    elevenlabs_api_key: str | None = field(default=None, repr=False)
    """ELEVENLABS_API_KEY: for elevenlabs."""
    elevenlabs_url: str = "https://api.elevenlabs.io"
    """ELEVENLABS_BASE_URL: the ElevenLabs API, if not the public one."""
    elevenlabs_model: str | None = None
    """ELEVENLABS_MODEL: which model speaks, if not the provider's default."""
    replicate_api_token: str | None = field(default=None, repr=False)
    """REPLICATE_API_TOKEN: for replicate."""
    replicate_url: str = "https://api.replicate.com"
    """REPLICATE_BASE_URL: the Replicate API, if not the public one."""
    video_model: str = "minimax"
    """VIDEO_MODEL: which model films on Replicate: minimax (better) or ltx (faster, cheaper)."""
    prediction_timeout_s: float = 900.0
    """PREDICTION_TIMEOUT_S: how long a model may take for one clip or picture."""
    redis_url: str | None = field(default=None, repr=False)
    """REDIS_URL: where progress is published; it may hold a password."""
    database_url: str | None = field(default=None, repr=False)
    """DATABASE_URL: an SQLAlchemy URL of the jobs' mirror, e.g. postgresql+psycopg://…"""
    webhook_url: str | None = field(default=None, repr=False)
    """WEBHOOK_URL: where completed and failed runs are told; it may hold a token."""
    webhook_secret: str | None = field(default=None, repr=False)
    """WEBHOOKSECRET: what webhooks are signed with."""
    job_timeout_s: float | None = None
    """JOB_TIMEOUT: seconds that a run may take, over what its pipeline.yaml says."""
    log_level: str = "info"
    """LOG_LEVEL: debug, info, warning or error."""
    log_format: str = "auto"
    """LOG_FORMAT: json, text, or auto: text on a terminal, json elsewhere."""
    log_file: str | None = None
    """LOG_FILE: a file that the log is also written to, as JSON lines, e.g. logs/pipeline.log."""
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
    for variable, (name, parse) in _VARIABLES.items():
        text = environ.get(variable, "").strip()
        if not text:
            continue
        try:
            values[name] = parse(text)
        except ValueError as error:
            shown = variable if variable in SECRET else f"{variable}={text!r}"
            problems.append(f"{shown}: {error}")
    try:
        values["platform"] = _platform(environ)
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


def _platform(environ: Mapping[str, str]) -> str:
    env, platform = (environ.get(name, "").strip() for name in ("ENV", "PLATFORM"))
    if env not in ("", "d", "p"):
        raise ValueError(f"ENV={env!r}: use d (development, runs here) or p (production, runs on PLATFORM)")
    here = next((cloud for variable, cloud in _CLOUDS.items() if environ.get(variable)), "")
    if env == "p" and not (platform or here):
        raise ValueError("PLATFORM is unset: with ENV=p name the platform that jobs run on")
    return "local" if env == "d" else platform or (here if env == "p" else "") or "local"


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
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or int(text) < 1:
        raise ValueError("use a whole number of at least 1")
    return int(text)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?", text, re.ASCII):
        raise ValueError("use up to 24 of a-z, 0-9 and -, a letter first and no - last")
    return text


def _matching(pattern: str, use: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"use {use}")
        return text

    return parse


def _emails(text: str) -> tuple[str, ...]:
    found = _list(text)
    if not all(re.fullmatch(r"[^@\s]+@[^@\s]+", each) for each in found):
        raise ValueError("use e-mail addresses, separated by commas")
    return found


def _whole_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", text):
        raise ValueError("use a URL that starts with https:// (or http://)")
    return text


def _url(text: str) -> str:
    """What paths are put after."""
    return _whole_url(text).rstrip("/")


def _database_url(text: str) -> str:
    """Heroku's and libpq's `postgres://` mean the same driver here."""
    if not re.fullmatch(r"(sqlite|postgres(ql)?(\+psycopg)?)://\S*", text):
        raise ValueError("use sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>")
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", text)


_KEY: Final = _matching(r"[!-~]+", "ASCII characters without spaces")
_MODEL: Final = _matching(r"[\w./:-]{1,100}", "the model's name")
_REGION: Final = _matching(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?", "a region's name, e.g. us-central1 or eu-de")
_VARIABLES: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "STORE_URL": ("store_url", str),
    "API_TOKEN": ("api_token", _KEY),
    "FUSED": ("fused", _one_of(*_FUSED)),
    "JOB_PREFIX": ("job_prefix", _name),
    "GOOGLE_CLOUD_PROJECT": ("google_project", _matching(r"[a-z0-9.:-]{1,100}", "the project's ID")),
    "CLOUD_RUN_REGION": ("cloud_run_region", _REGION),
    "CLOUD_RUN_EMULATOR_HOST": ("cloud_run_emulator", _matching(r"[^\s/]+:[0-9]{1,5}", "host:port")),
    "EVENTS_AUDIENCE": ("events_audience", _url),
    "EVENTS_ACCOUNTS": ("events_accounts", _emails),
    "CE_PROJECT_ID": ("ce_project_id", _matching(r"[0-9a-fA-F-]{1,60}", "the project's ID, a UUID")),
    "CE_REGION": ("ce_region", _REGION),
    "IBMCLOUD_API_KEY": ("ibm_api_key", str),
    "CODE_ENGINE_URL": ("code_engine_url", _url),
    "IBM_IAM_URL": ("ibm_iam_url", _url),
    "COS_ENDPOINT": ("cos_endpoint", _url),
    "COS_HMAC_ACCESS_KEY_ID": ("cos_access_key_id", str),
    "COS_HMAC_SECRET_ACCESS_KEY": ("cos_secret_access_key", str),
    "COMPOSE_COMMAND": ("compose_command", lambda text: tuple(shlex.split(text))),
    "COMPOSE_FILE": ("compose_file", str),
    "TEXT_PROVIDER": ("text_provider", str),
    "SPEECH_PROVIDER": ("speech_provider", str),
    "VOICES_DIR": ("voices_dir", str),
    "VOICES_URL": ("voices_url", _url),
    "VIDEO_PROVIDER": ("video_provider", str),
    "IMAGE_PROVIDER": ("image_provider", str),
    "ANTHROPIC_API_KEY": ("anthropic_api_key", _KEY),
    "ANTHROPIC_BASE_URL": ("anthropic_url", _url),
    "CLAUDE_MODEL": ("claude_model", _MODEL),
    "ELEVENLABS_API_KEY": ("elevenlabs_api_key", _KEY),
    "ELEVENLABS_BASE_URL": ("elevenlabs_url", _url),
    "ELEVENLABS_MODEL": ("elevenlabs_model", _MODEL),
    "REPLICATE_API_TOKEN": ("replicate_api_token", _KEY),
    "REPLICATE_BASE_URL": ("replicate_url", _url),
    "VIDEO_MODEL": ("video_model", _one_of(*_VIDEO_MODELS)),
    "PREDICTION_TIMEOUT_S": ("prediction_timeout_s", _positive),
    "REDIS_URL": ("redis_url", _matching(r"(rediss?|unix)://\S+", "a URL that starts with redis://")),
    "DATABASE_URL": ("database_url", _database_url),
    "WEBHOOK_URL": ("webhook_url", _whole_url),
    "WEBHOOK_SECRET": ("webhook_secret", str),
    "JOB_TIMEOUT": ("job_timeout_s", _positive),
    "LOG_LEVEL": ("log_level", _one_of(*_LOG_LEVELS)),
    "LOG_FORMAT": ("log_format", _one_of(*_LOG_FORMATS)),
    "LOG_FILE": ("log_file", str),
    "HEARTBEAT_S": ("heartbeat_s", _positive),
    "STALE_AFTER_S": ("stale_after_s", _positive),
    "MAX_UPLOAD_MB": ("max_upload_bytes", lambda text: _whole(text) * 1024 * 1024),
    "CORES": ("cores", _whole),
}
VARIABLES: Final = tuple(_VARIABLES)
"""All but ENV and PLATFORM, which together say one thing."""
