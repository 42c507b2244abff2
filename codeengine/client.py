"""A client for Code Engine's HTTP API, version 2: the jobs and job runs of one project.

https://cloud.ibm.com/apidocs/codeengine/v2
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from requests import RequestException
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from shared.errors import InvalidSettings
from shared.logs import log
from shared.settings import Settings

API_VERSION: Final = "2022-12-09"
"""The date that means version 2.0.0: https://cloud.ibm.com/docs/codeengine?topic=codeengine-api-changelog."""

_CONNECT_S: Final = 5.0
_MOST_RETRY_AFTER_S: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class ApiAnswer:
    """The outcome of a call: a success, a refusal or no answer."""

    status: int
    """The HTTP status; 0 without an answer, when it is unknown whether the call was carried out."""
    body: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    """Why it was refused, in Code Engine's or IAM's words."""
    retry_after_s: float = 0.0

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_lost(self) -> bool:
        """Whether the call may have been carried out, although no answer confirms it."""
        return self.status == 0 or self.status >= 500

    @property
    def may_pass(self) -> bool:
        """Whether the same call can have another answer in a moment."""
        return self.is_lost or self.status == 429


def repeating(
    again: Callable[[ApiAnswer], bool], sleep: Callable[[float], None], *, attempts: int, longest_s: float
) -> Retrying:
    """Repeat the call after jittered pauses while its answer is temporary; returns the last answer."""
    pause = wait_exponential(multiplier=0.5, max=longest_s) + wait_random(0, 1)

    def wait(state: RetryCallState) -> float:
        return max(pause(state), min(_answer(state).retry_after_s, _MOST_RETRY_AFTER_S))

    return Retrying(
        retry=retry_if_result(again),
        wait=wait,
        stop=stop_after_attempt(attempts),
        sleep=sleep,
        before_sleep=_tell,
        retry_error_callback=_answer,
    )


def _answer(state: RetryCallState) -> ApiAnswer:
    assert state.outcome
    answer: ApiAnswer = state.outcome.result()
    return answer


def _tell(state: RetryCallState) -> None:
    answer = _answer(state)
    log(
        logging.INFO,
        "code_engine_again",
        f"Code Engine: {answer.reason or 'no answer'}; trying again",
        status=answer.status,
        attempt=state.attempt_number,
    )


