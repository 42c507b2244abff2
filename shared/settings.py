"""Settings: read once, from a mapping passed in, into a frozen record. An empty variable is unset.

To add a setting:
1. add a field to `Settings`: its line says which variable it is read from, how, who reads it and whether it
   is a secret; its docstring is the sentence in README's table,
2. write that table (`python -m scripts.settings`) and compose's file (`reelwright export compose`) again.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from shared.errors import InvalidSettings
from shared.validation import name_pattern

AUTO: Final = "auto"
ReadBy = Literal["here", "trigger", "jobs"]
CLOUDS: Final = {"CLOUD_RUN_JOB": "cloudrun", "K_SERVICE": "cloudrun", "CE_PROJECT_ID": "codeengine"}
"""Variables that a cloud sets in its containers, of which one also means that cloud with ENV=p."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The definition of an environment variable."""

    variable: str
    parse: Callable[[str], Any]
    """Converts the variable's value to the field's; raises a `ValueError` that says what to use."""
    read_by: ReadBy
    """Who reads it. `here`: it describes the machine or container where it is set, such as a folder or a
    cloud; `trigger`: the container that starts jobs; `jobs`: a stage's container, and a trigger that runs
    stages itself."""
    secret: bool
    """Its value is never logged or shown."""
    unset: str
    """What applies without it, where the default doesn't say so."""


def _setting(
    variable: str,
    default: object = None,
    parse: Callable[[str], Any] = str,
    *,
    read_by: ReadBy = "jobs",
    secret: bool = False,
    unset: str = "",
) -> Any:
    setting = Setting(variable=variable, parse=parse, read_by=read_by, secret=secret, unset=unset)
    return field(default=default, repr=not secret, metadata={"setting": setting})


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


def _megabytes(text: str) -> int:
    return _whole(text) * 1024 * 1024


def _words(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(text))


def _matching(pattern: str, use: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"use {use}")
        return text

    return parse


