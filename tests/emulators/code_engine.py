"""A stand-in for IBM Cloud Code Engine: its API, version 2, for jobs and job runs, and IAM's tokens.

It starts the real entrypoints as processes, with the variables that Code Engine sets, and keeps its habits:
names of job runs are unique as long as the run is there, ended runs count against the quota, a partial rerun
has a smaller JOB_ARRAY_SIZE, the time limit is the whole run's. What goes wrong is asked for with `fail` (a
call) and `strike` (a container). How the API words that the quota is used up is documented nowhere; this one
says what Kubernetes says, and `quota_answer` changes it.
"""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import unquote

import jwt

from codeengine.job_file import MOST_BYTES, check_limits
from shared.settings import Settings
from tests.emulators.code_engine_http import Fault, Kind, Refusal, Server
from tests.emulators.code_engine_runs import Fate, Run, Strike, wait_for

PROJECT: Final = "0f1e2d3c-0000-4000-8000-000000000001"
API_KEY: Final = "an-api-key"
REGION: Final = "eu-de"
_NAME: Final = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_FROM_THE_JOB: Final = ("image_reference", "image_secret", "run_service_account")
_DEFAULTS: Final[dict[str, Any]] = {
    "run_arguments": [],
    "run_commands": [],
    "run_env_variables": [],
    "run_mode": "task",
    "run_service_account": "default",
    "run_volume_mounts": [],
    "scale_array_spec": "0",
    "scale_cpu_limit": "1",
    "scale_ephemeral_storage_limit": "400M",
    "scale_max_execution_time": 7200,
    "scale_memory_limit": "4G",
    "scale_retry_limit": 3,
}
_FIELDS: Final = {*_DEFAULTS, "name", "image_reference", "image_secret", "run_as_user"} | {
    "run_compute_resource_token_enabled"
}
_RUN_FIELDS: Final = {*_FIELDS, "job_name", "scale_array_size_variable_override"}


_NOT_FOUND: Final = (404, "resource_not_found", "Resource not found.")