class Client:
    """Calls on one project. Reads and deletions are repeated when their answer is lost, other calls never."""

    def __init__(
        self,
        *,
        url: str,
        project_id: str,
        api_key: str,
        iam_url: str | None = None,
        read_timeout_s: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`url` is that of the API with or without its `/v2`; `iam_url` is IBM's public IAM when unset."""
        self.project_id = project_id
        self._url = url if url.endswith("/v2") else f"{url}/v2"
        self._api_key = api_key
        self._iam_url = iam_url
        self._timeout_s = (_CONNECT_S, read_timeout_s)
        self._sleep = sleep
        self._lock = threading.Lock()
        self._opened: Any = None

    def get_job(self, name: str) -> ApiAnswer:
        return self._repeated("GET", f"jobs/{_quoted(name)}")

    def create_job(self, body: Mapping[str, Any]) -> ApiAnswer:
        return self._call("POST", "jobs", body=body)

    def update_job(self, name: str, changes: Mapping[str, Any], *, entity_tag: str) -> ApiAnswer:
        """412 if the job is no longer at `entity_tag`."""
        headers = {"If-Match": entity_tag, "Content-Type": "application/merge-patch+json"}
        return self._call("PATCH", f"jobs/{_quoted(name)}", body=changes, headers=headers)

    def create_run(self, body: Mapping[str, Any]) -> ApiAnswer:
        """409 if the project has a job run of that name."""
        return self._call("POST", "job_runs", body=body)

    def get_run(self, name: str) -> ApiAnswer:
        return self._repeated("GET", f"job_runs/{_quoted(name)}")

    def delete_run(self, name: str) -> ApiAnswer:
        """Stops it if it runs; 404 if it does not exist."""
        return self._repeated("DELETE", f"job_runs/{_quoted(name)}")

    def _repeated(self, method: str, path: str) -> ApiAnswer:
        again = repeating(lambda answer: answer.may_pass, self._sleep, attempts=4, longest_s=4)
        return again(self._call, method, path)

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ApiAnswer:
        from ibm_cloud_sdk_core import ApiException
        from jwt import PyJWTError

        with self._lock:
            service = self._opened = self._opened or self._open()
        try:
            request = service.prepare_request(
                method,
                f"/projects/{_quoted(self.project_id)}/{path}",
                headers={"Accept": "application/json", **(headers or {})},
                params={"version": API_VERSION},
                data=None if body is None else dict(body),
            )
        except (ApiException, RequestException, PyJWTError) as error:
            tokens = service.authenticator.token_manager
            tokens.request_time = 0  # else the next call waits a minute for this one to come back
            return _refused_by_iam(error)
        try:
            answer = service.send(request)
        except (ApiException, RequestException) as error:
            return _refused(error)
        result = answer.get_result()
        return ApiAnswer(status=answer.get_status_code(), body=result if isinstance(result, dict) else {})

    def _open(self) -> Any:
        from ibm_cloud_sdk_core import BaseService
        from ibm_cloud_sdk_core.authenticators import IAMAuthenticator

        service = BaseService(
            service_url=self._url, authenticator=IAMAuthenticator(self._api_key, url=self._iam_url)
        )
        service.set_http_config({"timeout": self._timeout_s})  # holds for IAM too
        return service


def open_client(
    settings: Settings, *, read_timeout_s: float = 20.0, sleep: Callable[[float], None] = time.sleep
) -> Client:
    """A client for the project that the settings name; raises `InvalidSettings` with all that is missing."""
    url = settings.code_engine_url
    if not url and settings.ce_region:
        url = f"https://api.{settings.ce_region}.codeengine.cloud.ibm.com"
    needed = {
        "CE_PROJECT_ID": (settings.ce_project_id, "the project's ID (ibmcloud ce project current)"),
        "CE_REGION": (url, "the project's region, e.g. us-south; or CODE_ENGINE_URL to the API's URL"),
        "IBMCLOUD_API_KEY": (settings.ibm_api_key, "an API key of a service ID with the service role Writer"),
    }
    problems = [
        f"{variable} is unset: set it to {what}" for variable, (value, what) in needed.items() if not value
    ]
    if settings.ibm_api_key and settings.ibm_api_key.strip('{}"') != settings.ibm_api_key:
        problems.append("IBMCLOUD_API_KEY has braces or quotes around it: leave them out")
    if problems or not (url and settings.ce_project_id and settings.ibm_api_key):
        raise InvalidSettings(*problems)
    return Client(
        url=url,
        project_id=settings.ce_project_id,
        api_key=settings.ibm_api_key,
        iam_url=settings.ibm_iam_url,
        read_timeout_s=read_timeout_s,
        sleep=sleep,
    )


def why_refused(answer: ApiAnswer, project_id: str) -> str:
    """A refusal as a sentence, with its remedy if that is the same for every call."""
    said = answer.reason.rstrip(".") or "no answer came"
    if answer.status == 401:
        return f"{said}; check IBMCLOUD_API_KEY: the key is wrong, expired or locked"
    if answer.status == 403:
        return f"{said}; give the owner of IBMCLOUD_API_KEY the service role Writer on project {project_id}"
    if answer.is_lost:
        return f"{said}; try again, and look at https://cloud.ibm.com/status if it stays so"
    return f"{said} (HTTP {answer.status})"


def _refused_by_iam(error: Exception) -> ApiAnswer:
    """IAM returns 400 for an unknown key; if IAM can't be reached, the key may still be right."""
    answer = _refused(error)
    if answer.may_pass:
        return ApiAnswer(status=0, reason=f"IAM: {answer.reason}", retry_after_s=answer.retry_after_s)
    return ApiAnswer(status=401, reason=f"IAM: {answer.reason}")


def _refused(error: Exception) -> ApiAnswer:
    status = getattr(error, "status_code", 0)
    response = getattr(error, "http_response", None)
    if not isinstance(status, int) or not status or response is None or 200 <= status < 300:
        return ApiAnswer(status=0, reason=f"{type(error).__name__}: {error}")
    retry_after = str(response.headers.get("Retry-After", ""))
    return ApiAnswer(
        status=status,
        reason=str(getattr(error, "message", "") or f"HTTP {status}"),
        retry_after_s=float(retry_after) if retry_after.isdecimal() else 0.0,
    )


def _quoted(name: str) -> str:
    return quote(name, safe="")
