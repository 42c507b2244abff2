"""A stand-in for Replicate: models that make small films and pictures, and charge for each prediction.

Forms as in https://replicate.com/docs/reference/http. `paid` counts predictions that end up on the bill, by
model: those that fail, or are cancelled before they start, don't.
"""

import io
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from tests.emulators.paid import Call, Fault, PaidServer, Refusal, Reply

TOKEN: Final = "r8_this-is-no-real-token"

_KINDS: Final = frozenset({"fails", "never_ends", "broken_file", "data_removed", "cancelled_by_someone"})
"""Of faults of the prediction that a call creates."""
_DEADLINE: Final = re.compile(r"([1-9][0-9]*h)?([1-9][0-9]*m)?([1-9][0-9]*s)?")


def _any_of(*values: object) -> frozenset[object]:
    return frozenset(values)


_FIELDS: Final[dict[str, dict[str, object]]] = {
    "minimax/hailuo-2.3": {
        "prompt": str,
        "prompt_optimizer": bool,
        "first_frame_image": str,
        "duration": _any_of(6, 10),
        "resolution": _any_of("768p", "1080p"),
    },
    "lightricks/ltx-video": {
        "prompt": str,
        "negative_prompt": str,
        "image": str,
        "aspect_ratio": _any_of(
            "1:1", "9:16", "16:9", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:21", "21:9"
        ),
        "target_size": _any_of(512, 576, 640, 704, 768, 832, 896, 960, 1024),
        "length": _any_of(97, 129, 161, 193, 225, 257),
        "steps": int,
        "cfg": float,
        "seed": int,
    },
    "black-forest-labs/flux-schnell": {
        "prompt": str,
        "aspect_ratio": _any_of(
            "1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21"
        ),
        "num_outputs": _any_of(1, 2, 3, 4),
        "num_inference_steps": _any_of(1, 2, 3, 4),
        "seed": int,
        "output_format": _any_of("webp", "jpg", "png"),
    },
}
"""What each model takes: a type, or the values that it knows."""
_OFFICIAL: Final = frozenset({"minimax/hailuo-2.3", "black-forest-labs/flux-schnell"})
_VERSIONS: Final = {
    "8c47da666861d081eeb4d1261853087de23923a268a69b63febdf5dc1dee08e4": "lightricks/ltx-video"
}


