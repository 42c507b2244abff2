"""A stand-in for Anthropic's Messages API: checks what the real one checks, and writes like a model told to.

Faults of its own: `record` (`body` changes the record that is answered), `text` (`body` changes the answer's
text), `stop` (the answer ends with the stop reason `message`, its text cut in half).
"""

import base64
import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final, cast

from PIL import Image

from tests.emulators.paid import Call, PaidServer, Refusal, Reply

KEY: Final = "sk-ant-test"
MESSAGES: Final = "POST /v1/messages"
INPUT_TOKENS: Final = 1000
OUTPUT_TOKENS: Final = 500

_MODELS: Final = {"claude-sonnet-5-5": True, "claude-haiku-4-5-20251001": False, "claude-of-tomorrow": False}
"""Those that there are, and whether they take `effort`."""
_NOT_IN_SCHEMAS: Final = {"minLength", "maxLength", "minimum", "maximum", "maxItems", "default"}
_TYPES: Final = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error"} | {
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Claude(PaidServer):
    """POST /v1/messages; charges for `message`."""

    kinds = frozenset({"record", "text", "stop"})

    def error_body(self, status: int, message: str) -> Any:
        kind = _TYPES.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_test"}

    def serve(self, call: Call) -> Reply:
        self._check(call)
        self.charge("message")
        text, stop = self._answer(call), "end_turn"
        if fault := self.take(call, "stop"):
            text, stop = text[: len(text) // 2], fault.message
        return Reply(
            body={
                "id": f"msg_{len(self.calls)}",
                "type": "message",
                "role": "assistant",
                "model": call.json["model"],
                "content": [
                    {"type": "thinking", "thinking": "{}", "signature": "s"},
                    {"type": "text", "text": text},
                ],
                "stop_reason": stop,
                "stop_details": {"type": "refusal", "explanation": "it is unsafe"}
                if stop == "refusal"
                else None,
                "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS},
            }
        )

    def _answer(self, call: Call) -> str:
        asked = _data_of(call.json["messages"][0])
        record = next(write(asked) for field, write in _WRITERS.items() if field in asked)
        if fault := self.take(call, "record"):
            record = fault.body(record)
        text = json.dumps(record, ensure_ascii=False)
        fault = self.take(call, "text")
        return str(fault.body(text)) if fault else text

    def _check(self, call: Call) -> None:
        if call.headers.get("x-api-key") != KEY:
            self._refuse(401, "invalid x-api-key")
        if call.line != MESSAGES:
            self._refuse(404, "Not Found")
        if call.headers.get("anthropic-version") != "2023-06-01":
            self._refuse(400, "anthropic-version: header is required")
        self._check_body(call.json)
        for node in _nodes(call.json["output_config"]["format"]["schema"]):
            if node.get("type") == "object" and node.get("additionalProperties") is not False:
                self._refuse(400, "output_config.format.schema: additionalProperties must be false")
            if _NOT_IN_SCHEMAS & node.keys():
                self._refuse(400, f"output_config.format.schema: {sorted(node)} is not supported")

    def _check_body(self, body: dict[str, Any]) -> None:
        if body["model"] not in _MODELS:
            self._refuse(404, f"model: {body['model']}")
        if "effort" in body["output_config"] and not _MODELS[body["model"]]:
            self._refuse(400, "This model does not support the effort parameter.")
        roles = [message["role"] for message in body["messages"]]
        if not body["max_tokens"] > 0 or roles not in (["user"], ["user", "assistant", "user"]):
            self._refuse(400, "messages: roles must alternate, and end with the user's")
        if not all(message["content"] for message in body["messages"]):
            self._refuse(400, "messages: text content blocks must be non-empty")

    def _refuse(self, status: int, message: str) -> None:
        raise Refusal(Reply(body=self.error_body(status, message), status=status))


def picture_of(call: Call) -> Image.Image | None:
    """What the call shows, decoded."""
    for block in call.json["messages"][0]["content"]:
        if block["type"] == "image":
            assert block["source"]["media_type"] == "image/jpeg"
            picture = Image.open(BytesIO(base64.b64decode(block["source"]["data"], validate=True)))
            picture.load()
            return picture
    return None


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _nodes(value)


def _data_of(message: dict[str, Any]) -> dict[str, Any]:
    """The JSON inside the question."""
    question = message["content"][-1]["text"]
    return cast("dict[str, Any]", json.loads(question[question.index("{") : question.rindex("}") + 1]))


def _analysis(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "product_description": f"The product {asked['product_name']}",
        "key_benefits": ["saves a minute", "looks well", "stays quiet"],
        "target_audience": "people with taste",
        "unique_selling_points": ["a clear shape", "one colour"],
        "emotional_appeal": "calm",
    }


def _copy(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "hook": "Look at this.",
        "scenes": [_scene(asked, scene) for scene in asked["scenes"]],
        "cta_image_prompt": "soft light on black",
    }


def _scene(asked: dict[str, Any], scene: dict[str, Any]) -> dict[str, Any]:
    named = scene["id"] == asked["scenes"][0]["id"]
    words = f"Words of version {'abcdefghij'[asked['variation'] % 10]}."  # figures would be claims
    return {
        "id": scene["id"],
        "voiceover_text": _filled(
            scene["template"],
            {
                "{product_name}": scene["spoken_name"] if named else "It",
                "{cta_text}": asked["cta_text"],
                "[benefit statement]": words,
                "[social proof]": words,
            },
        ),
        "text_overlay": "",
        "video_prompt": _filled(scene["picture_template"], {"{product_name}": asked["product_name"]}),
    }


def _script(asked: dict[str, Any]) -> dict[str, Any]:
    return {"script": asked["draft"]}


def _deck(asked: dict[str, Any]) -> dict[str, Any]:
    words = ("number", "title", "bullets")
    return {"slides": [{name: slide[name] for name in words} for slide in asked["slides"]]}


def _translation(asked: dict[str, Any]) -> dict[str, Any]:
    """The same words in the language of shouting."""
    return {"lines": [{**line, "text": line["text"].upper()} for line in asked["lines"]]}


_WRITERS: Final = {"scenes": _copy, "draft": _script, "slides": _deck, "product_name": _analysis} | {
    "translate_to": _translation
}
"""By a field of the question."""


def _filled(template: str, values: dict[str, str]) -> str:
    """All at once, so that a value may look like a placeholder."""
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found.group()], template)