def _emails(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not all(re.fullmatch(r"[^@\s]+@[^@\s]+", each) for each in found):
        raise ValueError("use e-mail addresses, separated by commas")
    return found


def _origins(text: str) -> tuple[str, ...]:
    found = tuple(part.strip().rstrip("/").lower() for part in text.split(",") if part.strip())
    if "*" in found:
        raise ValueError("name the origins: with * any page could use a token that it gets hold of")
    if not all(re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", each) for each in found):
        raise ValueError("use origins such as https://films.example, separated by commas")
    return found


def _root_path(text: str) -> str:
    """Without a trailing slash, so that paths can be appended."""
    path = re.sub(r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(?=/|$)", "", text)
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/?", path, re.ASCII) or {".", ".."} & {*path.split("/")}:
        raise ValueError("use a path such as /video, or a URL such as https://films.example/video")
    return text.rstrip("/")


def _whole_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", text):
        raise ValueError("use a URL that starts with https:// (or http://)")
    return text


def _url(text: str) -> str:
    """A URL without a trailing slash, so that paths can be appended."""
    return _whole_url(text).rstrip("/")


def _endpoint(text: str) -> str:
    if "{skill}" not in text or not re.fullmatch(r"(\{api\}|https?://)[^\s{}]*(\{skill\}[^\s{}]*)+", text):
        raise ValueError("use {api}/<path with {skill} in it>, or a whole URL with {skill} in it")
    return text


def _database_url(text: str) -> str:
    """Heroku's and libpq's `postgres://` mean the same driver as `postgresql://` here."""
    if not re.fullmatch(r"(sqlite|postgres(ql)?(\+psycopg)?)://\S*", text):
        raise ValueError("use sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>")
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", text)


_PREFIX: Final = _matching(name_pattern(24), "up to 24 of a-z, 0-9 and -, a letter first and no - last")
_KEY: Final = _matching(r"[!-~]+", "ASCII characters without spaces")
_MODEL: Final = _matching(r"[\w./:-]{1,100}", "the model's name")
_REGION: Final = _matching(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?", "a region's name, e.g. us-central1 or eu-de")
_PROJECT: Final = _matching(r"[a-z0-9.:-]{1,100}", "the project's ID")
_PROJECT_ID: Final = _matching(r"[0-9a-fA-F-]{1,60}", "the project's ID, a UUID")
_ADDRESS: Final = _matching(r"[^\s/]+:[0-9]{1,5}", "host:port")
_VOICES_URL: Final = "https://huggingface.co/onnx-community/Kokoro-82M-v1.0-ONNX/resolve/main/voices"
_BROKERS: Final = _matching(r"[^\s,/]+:[0-9]{1,5}(,[^\s,/]+:[0-9]{1,5})*", "host:port, separated by commas")
_TOPIC: Final = _matching(r"[A-Za-z0-9._-]{1,249}", "letters, digits, '.', '_' and '-'")
_SASL: Final = _matching(r"PLAIN|SCRAM-SHA-(256|512)", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
_SECURITY: Final = _one_of("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
_PLACE: Final = _matching(r"[^\x00-\x1f]{1,400}", "a name or a folder")
_REDIS: Final = _matching(r"(rediss?|unix)://\S+", "a URL that starts with redis://")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the environment decides."""

    store_url: str = _setting("STORE_URL", "file://creations", read_by="here")
    """Where creations live: `file://…`, `gs://<bucket>`, `s3://<bucket>` or `cos://<bucket>`."""
    platform: str = _setting(
        "PLATFORM", "local", read_by="here", unset="here; with `ENV=p` the cloud in whose container it runs"
    )
    """Where jobs run: {choices}. `ENV=d` always means here, `ENV=p` requires it."""
    api_token: str | None = _setting(
        "API_TOKEN", None, _KEY, read_by="trigger", secret=True, unset="none, loopback only"
    )
    """The bearer token that the HTTP API requires."""
    cors_origins: tuple[str, ...] = _setting(
        "CORS_ORIGINS", (), _origins, read_by="trigger", unset="this server's own only"
    )
    """Sites whose pages may use the HTTP API, with a token: origins, separated by commas."""
    root_path: str = _setting("ROOT_PATH", "", _root_path, read_by="trigger", unset="no prefix")
    """Where a proxy shows the HTTP API: a path such as `/video`, or the whole URL."""
    studio_server: str | None = _setting("STUDIO_SERVER", None, _url, read_by="here", unset="required there")
    """The HTTP API that the studio's own image shows."""
    fused: str = _setting("FUSED", AUTO, _one_of(AUTO, "always", "never"), read_by="trigger")
    """Whether all stages run in one container: `always`, `never`, or `auto`: for short work in a cloud."""
    job_prefix: str = _setting("JOB_PREFIX", "reelwright", _PREFIX, read_by="here")
    """What the names of jobs on a cloud start with."""
    google_project: str | None = _setting(
        "GOOGLE_CLOUD_PROJECT", None, _PROJECT, read_by="here", unset="required on Cloud Run"
    )
    """The project that the Cloud Run jobs are in."""
    cloud_run_region: str | None = _setting(
        "CLOUD_RUN_REGION", None, _REGION, read_by="here", unset="required on Cloud Run"
    )
    """The region of the Cloud Run jobs, e.g. `us-central1`."""
    cloud_run_emulator: str | None = _setting(
        "CLOUD_RUN_EMULATOR_HOST", None, _ADDRESS, read_by="here", unset="Google's API"
    )
    """`host:port` of a stand-in for the Cloud Run API, without TLS."""
    events_audience: str | None = _setting(
        "EVENTS_AUDIENCE", None, _url, read_by="here", unset="`API_TOKEN` only"
    )
    """The audience of Google's ID tokens on `/events` and `/sweep`: the trigger's URL."""
    events_accounts: tuple[str, ...] = _setting(
        "EVENTS_ACCOUNTS", (), _emails, read_by="here", unset="`API_TOKEN` only"
    )
    """The senders of Google's ID tokens: e-mail addresses of service accounts, separated by commas."""
    ce_project_id: str | None = _setting(
        "CE_PROJECT_ID", None, _PROJECT_ID, read_by="here", unset="required on Code Engine"
    )
    """The Code Engine project; Code Engine sets it in its own containers."""
    ce_region: str | None = _setting(
        "CE_REGION", None, _REGION, read_by="here", unset="required on Code Engine"
    )
    """The project's region, e.g. `us-south`; Code Engine sets it in its own containers."""
    ibm_api_key: str | None = _setting(
        "IBMCLOUD_API_KEY", read_by="here", secret=True, unset="required on Code Engine"
    )
    """The key that starts job runs on Code Engine."""
    code_engine_url: str | None = _setting(
        "CODE_ENGINE_URL", None, _url, read_by="here", unset="the region's public one"
    )
    """The address of the Code Engine API, for private networks."""
    ibm_iam_url: str | None = _setting("IBM_IAM_URL", None, _url, read_by="here", unset="IBM's public IAM")
    """The service that turns the key into tokens, for private networks."""
    cos_endpoint: str | None = _setting("COS_ENDPOINT", None, _url, unset="required for `cos://`")
    """The endpoint of a `cos://` bucket, e.g. `https://s3.us-south.cloud-object-storage.appdomain.cloud`;
    `s3://` uses the usual `AWS_…`."""
    cos_access_key_id: str | None = _setting(
        "COS_HMAC_ACCESS_KEY_ID", secret=True, unset="required for `cos://`"
    )
    """The ID of the HMAC keys that open a `cos://` bucket, of a service credential."""
    cos_secret_access_key: str | None = _setting(
        "COS_HMAC_SECRET_ACCESS_KEY", secret=True, unset="required for `cos://`"
    )
    """The secret of these keys."""
    compose_command: tuple[str, ...] = _setting(
        "COMPOSE_COMMAND", ("docker", "compose"), _words, read_by="here"
    )
    """How compose is called, e.g. `podman-compose`."""
    compose_file: str = _setting("COMPOSE_FILE", "infra/compose.yaml", read_by="here")
    """The file that defines a service for each job."""
    text_provider: str = _setting("TEXT_PROVIDER", AUTO)
    """What writes: {choices}: a paid one where its key is set."""
    speech_provider: str = _setting("SPEECH_PROVIDER", AUTO)
    """What speaks: {choices}: a paid one where its key is set, but not for a story; else the neural one where
    its packages are."""
    voices_dir: str | None = _setting("VOICES_DIR", read_by="here", unset="the user's data folder")
    """Where further neural voices lie."""
    voices_url: str = _setting("VOICES_URL", _VOICES_URL, _url, read_by="here", unset="their public home")
    """Where `reelwright voices add` fetches them."""
    video_provider: str = _setting("VIDEO_PROVIDER", AUTO)
    """What films: {choices}: a paid one where its key is set."""
    image_provider: str = _setting("IMAGE_PROVIDER", AUTO)
    """What paints: {choices}: a paid one where its key is set."""
    skills_provider: str = _setting("SKILLS_PROVIDER", AUTO)
    """What turns a text into a talk: {choices}. `auto`: watsonx where its key is set, else the embedded one;
    Claude only by name."""
    orch_api: str = _setting("ORCH_API", "https://orchestrate.ai.cloud.ibm.com/api", _url)
    """The address of the watsonx Orchestrate API."""
    orch_endpoint: str = _setting("ORCH_ENDPOINT", "{api}/skills/{skill}:invoke", _endpoint)
    """Where a skill is invoked: a template that holds this address and the skill's name."""
    orch_auth: str = _setting("ORCH_AUTH", "iam", _one_of("iam", "bearer"))
    """What authorizes at watsonx: `iam`: a token that IAM gives for the key; `bearer`: the key itself."""
    orch_api_key: str | None = _setting("ORCH_APIKEY", None, _KEY, secret=True, unset="watsonx is not used")
    """The key of watsonx Orchestrate, whose skills turn a text into a talk."""
    orch_timeout_s: float = _setting("ORCH_TIMEOUT", 30.0, _positive)
    """Seconds that a skill may take."""
    anthropic_api_key: str | None = _setting(
        "ANTHROPIC_API_KEY", None, _KEY, secret=True, unset="Claude is not used"
    )
    """The key of Claude, which writes."""
    anthropic_url: str = _setting("ANTHROPIC_BASE_URL", "https://api.anthropic.com", _url)
    """The address of the Claude API."""
    claude_model: str | None = _setting("CLAUDE_MODEL", None, _MODEL, unset="the provider's default")
    """Which model writes."""
    elevenlabs_api_key: str | None = _setting(
        "ELEVENLABS_API_KEY", None, _KEY, secret=True, unset="ElevenLabs is not used"
    )
    """The key of ElevenLabs, which speaks."""
    elevenlabs_url: str = _setting("ELEVENLABS_BASE_URL", "https://api.elevenlabs.io", _url)
    """The address of the ElevenLabs API."""
    elevenlabs_model: str | None = _setting("ELEVENLABS_MODEL", None, _MODEL, unset="the provider's default")
    """Which model speaks."""
    replicate_api_token: str | None = _setting(
        "REPLICATE_API_TOKEN", None, _KEY, secret=True, unset="Replicate is not used"
    )
    """The key of Replicate, which films and paints."""
    replicate_url: str = _setting("REPLICATE_BASE_URL", "https://api.replicate.com", _url)
    """The address of the Replicate API."""
    video_model: str = _setting("VIDEO_MODEL", "minimax", _one_of("minimax", "ltx"))
    """Which model films on Replicate: `minimax` (better) or `ltx` (faster, cheaper)."""
    prediction_timeout_s: float = _setting("PREDICTION_TIMEOUT_S", 900.0, _positive)
    """Seconds that a model may take for one clip or picture."""
    whisper_model: str = _setting("WHISPER_MODEL", "base", _PLACE)
    """What recognises speech: a size of Whisper such as `large-v3`, or a folder with such a model."""
    hf_token: str | None = _setting("HF_TOKEN", None, _KEY, secret=True, unset="pyannote is not used")
    """The token of Hugging Face, with which pyannote's models are opened."""
    tmdb_api_key: str | None = _setting("TMDB_API_KEY", None, _KEY, secret=True, unset="TMDB is not asked")
    """The key of TMDB (v3) or its read token, which knows the names in films."""
    tmdb_url: str = _setting("TMDB_BASE_URL", "https://api.themoviedb.org/3", _url)
    """The address of the TMDB API."""
    redis_url: str | None = _setting("REDIS_URL", None, _REDIS, secret=True, unset="nowhere")
    """Where progress is published."""
    database_url: str | None = _setting(
        "DATABASE_URL", None, _database_url, secret=True,
        unset="SQLite beside a `file://` store, or inside it where nothing can be put beside it",
    )  # fmt: skip
    """Where the mirror of all jobs is: an SQLAlchemy URL, e.g. `postgresql+psycopg://…`."""
    webhook_url: str | None = _setting(
        "WEBHOOK_URL", None, _whole_url, read_by="trigger", secret=True, unset="nowhere"
    )
    """Where the ends of runs are reported."""
    webhook_secret: str | None = _setting(
        "WEBHOOK_SECRET", read_by="trigger", secret=True, unset="they are not signed"
    )
    """What the reports of ends are signed with."""
    kafka_brokers: str | None = _setting(
        "KAFKA_BROKERS", None, _BROKERS, unset="messages lie in the store, where `consume` finds them"
    )
    """Kafka's brokers: `host:port`, separated by commas."""
    kafka_topic: str = _setting("KAFKA_TOPIC", "videoJob", _TOPIC)
    """The topic of talks to be rendered."""
    kafka_dead_topic: str | None = _setting("KAFKA_DEAD_TOPIC", None, _TOPIC, unset="the topic with `.dead`")
    """Where unreadable messages go, with the reason."""
    kafka_group: str = _setting("KAFKA_GROUP", "renderer-scaler", _TOPIC)
    """The consumer group of those that render."""
    kafka_security: str | None = _setting(
        "KAFKA_SECURITY", None, _SECURITY, unset="`sasl_ssl` with a password, else `plaintext`"
    )
    """`plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`."""
    kafka_sasl_mechanism: str = _setting("KAFKA_SASL_MECHANISM", "PLAIN", _SASL)
    """`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`."""
    kafka_user: str = _setting("KAFKA_USER", "token")
    """The user's name; Event Streams takes `token` with an API key."""
    kafka_password: str | None = _setting("KAFKA_PASSWORD", secret=True, unset="none")
    """The user's password, or an API key."""
    kafka_ca_file: str | None = _setting("KAFKA_CA_FILE", unset="the system's certificates")
    """The file of the certificates that the brokers are trusted by."""
    kafka_timeout_s: float = _setting("KAFKA_TIMEOUT_S", 200.0, _positive)
    """Seconds that a broker which does not answer is asked again."""
    job_timeout_s: float | None = _setting(
        "JOB_TIMEOUT", None, _positive, unset="what its `pipeline.yaml` says; ads 7200"
    )
    """Seconds that a run may take, waiting included."""
    log_level: str = _setting("LOG_LEVEL", "info", _one_of("debug", "info", "warning", "error", "critical"))
    """How much is logged: `debug`, `info`, `warning`, `error` or `critical`."""
    log_format: str = _setting("LOG_FORMAT", AUTO, _one_of(AUTO, "json", "text"))
    """How the log looks: `json`, `text`, or `auto`: text on a terminal, JSON elsewhere."""
    log_file: str | None = _setting("LOG_FILE", read_by="here", unset="none")
    """A file that the log is also written to, as JSON lines."""
    heartbeat_s: float = _setting("HEARTBEAT_S", 5.0, _positive)
    """Seconds between a working stage's heartbeats."""
    stale_after_s: float = _setting("STALE_AFTER_S", 60.0, _positive)
    """How many seconds after its last heartbeat a stage is taken for dead: it is ended and tried again."""
    max_upload_bytes: int = _setting("MAX_UPLOAD_MB", 512 << 20, _megabytes, read_by="trigger", unset="`512`")
    """The largest asset that the HTTP API takes, in megabytes."""
    cores: int | None = _setting("CORES", None, _whole, unset="all that the process may run on")
    """How many cores rendering uses."""


SETTINGS: Final[dict[str, Setting]] = {each.name: each.metadata["setting"] for each in fields(Settings)}
"""Settings by field."""
VARIABLES: Final = ("ENV", *(setting.variable for setting in SETTINGS.values()))
"""All variables that are read; ENV decides whether PLATFORM applies."""
SECRET: Final = frozenset(setting.variable for setting in SETTINGS.values() if setting.secret)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from environment variables; raises `InvalidSettings` naming every problem at once."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        text = environ.get(setting.variable, "").strip()
        if not text:
            continue
        try:
            values[name] = setting.parse(text)
        except ValueError as error:
            shown = setting.variable if setting.secret else f"{setting.variable}={text!r}"
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
    here = next((cloud for variable, cloud in CLOUDS.items() if environ.get(variable)), "")
    if env == "p" and not (platform or here):
        raise ValueError("PLATFORM is unset: with ENV=p name the platform that jobs run on")
    return "local" if env == "d" else platform or (here if env == "p" else "") or "local"
