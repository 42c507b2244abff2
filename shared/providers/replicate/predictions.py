"""Running models at Replicate, which take seconds to minutes; results are kept and never paid for twice.

A request of a killed stage is not repeated. Notes in the store, below `_paid/`:

predictions/<key>.json       what was asked for: the intent, before it is sent; then its prediction's ID too
predictions/ids/<id>.json    whose prediction this is: no other order may adopt it
"""

import hashlib
import logging
import math
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from shared.errors import InvalidAssets, ProviderBusy, ProviderFailed, ProviderRefused, ReelwrightError
from shared.logs import log
from shared.providers.account import Account, Bought, key_of
from shared.providers.http import AnswerLost
from shared.providers.lost_answers import asked_for
from shared.providers.replicate.api import NAME, Gone, Model, Prediction, ReplicateApi
from shared.records.documents import utc_now
from shared.settings import Settings

_SENDS: Final = 3
_LOOKS_AFTER_S: Final = (0.5, 1.5, 3.0)
"""How long to wait before each lookup of a lost answer's prediction: listings may lag."""
_SKEW: Final = timedelta(minutes=1)
"""How far Replicate's clock and ours may differ."""
_GRACE_S: Final = 60
"""How much more time Replicate gives a model than we do: normally we cancel it; Replicate does if we died."""
_LATE: Final = 0.1
"""As a fraction of a prediction's duration: how late its end may be noticed."""
_POLLS_S: Final = 0.5, 5.0
"""The shortest and the longest pause between two polls."""
_HALF_DONE_S: Final = 60.0
_DOWNLOADS: Final = 2
_REFUSALS: Final = re.compile(r"nsfw|sensitive|flagged|safety|moderat|content polic|prohibited", re.I)
"""Matches errors of models that refuse to show something."""


@dataclass(frozen=True, kw_only=True)
class PredictionOrder:
    """One prediction to make."""

    model: Model
    input: Mapping[str, Any]
    """The model's input, except pictures; `prompt` is in it."""
    variation: int
    usd: float
    """List price."""
    pictures: Mapping[str, Path] = field(default_factory=dict)
    """The model's pictures, by input field."""
    send: Callable[[Path], str] = str
    """How a picture is sent: as a data URI, or a URL."""

    def what(self) -> dict[str, Any]:
        """Everything that the result depends on."""
        return {
            "model": self.model.name,
            "version": self.model.version,
            "input": dict(self.input),
            "pictures": {name: _hash_of(path) for name, path in self.pictures.items()},
            "variation": self.variation,
        }

    def full_input(self) -> dict[str, Any]:
        return {**self.input, **{name: self.send(path) for name, path in self.pictures.items()}}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a result must be."""

    types: tuple[str, ...]
    """Its Content-Type must start with one of these."""
    most_bytes: int
    check: Callable[[Path], None]
    """Raises `ProviderFailed` or `InvalidAssets` unless the file is complete."""


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """An order whose prediction's ID is in the store."""

    order: PredictionOrder
    note: str
    prediction: Prediction
    since: datetime


