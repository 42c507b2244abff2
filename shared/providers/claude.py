"""Texts by Anthropic's Claude: the Messages API with structured outputs, https://platform.claude.com/docs."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import ProviderDenied, ProviderFailed, ProviderRefused, ReelwrightError
from shared.providers.account import Account, Bought
from shared.providers.choice import demand_key
from shared.providers.http import AnswerLost, Http
from shared.records.creation import canonical_json
from shared.settings import SETTINGS, Settings
from shared.validation import problems_of

NAME: Final = "claude"
_KEY: Final = "anthropic_api_key"
_KEY_VARIABLE: Final = SETTINGS[_KEY].variable
DEFAULT_MODEL: Final = "claude-sonnet-5-5"

_PICTURE_SIDE: Final = 1568
"""Pixels; larger pictures are scaled down to this by the API, and cost the same."""
_JPEG_QUALITY: Final = 88
_MOST_TOKENS: Final = 8000
"""Limit of an answer, thinking included: about four times a long answer."""
_EFFORT: Final = "medium"
_AGAIN_AFTER_S: Final = 1.0
_MOST_STARTS: Final = 64
"""How many braces are tried as the start of an object."""
_CUT_SHORT: Final = frozenset({"max_tokens", "model_context_window_exceeded"})
_EMPTY_ACCOUNT: Final = re.compile(r"credit balance|usage limits?|spend limit|billing", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model's prices, in US dollars per million tokens, list price."""

    input_usd: float
    output_usd: float
    takes_effort: bool = True
    """Whether it supports `output_config.effort`; other models refuse a request with it."""


PRICES_AS_OF: Final = date(2026, 10, 7)
PRICES_SOURCE: Final = "https://platform.claude.com/docs/en/about-claude/pricing"
MODELS: Final[dict[str, Model]] = {
    "claude-fable-5-1": Model(input_usd=10, output_usd=50),
    "claude-fable-5": Model(input_usd=10, output_usd=50),
    "claude-opus-5-5": Model(input_usd=4, output_usd=20),
    "claude-opus-5": Model(input_usd=5, output_usd=25),
    "claude-opus-4-8": Model(input_usd=5, output_usd=25),
    "claude-opus-4-7": Model(input_usd=5, output_usd=25),
    "claude-opus-4-6": Model(input_usd=5, output_usd=25),
    "claude-opus-4-5": Model(input_usd=5, output_usd=25),
    "claude-sonnet-5-5": Model(input_usd=2, output_usd=10),
    "claude-sonnet-5": Model(input_usd=2, output_usd=10),
    "claude-sonnet-4-6": Model(input_usd=3, output_usd=15),
    "claude-sonnet-4-5": Model(input_usd=3, output_usd=15, takes_effort=False),
    "claude-haiku-5-5": Model(input_usd=0.1, output_usd=0.5),
    "claude-haiku-4-5": Model(input_usd=1, output_usd=5, takes_effort=False),
}
"""By model ID, without a snapshot's date; claude-haiku-5-5 as for prompts of up to 100,000 tokens."""

_T = TypeVar("_T", bound=BaseModel)