class CodeEngine:
    """One project, over HTTP on a free port; a context manager."""

    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        *,
        environ: Mapping[str, str] | None = None,
        most_runs: int = 100,
        page: int = 100,
        at_once: int = 2,
        grace_s: float = 2.0,
    ) -> None:
        """`command` has the entrypoint of an image; `environ` is what its containers find beside Code
        Engine's variables; `at_once` instances run together, the others are pending; `grace_s` lies between
        SIGTERM and SIGKILL."""
        self.jobs: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, Run] = {}
        self.secrets: dict[str, dict[str, str]] = {}  # and config maps
        self.calls: list[tuple[str, str]] = []
        """Method and path of every call but those to IAM, in order."""
        self.bodies: list[dict[str, Any]] = []
        """Of every job run that was asked for."""
        self.tokens: set[str] = set()
        self.faults: list[Fault] = []
        self.strikes: list[Strike] = []
        self.quota_answer = (
            403,
            "forbidden",
            "job_runs is forbidden: exceeded quota, used: {0}, limited: {0}",
        )
        self.iam_answer: tuple[int, dict[str, Any]] | None = None
        """What IAM says to every key, if not what it should."""
        self._command = command
        self._environ = dict(environ or {})
        self._most_runs = most_runs
        self._page = page
        self._at_once = at_once
        self._grace_s = grace_s
        self._lock = threading.RLock()
        self.closing = threading.Event()
        self._server = Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        for run in list(self.runs.values()):
            run.delete()
        for run in list(self.runs.values()):
            run.ended.wait(self._grace_s + 5)
        self._server.shutdown()
        self._server.server_close()

    def settings(self, **others: Any) -> Settings:
        """Settings with which the platform and `apply` use this one."""
        known = {"ce_project_id": PROJECT, "ce_region": REGION, "ibm_api_key": API_KEY}
        return Settings(**(known | {"code_engine_url": self.url, "ibm_iam_url": self.url} | others))

    def fail(self, kind: Kind, method: str = "POST", path: str = "/job_runs", **details: Any) -> Fault:
        fault = Fault(kind=kind, method=method, path=path, **details)
        self.faults.append(fault)
        return fault

    def strike(self, fate: Fate, *, index: int | None = None, attempts: int | None = None) -> None:
        """Let this befall containers of job runs that are asked for from now on."""
        self.strikes.append(Strike(fate=fate, index=index, attempts=attempts))

    def wait(self, name: str) -> dict[str, Any]:
        """The job run, when it has ended."""
        wait_for(self.runs[name].ended.is_set)
        return self.run_body(self.runs[name])

    def forget(self, name: str) -> None:
        """As Code Engine does a week after a run's end."""
        del self.runs[name]

    def deploy(self, name: str, image: str, **fields: Any) -> dict[str, Any]:
        """A job, without a call."""
        return self.create_job({"name": name, "image_reference": image, **fields})

    def issue_token(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """IAM's answer to a key."""
        if self.iam_answer:
            return self.iam_answer
        if form.get("apikey") != API_KEY:
            message = "Provided API key could not be found."
            return 400, {"errorCode": "BXNIM0415E", "errorMessage": message}
        now = int(time.time())
        claims = {"iat": now, "exp": now + 3600, "jti": secrets.token_hex(8)}
        token = jwt.encode(claims, "x" * 32, algorithm="HS256")
        self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600}

    def serve(self, method: str, path: str, query: Mapping[str, str], body: Any, tag: str) -> tuple[int, Any]:
        """Carry out a call on the project; raises `Refusal`."""
        found = re.fullmatch(r"/v2/projects/([^/]+)/(jobs|job_runs)(?:/([^/]+))?", path)
        if not found or unquote(found[1]) != PROJECT:
            raise Refusal(*_NOT_FOUND)
        kind, name = found[2], unquote(found[3] or "")
        with self._lock:
            if not name:
                return self._serve_all(method, kind, query, body)
            if name not in (self.jobs if kind == "jobs" else self.runs):
                raise Refusal(*_NOT_FOUND)
            return self._serve_one(method, kind, name, body, tag)

    def _serve_all(self, method: str, kind: str, query: Mapping[str, str], body: Any) -> tuple[int, Any]:
        if method == "POST":
            return (201, self.create_job(body)) if kind == "jobs" else (202, self.create_run(body))
        if kind == "jobs":
            return 200, self._paged(kind, list(self.jobs.values()), query)
        runs = [self.run_body(run) for run in self.runs.values()]
        job = query.get("job_name")
        return 200, self._paged(kind, [run for run in runs if job in (None, run.get("job_name"))], query)

    def _serve_one(self, method: str, kind: str, name: str, body: Any, tag: str) -> tuple[int, Any]:
        if method == "GET":
            return 200, self.jobs[name] if kind == "jobs" else self.run_body(self.runs[name])
        if method == "DELETE":
            if kind == "jobs":
                del self.jobs[name]
            else:
                self.runs.pop(name).delete()
            return 202, None
        if method == "PATCH" and kind == "jobs":
            return 200, self._update_job(name, body, tag)
        raise Refusal(405, "method_not_allowed", "Method not allowed.")

    def _paged(self, kind: str, items: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
        limit = min(int(query.get("limit", self._page)), self._page)
        start = int(query.get("start", 0))
        href = f"{self.url}/v2/projects/{PROJECT}/{kind}"
        page: dict[str, Any] = {kind: items[start : start + limit], "limit": limit, "first": {"href": href}}
        if start + limit < len(items):
            page["next"] = {"href": f"{href}?start={start + limit}", "start": str(start + limit)}
        return page

    def create_job(self, body: Mapping[str, Any]) -> dict[str, Any]:
        _check(body, _FIELDS, required=("name", "image_reference"))
        if body["name"] in self.jobs:
            raise Refusal(409, "resource_exists", f"job {body['name']} exists already")
        return self._keep_job({**_DEFAULTS, **body})

    def _update_job(self, name: str, body: Any, tag: str) -> dict[str, Any]:
        _check(body, _FIELDS - {"name"}, required=())
        if tag not in ("*", self.jobs[name]["entity_tag"]):
            raise Refusal(412, "precondition_failed", "the job was changed in between")
        return self._keep_job({**self.jobs[name], **body})

    def _keep_job(self, job: dict[str, Any]) -> dict[str, Any]:
        _check_numbers(job)
        kept = {
            "created_at": "2026-01-01T00:00:00Z",
            "id": secrets.token_hex(16),
            "computed_env_variables": [],
        }
        version = {"entity_tag": secrets.token_hex(4), "project_id": PROJECT, "region": REGION}
        self.jobs[job["name"]] = {**kept, **job, **version, "resource_type": "job_v2"}
        return self.jobs[job["name"]]

    def create_run(self, body: Mapping[str, Any]) -> dict[str, Any]:
        _check(body, _RUN_FIELDS, required=())
        job_name = body.get("job_name")
        if job_name is not None and job_name not in self.jobs:
            raise Refusal(404, "resource_not_found", f"job {job_name} not found")
        self._check_run(body, self.jobs.get(str(job_name)))
        job = {key: value for key, value in self.jobs.get(str(job_name), {}).items() if key in _FIELDS}
        merged = {**_DEFAULTS, **job, **body}
        merged["name"] = body.get("name") or f"{job_name}-jobrun-{secrets.token_hex(3)}"
        merged["run_env_variables"] = _merged(job.get("run_env_variables"), body.get("run_env_variables"))
        _check_numbers(merged)
        if merged["name"] in self.runs:
            raise Refusal(409, "resource_exists", f"job run {merged['name']} exists already")
        if len(self.runs) >= self._most_runs:
            status, code, message = self.quota_answer
            raise Refusal(status, code, message.format(self._most_runs))
        self.bodies.append(dict(body))
        return self.run_body(self._start(merged))

    def _check_run(self, body: Mapping[str, Any], job: Mapping[str, Any] | None) -> None:
        if job is None and "image_reference" not in body:
            raise Refusal(400, "invalid_body", "job_name or image_reference is needed")
        for key in _FROM_THE_JOB if job else ():
            if key in body and body[key] != (job or {}).get(key if key == "image_reference" else ""):
                raise Refusal(400, "invalid_body", f"{key} must not be set on a run of a job")

    def _start(self, body: dict[str, Any]) -> Run:
        command = body["run_commands"] or list(self._command(body["image_reference"]))
        run = Run(
            body=body,
            command=[*command, *body["run_arguments"]],
            environ={**self._environ, **self._variables(body), **self._platform_variables(body)},
            strikes=(*self._missing(body), *self.strikes),
            grace_s=self._grace_s,
        )
        self.runs[run.name] = run
        run.start(self._at_once)
        return run

    def _platform_variables(self, body: Mapping[str, Any]) -> dict[str, str]:
        job = {"CE_JOB": body["job_name"]} if body.get("job_name") else {}
        place = {"CE_PROJECT_ID": PROJECT, "CE_REGION": REGION, "CE_API_BASE_URL": self.url}
        return {**job, **place, "CE_SUBDOMAIN": "abc123", "CE_DOMAIN": f"{REGION}.codeengine.appdomain.cloud"}

    def _missing(self, body: Mapping[str, Any]) -> list[Strike]:
        references = {entry.get("reference") for entry in body["run_env_variables"]} - {None}
        return [Strike(fate="no_secret")] if references - set(self.secrets) else []

    def _variables(self, body: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in body["run_env_variables"]:
            kind = entry.get("type", "literal")
            if kind == "literal":
                found[entry["name"]] = entry["value"]
            elif kind.endswith("key_reference"):
                found[entry["name"]] = self.secrets.get(entry["reference"], {}).get(entry["key"], "")
            else:
                prefix, values = entry.get("prefix", ""), self.secrets.get(entry["reference"], {})
                found |= {f"{prefix}{key}": value for key, value in values.items()}
        return found

    def run_body(self, run: Run) -> dict[str, Any]:
        """A job run as the API answers it."""
        href = f"{self.url}/v2/projects/{PROJECT}/job_runs/{run.name}"
        place = {"project_id": PROJECT, "region": REGION, "href": href, "created_at": run.created_at}
        status = {"status": run.status, "status_details": run.status_details()}
        return {**run.body, **place, **status, "computed_env_variables": [], "resource_type": "job_run_v2"}


def _merged(*lists: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Variables by name, the later over the earlier ones."""
    entries = [entry for each in lists for entry in each or []]
    return list({entry.get("name") or entry["reference"]: entry for entry in entries}.values())


def _check(body: Any, fields: set[str], *, required: Sequence[str]) -> None:
    if not isinstance(body, Mapping):
        raise Refusal(400, "invalid_body", "the body is no object")
    size = len(json.dumps(body).encode())
    if size > MOST_BYTES:
        raise Refusal(400, "size_limit_exceeded", f"{size} bytes exceed the size limit of {MOST_BYTES}")
    wrong = [key for key in body if key not in fields] + [key for key in required if not body.get(key)]
    name = body.get("name", "a")
    if wrong or not _NAME.fullmatch(name) or len(name) > 63:
        raise Refusal(400, "invalid_body", f"invalid: {', '.join(wrong) or name}")


def _check_numbers(body: Mapping[str, Any]) -> None:
    try:
        check_limits(
            body["scale_cpu_limit"], body["scale_memory_limit"], body["scale_ephemeral_storage_limit"]
        )
    except ValueError as error:
        raise Refusal(400, "invalid_body", str(error)) from error
    if not 0 <= body["scale_retry_limit"] <= 5 or not 1 <= body["scale_max_execution_time"] <= 86_400:
        raise Refusal(400, "invalid_body", "scale_retry_limit or scale_max_execution_time is out of range")
