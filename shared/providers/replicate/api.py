"""Replicate's API, as far as it is used: predictions.

Forms: https://replicate.com/docs/reference/http, statuses: https://replicate.com/docs/topics/predictions/lifecycle
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shared.errors import ProviderBusy, ProviderDenied, ProviderFailed, ProviderRefused, ReelwrightError
from shared.providers.account import Account
from shared.providers.choice import demand_key
from shared.providers.http import AnswerLost, Http, HttpAnswer, Throttled
from shared.providers.retries import TRIES
from shared.settings import SETTINGS, Settings

NAME: Final = "replicate"
_KEY: Final = "replicate_api_token"
_ANSWER_S: Final = 60.0
_FILE_S: Final = 300.0
_PAGES: Final = 10
_WAIT: Final = re.compile(r"(?:resets|available) in ~?([0-9]{1,4}) ?s", re.ASCII)
"""In the detail of a 429: https://replicate.com/docs/topics/predictions/rate-limits"""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model at Replicate."""

    name: str
    """`<owner>/<name>`."""
    version: str = ""
    """Its 64 hex digits; empty for official models, which are called by name."""


def ratio_like(width: int, height: int, ratios: Collection[str]) -> str:
    """The ratio nearest to this shape, of those that a model makes, such as `4:5`."""

    def distance(ratio: str) -> float:
        across, down = map(int, ratio.split(":"))
        return max(width * down / (height * across), height * across / (width * down))

    return min(ratios, key=distance)


class Prediction(BaseModel):
    """A prediction in Replicate's words."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    status: str
    model: str = ""
    input: dict[str, Any] = Field(default_factory=dict)
    output: Any = None
    error: Any = None
    created_at: datetime | None = None

    @field_validator("input", mode="before")
    @classmethod
    def _none_is_empty(cls, found: Any) -> Any:
        return {} if found is None else found

    @property
    def ended(self) -> bool:
        return self.status in ("succeeded", "failed", "canceled", "aborted")

    @property
    def url(self) -> str:
        """The URL of its result; empty before there is one, and after an hour, when results are removed."""
        first = self.output[0] if isinstance(self.output, list) and self.output else self.output
        return first if isinstance(first, str) and self.status == "succeeded" else ""

    @property
    def lost(self) -> bool:
        """Whether it can't succeed any more."""
        return self.ended and not self.url

    def is_since(self, earliest: datetime) -> bool:
        at = self.created_at
        return at is not None and at.replace(tzinfo=at.tzinfo or UTC) >= earliest


class _Page(BaseModel):
    next: str | None = None
    results: list[Prediction]


class Gone(ProviderFailed):
    """Replicate doesn't know this prediction, or model."""


class ReplicateApi:
    """Predictions at Replicate. Safe to use from several threads.

    All methods raise `ProviderDenied`, `ProviderRefused`, `ProviderBusy` or `ProviderFailed`.
    """

    def __init__(
        self, settings: Settings, account: Account, *, tries: int = TRIES, answer_s: float | None = None
    ) -> None:
        """`answer_s` is how long an answer may take, if not a minute."""
        key = demand_key(NAME, settings, _KEY)
        self._answer_s = answer_s or _ANSWER_S
        self._http = Http(
            NAME,
            settings.replicate_url,
            account,
            headers={"Authorization": f"Bearer {key}"},
            key_variable=SETTINGS[_KEY].variable,
            explain=explain,
            tries=tries,
        )

    def create(self, model: Model, given: Mapping[str, Any], *, cancel_after_s: int) -> Prediction:
        """Create a prediction, which Replicate cancels after that time. Raises `AnswerLost` when the outcome
        is unknown, any other error when it certainly had no effect."""
        body = {"input": given}
        answer = self._http.call(
            "POST",
            "v1/predictions" if model.version else f"v1/models/{model.name}/predictions",
            body={"version": model.version, **body} if model.version else body,
            headers={"Cancel-After": f"{cancel_after_s}s"},
            timeout_s=self._answer_s,
            repeatable=False,
        )
        try:
            return Prediction.model_validate(answer.json())
        except ValidationError as error:
            raise AnswerLost(NAME, "answered with something that is not a prediction") from error

    def get(self, prediction_id: str) -> Prediction:
        """Raises `Gone`."""
        return _prediction(
            self._http.call("GET", f"v1/predictions/{prediction_id}", timeout_s=self._answer_s)
        )

    def cancel(self, prediction_id: str) -> Prediction:
        """An ended prediction stays as it is. Raises `Gone`."""
        path = f"v1/predictions/{prediction_id}/cancel"
        return _prediction(self._http.call("POST", path, timeout_s=self._answer_s))

    def since(self, earliest: datetime) -> Iterator[Prediction]:
        """The account's predictions, newest first, back to `earliest` (with a zone)."""
        path = "v1/predictions"
        for _ in range(_PAGES):
            page = _page(self._http.call("GET", path, timeout_s=self._answer_s))
            for each in page.results:
                if not each.is_since(earliest):
                    return
                yield each
            if not page.next:
                return
            path = f"v1/predictions?{page.next.partition('?')[2]}"

    def fetch(self, url: str, target: Path, *, types: tuple[str, ...], most_bytes: int) -> None:
        """Download a result's file."""
        self._http.download(url, target, expect=types, most_bytes=most_bytes, timeout_s=_FILE_S)


def explain(status: int, body: Any) -> ReelwrightError | None:
    """The error for a status and its body, `{"title", "detail", "status"}`; None for usual meanings."""
    detail = str(body.get("detail") or body.get("title") or "") if isinstance(body, dict) else ""
    said = " ".join(detail.split())[:300]
    if status == 402:
        reason = f"the account has no credit left ({said}); add some at https://replicate.com/account/billing"
        return ProviderDenied(NAME, reason)
    if status == 404:
        return Gone(NAME, f"does not know this ({said})")
    if status == 422:
        return ProviderRefused(NAME, f"does not take the request: {_fields(body) or said}")
    if status == 429:
        found = _WAIT.search(said)
        wait_s = float(found[1]) if found else None
        return Throttled(NAME, f"rate limit ({said}); try again later", wait_s)
    return None


def _fields(body: Any) -> str:
    """The fields that a model refuses, and why."""
    invalid = body.get("invalid_fields") if isinstance(body, dict) else None
    fields = [each for each in invalid if isinstance(each, dict)] if isinstance(invalid, list) else []
    return "; ".join(f"{each.get('field')}: {each.get('description')}" for each in fields)[:300]


def _prediction(answer: HttpAnswer) -> Prediction:
    try:
        return Prediction.model_validate(answer.json())
    except ValidationError as error:
        raise ProviderBusy(
            NAME, "answered with something that is not a prediction; try again later"
        ) from error


def _page(answer: HttpAnswer) -> _Page:
    try:
        return _Page.model_validate(answer.json())
    except ValidationError as error:
        text = "answered with something that is not a list of predictions; try again later"
        raise ProviderBusy(NAME, text) from error