class _Answered(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Block(_Answered):
    type: str
    text: str = ""


class _Usage(_Answered):
    input_tokens: int = 0
    cache_creation_input_tokens: int | None = 0
    cache_read_input_tokens: int | None = 0
    output_tokens: int = 0
    """Thinking included."""


class _Message(_Answered):
    """An answer of POST /v1/messages."""

    content: tuple[_Block, ...]
    stop_reason: str | None = None
    stop_details: dict[str, Any] | None = None
    usage: _Usage = _Usage()

    @property
    def text(self) -> str:
        return "".join(block.text for block in self.content if block.type == "text")


@dataclass(frozen=True, kw_only=True)
class Task(Generic[_T]):
    """A question, and how its answer becomes a record."""

    system: str
    content: list[dict[str, Any]]
    """Blocks of the user's turn, as made by `text_block` and `picture_block`."""
    schema: dict[str, Any]
    record: type[_T]
    problems: Callable[[_T], list[str]] = lambda _: []
    """Why a well-formed record can't be used."""
    doubts: Callable[[_T], list[str]] = lambda _: []
    """What should be changed in a usable record."""
    change: str
    """What a person can do when Claude declines, e.g. `change the product's name`."""


class Claude:
    """Answers questions, each paid for once.

    An answer that can't be used, or in which something should be changed, is sent back once, with the
    problems. A call whose answer was lost may have been charged; it is repeated once, since it can't be
    looked up: at most one answer of a call is paid for and lost.
    """

    def __init__(self, settings: Settings, account: Account, *, timeout_s: float = 120.0) -> None:
        """Needs no key before the first question; `timeout_s` is for one answer."""
        self.model = settings.claude_model or DEFAULT_MODEL
        self._account = account
        self._timeout_s = timeout_s
        self._settings = settings
        self._http = Http(
            NAME,
            settings.anthropic_url,
            account,
            headers={"x-api-key": settings.anthropic_api_key or "", "anthropic-version": "2023-06-01"},
            key_variable=_KEY_VARIABLE,
            explain=self._explain,
        )

    def ask(self, what: dict[str, Any], task: Task[_T]) -> _T:
        """The answer; `what` identifies this question, so that it is never asked twice.

        Raises `ProviderFailed` with the problems that remained after the second try, `ProviderRefused` when
        Claude declines.
        """
        bought = self._account.once(NAME, what, lambda: self._buy(task))
        return task.record.model_validate_json(bought.data)

    def price_usd(self, input_tokens: int, output_tokens: int) -> float:
        """List price of these numbers of tokens."""
        model = self._known()
        return (input_tokens * model.input_usd + output_tokens * model.output_usd) / 1e6

    def _buy(self, task: Task[_T]) -> Bought:
        """The record, at the price of all answers that it took; a failure's price is also counted."""
        demand_key(NAME, self._settings, _KEY)
        paid: list[float] = []
        try:
            record = self._converse(task, paid)
        except ReelwrightError:
            self._account.spend(NAME, sum(paid))
            raise
        return Bought(data=canonical_json(record.model_dump(mode="json")), usd=sum(paid))

    def _converse(self, task: Task[_T], paid: list[float]) -> _T:
        turns: list[dict[str, Any]] = [{"role": "user", "content": task.content}]
        usable: _T | None = None
        problems: list[str] = []
        for most_tokens in (_MOST_TOKENS, 2 * _MOST_TOKENS):
            message = self._ask(task, turns, most_tokens)
            paid.append(self._price_of(message.usage))
            record, problems = _read(message, task)
            if record is not None and not problems:
                return record
            usable = record or usable
            turns += [
                {"role": "assistant", "content": message.text.strip() or "(no answer)"},
                {"role": "user", "content": _repair(problems)},
            ]
        if usable is not None:
            return usable
        raise ProviderFailed(NAME, f"wrote what can't be used, twice: {'; '.join(problems)}; run it again")

    def _ask(self, task: Task[_T], turns: list[dict[str, Any]], most_tokens: int) -> _Message:
        output: dict[str, Any] = {"format": {"type": "json_schema", "schema": task.schema}}
        if self._known().takes_effort:
            output["effort"] = _EFFORT
        body = {
            "model": self.model,
            "max_tokens": most_tokens,
            "system": task.system,
            "messages": turns,
            "output_config": output,
        }
        try:
            return self._post(body)
        except AnswerLost:
            self._account.sleep(_AGAIN_AFTER_S)
            return self._post(body)

    def _post(self, body: dict[str, Any]) -> _Message:
        answer = self._http.call(
            "POST", "/v1/messages", body=body, timeout_s=self._timeout_s, repeatable=False
        )
        try:
            return _Message.model_validate(answer.json())
        except ValidationError as error:
            raise ProviderFailed(NAME, f"answered with no message ({problems_of(error)})") from error

    def _explain(self, status: int, body: Any) -> ReelwrightError | None:
        """The cases in which Anthropic's message says more than its status."""
        said = _message_of(body)
        if status == 400 and _EMPTY_ACCOUNT.search(said):
            account = f"the account of {_KEY_VARIABLE}"
            reason = f"{account} has nothing left ({said}); top it up or raise its limit"
            return ProviderDenied(NAME, reason)
        if status == 404:
            reason = f"there is no model {self.model!r} for this key ({said}); set CLAUDE_MODEL to another"
            return ProviderDenied(NAME, reason)
        return None

    def _known(self) -> Model:
        """The model's entry, or the most expensive one for an unlisted model."""
        base = re.sub(r"-\d{8}$", "", self.model)
        if base in MODELS:
            return MODELS[base]
        dearest = max(MODELS.values(), key=lambda model: model.output_usd)
        return Model(input_usd=dearest.input_usd, output_usd=dearest.output_usd, takes_effort=False)

    def _price_of(self, usage: _Usage) -> float:
        cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
        return self.price_usd(usage.input_tokens + cached, usage.output_tokens)


def _read(message: _Message, task: Task[_T]) -> tuple[_T | None, list[str]]:
    """The record if it is usable, and the answer's problems; raises `ProviderRefused` if Claude declines."""
    if message.stop_reason == "refusal":
        why = str((message.stop_details or {}).get("explanation") or "it gave no reason")[:300]
        raise ProviderRefused(NAME, f"declined to write this ({why}); {task.change}")
    if message.stop_reason in _CUT_SHORT:
        return None, ["the answer was cut off before its end: write less"]
    found = _object_in(message.text)
    if found is None:
        return None, ["the answer holds no JSON object"]
    try:
        record = task.record.model_validate(found)
    except ValidationError as error:
        return None, problems_of(error).split("; ")
    problems = task.problems(record)
    return (None, problems) if problems else (record, task.doubts(record))


def _object_in(text: str) -> dict[str, Any] | None:
    """The first JSON object in the text: models put fences and friendly words around it."""
    decoder = json.JSONDecoder()
    for start in islice(re.finditer(r"\{", text), _MOST_STARTS):
        try:
            found, _ = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return None


def _repair(problems: list[str]) -> str:
    """The follow-up question after an answer that can't be used."""
    listed = "\n".join(f"- {problem}" for problem in problems)
    return (
        f"This can't be used yet:\n{listed}\nMend exactly that; answer with the whole JSON and nothing else."
    )


def _message_of(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    said = error.get("message") if isinstance(error, dict) else None
    return " ".join(str(said or "it did not say why").split())[:300]


def picture_block(picture: Path) -> dict[str, Any]:
    """The picture as JPEG, no larger than the model's own limit."""
    from io import BytesIO

    from PIL import Image

    from shared.video.frames.pictures import load_picture

    pixels = load_picture(picture, name=picture.name, max_side=_PICTURE_SIDE)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_JPEG_QUALITY)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": data}}


def text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