class Predictions:
    """The predictions of one component, e.g. `replicate-video`. Safe to use from several threads."""

    def __init__(self, settings: Settings, account: Account, *, component: str) -> None:
        """Raises `ProviderDenied` without a key."""
        self._api = ReplicateApi(settings, account)
        self._last_words = ReplicateApi(settings, account.unchecked(), tries=2, answer_s=5.0)
        self._account = account
        self._component = component
        self._timeout_s = settings.prediction_timeout_s
        self._running: dict[str, str] = {}
        self._lock = threading.Lock()

    def make(
        self, order: PredictionOrder, kind: Kind, target: Path, *, on_progress: Callable[[float], None]
    ) -> None:
        """Write the result's file to `target`; `on_progress` gets the part done, 0 to 1, and may raise.

        Raises `ProviderDenied`, `ProviderRefused`, `ProviderBusy` or `ProviderFailed`.
        """

        def buy() -> Bought:
            begun = self._begin(order, f"predictions/{key}.json")
            prediction = self._finished(begun, on_progress)
            data = self._result(begun, prediction, kind, target.with_name(f"{target.name}.part"))
            return Bought(data=data, facts={"prediction": prediction.id}, usd=order.usd)

        what = order.what()
        key = key_of({"component": self._component, **what})
        target.write_bytes(self._account.once(self._component, what, buy).data)
        on_progress(1.0)

    def cancel_running(self) -> None:
        """Cancel the predictions that were begun here and have not ended; failures to cancel are logged."""
        with self._lock:
            running = dict(self._running)
            self._running.clear()
        if running:
            with ThreadPoolExecutor(max_workers=4) as pool:
                list(pool.map(self._cancel, running, running.values()))

    def _cancel(self, prediction_id: str, note: str) -> None:
        try:
            if self._last_words.cancel(prediction_id).lost:
                self._account.forget(note)
        except ReelwrightError as error:
            text = f"prediction {prediction_id} could not be cancelled ({error}); Replicate ends it in time"
            log(logging.WARNING, "prediction_not_cancelled", text, prediction=prediction_id)

    def _begin(self, order: PredictionOrder, note: str) -> _Begun:
        """The prediction that was begun before, or else a new one."""
        given = order.full_input()
        cancel_after_s = math.ceil(self._timeout_s) + _GRACE_S
        try:
            prediction, since = asked_for(
                self._account,
                note,
                _facts_of(order),
                send=lambda: self._api.create(order.model, given, cancel_after_s=cancel_after_s),
                look=lambda since, noted: self._look_for(order, note, since, str(noted.get("id", ""))),
                tries=_SENDS,
            )
        except AnswerLost as error:
            text = f"the answer was lost {_SENDS} times, and no prediction of it is listed; try again later"
            raise ProviderBusy(NAME, text) from error
        return self._held(order, note, prediction, since)

    def _held(self, order: PredictionOrder, note: str, prediction: Prediction, since: datetime) -> _Begun:
        """Note that the prediction is ours, even if this process dies."""
        with self._lock:
            self._running[prediction.id] = note
        held = {**_facts_of(order), "asked_at": since.isoformat(), "id": prediction.id}
        self._account.remember(note, held)
        self._account.remember(_owner_note(prediction.id), {"note": note})
        return _Begun(order=order, note=note, prediction=prediction, since=since)

    def _look_for(
        self, order: PredictionOrder, note: str, since: datetime, prediction_id: str
    ) -> Prediction | None:
        """The prediction that this order has led to, unless there is none, or none that can still succeed."""
        if prediction_id:
            return self._known(prediction_id)
        for wait_s in _LOOKS_AFTER_S:
            self._account.sleep(wait_s)
            for each in self._api.since(since - _SKEW):
                if not each.lost and _is_for(order, each) and self._is_free(each, note):
                    return each
        return None

    def _known(self, prediction_id: str) -> Prediction | None:
        try:
            found = self._api.get(prediction_id)
        except Gone:
            return None
        return None if found.lost else found

    def _is_free(self, prediction: Prediction, note: str) -> bool:
        """Whether it doesn't belong to another order."""
        with self._lock:
            here = self._running.get(prediction.id, note)
        owner = self._account.recall(_owner_note(prediction.id))
        return here == note and (owner is None or owner.get("note") == note)

    def _finished(self, begun: _Begun, on_progress: Callable[[float], None]) -> Prediction:
        """The prediction, after it has succeeded."""
        prediction = begun.prediction
        while not prediction.ended:
            waited_s = (utc_now() - begun.since).total_seconds()
            if waited_s > self._timeout_s:
                prediction = self._given_up(begun)
                break
            on_progress(waited_s / (waited_s + _HALF_DONE_S))
            self._account.sleep(min(max(_POLLS_S[0], _LATE * waited_s), _POLLS_S[1]))
            prediction = self._polled(begun)
        self._drop(prediction)
        if prediction.lost:
            self._account.forget(begun.note)
            raise _failure(begun.order.model, prediction)
        return prediction

    def _polled(self, begun: _Begun) -> Prediction:
        try:
            return self._api.get(begun.prediction.id)
        except Gone:
            self._drop(begun.prediction)
            self._account.forget(begun.note)
            raise

    def _given_up(self, begun: _Begun) -> Prediction:
        """The prediction if it succeeded at the last moment."""
        name = begun.order.model.name
        text = (
            f"{name} took longer than {self._timeout_s:g} s; try again later, or raise PREDICTION_TIMEOUT_S"
        )
        try:
            prediction = self._api.cancel(begun.prediction.id)
        except ProviderFailed as error:
            raise ProviderBusy(NAME, text) from error
        if prediction.url:
            return prediction
        self._drop(prediction)
        self._account.forget(begun.note)
        raise ProviderBusy(NAME, text)

    def _drop(self, prediction: Prediction) -> None:
        with self._lock:
            self._running.pop(prediction.id, None)

    def _result(self, begun: _Begun, prediction: Prediction, kind: Kind, path: Path) -> bytes:
        """The result's file; a broken one is fetched again once, and then the prediction is forgotten."""
        try:
            return self._whole_file(prediction, kind, path)
        except ProviderBusy:
            raise
        except (ProviderFailed, InvalidAssets) as error:
            self._account.forget(begun.note)
            reason = error.args[1] if isinstance(error, ProviderFailed) else error
            text = (
                f"{begun.order.model.name} made a file that can't be used ({reason}); run again for another"
            )
            raise ProviderFailed(NAME, text) from error
        finally:
            path.unlink(missing_ok=True)

    def _whole_file(self, prediction: Prediction, kind: Kind, path: Path) -> bytes:
        for left in reversed(range(_DOWNLOADS)):
            self._api.fetch(prediction.url, path, types=kind.types, most_bytes=kind.most_bytes)
            try:
                kind.check(path)
                break
            except (ProviderFailed, InvalidAssets):
                if not left:
                    raise
        return path.read_bytes()


def _facts_of(order: PredictionOrder) -> dict[str, str]:
    """The facts in an order's note, beside its time; its prediction's ID comes with the answer."""
    return {"model": order.model.name, "prompt": str(order.input.get("prompt", "")), "id": ""}


def _owner_note(prediction_id: str) -> str:
    return f"predictions/ids/{prediction_id}.json"


def _is_for(order: PredictionOrder, found: Prediction) -> bool:
    """Whether this is the order's prediction: listings may omit pictures, or hold URLs of copies."""
    if found.model != order.model.name or found.input.get("prompt") != order.input.get("prompt"):
        return False
    given = order.full_input()
    return all(_agree(given.get(name), value) for name, value in found.input.items())


def _agree(given: Any, found: Any) -> bool:
    if isinstance(given, str) and given.startswith("data:"):
        return found == given or not str(found).startswith("data:")
    return given is None or bool(found == given)


def _failure(model: Model, prediction: Prediction) -> ReelwrightError:
    said = " ".join(str(prediction.error or "it did not say why").split())[:300]
    if prediction.status in ("canceled", "aborted"):
        return ProviderBusy(NAME, f"{model.name}: the prediction was cancelled there; run again for another")
    if prediction.status == "succeeded":
        return ProviderFailed(NAME, f"{model.name} made nothing; run again for another")
    if _REFUSALS.search(said):
        return ProviderRefused(NAME, f"{model.name} will not show this ({said}); change the text or picture")
    return ProviderFailed(NAME, f"{model.name} failed: {said}; run again for another")


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