@cache
def film(seconds: float = 2.0, width: int = 72, height: int = 128) -> bytes:
    """An MP4 at 10 frames a second whose colours change."""
    import av
    import numpy as np

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(round(seconds * 10)):
            pixels = np.full((height, width, 3), number * 12 % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


@cache
def picture(width: int = 72, height: int = 128) -> bytes:
    """A PNG whose left half is red and whose right half is blue."""
    from PIL import Image

    image = Image.new("RGB", (width, height), (220, 20, 20))
    image.paste((20, 20, 220), (width // 2, 0, width, height))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@dataclass(kw_only=True)
class Prediction:
    """One that was asked for."""

    id: str
    model: str
    version: str
    input: Mapping[str, Any]
    created_at: datetime
    began: float
    fault: Fault | None
    polls: int = 0
    hidden: int = 0
    """How many listings it is still missing from."""
    ended: str = ""
    error: str | None = None

    def output(self, base_url: str) -> Any:
        address = f"{base_url}/files/{self.id}/{'out-0.png' if 'flux' in self.model else 'output.mp4'}"
        return [address] if self.model not in ("minimax/hailuo-2.3",) else address


class ReplicateServer(PaidServer):
    """https://api.replicate.com, and the host that its results lie on."""

    kinds = _KINDS

    def __init__(self, *, takes_s: float = 0.0, polls: int = 1) -> None:
        super().__init__()
        self.takes_s = takes_s
        """How long a prediction takes."""
        self.polls = polls
        """How often a prediction must be looked at, at least, before it has ended."""
        self.page = 100
        """Predictions in a listing's page."""
        self.hides = 0
        """How many listings a new prediction is missing from."""
        self.film = film()
        self.picture = picture()
        self.token = TOKEN
        self.predictions: list[Prediction] = []
        """In the order they were asked for."""

    def error_body(self, status: int, message: str) -> Any:
        return {"title": message.capitalize(), "detail": message, "status": status}

    def serve(self, call: Call) -> Reply:
        if call.path.startswith("/files/"):
            return self._file(call)
        self._demand_token(call)
        with self.lock:
            if found := re.fullmatch(r"/v1/models/([\w-]+/[\w.-]+)/predictions", call.path):
                return self._create(call, found[1], "")
            if call.line == "POST /v1/predictions":
                version = str((call.json or {}).get("version", ""))
                return self._create(call, _VERSIONS.get(version, ""), version)
            if call.line == "GET /v1/predictions":
                return self._list(call)
            if found := re.fullmatch(r"/v1/predictions/([a-z0-9]+)(/cancel)?", call.path):
                return self._one(call, found[1], cancel=bool(found[2]))
        raise self._refusal(404, "the requested resource could not be found")

    def _refusal(self, status: int, message: str, **more: Any) -> Refusal:
        return Refusal(Reply(body={**self.error_body(status, message), **more}, status=status))

    def _demand_token(self, call: Call) -> None:
        if call.headers.get("authorization") != f"Bearer {self.token}":
            raise self._refusal(401, "you did not pass a valid authentication token")

    def _create(self, call: Call, model: str, version: str) -> Reply:
        if not model or (not version and model not in _OFFICIAL):
            raise self._refusal(404, "the requested resource could not be found")
        given = self._input(model, (call.json or {}).get("input"))
        self._demand_deadline(call.headers.get("cancel-after", "5s"))
        fault = next(filter(None, (self.take(call, kind) for kind in sorted(_KINDS))), None)
        made = Prediction(
            id=secrets.token_hex(13),
            model=model,
            version=version or "hidden",
            input=given,
            created_at=datetime.now(UTC),
            began=time.monotonic(),
            fault=fault,
            hidden=self.hides,
        )
        self.predictions.append(made)
        self.charge(model)
        return Reply(body=self._shown(made), status=201)

    def _input(self, model: str, body: Any) -> dict[str, Any]:
        given = body if isinstance(body, dict) else {}
        known = _FIELDS[model]
        wrong = [name for name, value in given.items() if not _fits(known.get(name), value)]
        if not given.get("prompt"):
            wrong.append("prompt")
        if wrong:
            fields = [
                {"type": "invalid", "field": f"input.{name}", "description": "is wrong"} for name in wrong
            ]
            text = "\n".join(f"- input.{name}: is wrong" for name in wrong)
            raise self._refusal(422, text, invalid_fields=fields)
        return given

    def _demand_deadline(self, text: str) -> None:
        if not text or not _DEADLINE.fullmatch(text):
            raise self._refusal(400, f"Cancel-After {text!r} is no duration")

    def _list(self, call: Call) -> Reply:
        newest = [each for each in reversed(self.predictions) if not each.hidden]
        for each in self.predictions:
            each.hidden = max(0, each.hidden - 1)
        start = int(call.query.get("cursor", "0"))
        more = start + self.page < len(newest)
        return Reply(
            body={
                "next": f"{self.url}/v1/predictions?cursor={start + self.page}" if more else None,
                "previous": None,
                "results": [self._shown(each) for each in newest[start : start + self.page]],
            }
        )

    def _one(self, call: Call, prediction_id: str, *, cancel: bool) -> Reply:
        found = next((each for each in self.predictions if each.id == prediction_id), None)
        if found is None:
            raise self._refusal(404, "prediction not found")
        if cancel:
            self._cancel(found)
        else:
            found.polls += 1
            self._go_on(found)
        return Reply(body=self._shown(found))

    def _cancel(self, prediction: Prediction) -> None:
        if not prediction.ended:
            prediction.ended = "canceled" if prediction.polls else "aborted"
            if prediction.ended == "aborted":
                self.paid[prediction.model] -= 1

    def _go_on(self, prediction: Prediction) -> None:
        kind = prediction.fault.kind if prediction.fault else ""
        busy = prediction.polls < self.polls or time.monotonic() - prediction.began < self.takes_s
        if prediction.ended or busy or kind == "never_ends":
            return
        prediction.ended = {"fails": "failed", "cancelled_by_someone": "canceled"}.get(kind, "succeeded")
        if kind == "fails" and prediction.fault:
            prediction.error = prediction.fault.message
            self.paid[prediction.model] -= 1

    def _shown(self, prediction: Prediction) -> dict[str, Any]:
        removed = bool(prediction.fault and prediction.fault.kind == "data_removed" and prediction.ended)
        done = prediction.ended == "succeeded" and not removed
        return {
            "id": prediction.id,
            "model": prediction.model,
            "version": prediction.version,
            "input": {} if removed else prediction.input,
            "logs": "",
            "output": prediction.output(self.url) if done else None,
            "data_removed": removed,
            "error": prediction.error,
            "status": prediction.ended or ("processing" if prediction.polls else "starting"),
            "created_at": prediction.created_at.isoformat().replace("+00:00", "Z"),
            "urls": {"get": f"{self.url}/v1/predictions/{prediction.id}"},
        }

    def _file(self, call: Call) -> Reply:
        found = next((each for each in self.predictions if each.id in call.path), None)
        if found is None or found.ended != "succeeded":
            raise self._refusal(404, "no such file")
        is_film = call.path.endswith(".mp4")
        data = self.film if is_film else self.picture
        if found.fault and found.fault.kind == "broken_file":
            data = data[: len(data) * 2 // 3]
        return Reply(body=data, content_type="video/mp4" if is_film else "image/png")


def _fits(known: object, value: object) -> bool:
    if isinstance(known, frozenset):
        return value in known
    if isinstance(known, type):
        return isinstance(value, (int, float) if known is float else known)
    return False
