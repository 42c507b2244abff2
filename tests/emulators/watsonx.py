"""A stand-in for watsonx Orchestrate's skills, and for IAM's tokens, as a contract of ours has them.

Fault of its own: `result` (`body` changes the result that is answered; what it returns as None is left out).
"""

import time
from typing import Any, Final
from urllib.parse import parse_qs

import jwt

from tests.emulators.paid import Call, PaidServer, Refusal, Reply

KEY: Final = "orch-test-key"
TOKEN: Final = "POST /identity/token"
REWRITE: Final = "POST /api/skills/rewrite-script:invoke"
GENERATE: Final = "POST /api/skills/generate-slides:invoke"
_SECRET: Final = "the secret with which the stand-in signs tokens"


class Watsonx(PaidServer):
    """Both services on one port; charges for `rewrite-script` and `generate-slides`."""

    kinds = frozenset({"result"})

    def __init__(self) -> None:
        super().__init__()
        self.bearer = False
        """Whether the key itself is taken, and no token."""
        self._issued = ""

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    def serve(self, call: Call) -> Reply:
        if call.line == TOKEN:
            return self._token(call)
        if call.headers.get("authorization") != f"Bearer {self._expected()}":
            raise Refusal(Reply(body={"message": "Unauthorized"}, status=401))
        if call.line not in (REWRITE, GENERATE):
            raise Refusal(Reply(body={"message": f"no skill at {call.path}"}, status=404))
        text = call.json["params"]["text"]
        self.charge(call.path.removeprefix("/api/skills/").removesuffix(":invoke"))
        result: Any = _script(text) if call.line == REWRITE else _slides(text)
        if fault := self.take(call, "result"):
            result = fault.body(result)
        return Reply(body={} if result is None else {"result": result})

    def _expected(self) -> str:
        return KEY if self.bearer else self._issued

    def _token(self, call: Call) -> Reply:
        """https://cloud.ibm.com/apidocs/iam-identity-token-api#gettoken-apikey"""
        form = {name: values[0] for name, values in parse_qs(call.data.decode()).items()}
        if form.get("grant_type") != "urn:ibm:params:oauth:grant-type:apikey" or form.get("apikey") != KEY:
            message = "Provided API key could not be found."
            raise Refusal(Reply(body={"errorCode": "BXNIM0415E", "errorMessage": message}, status=400))
        now = int(time.time())
        self._issued = jwt.encode({"iat": now, "exp": now + 3600}, _SECRET, algorithm="HS256")
        body = {"access_token": self._issued, "token_type": "Bearer", "expires_in": 3600}
        return Reply(body=body | {"expiration": now + 3600, "scope": "ibm openid"})


def _script(text: str) -> str:
    """The text without Markdown's marks at the start of lines."""
    lines = (line.lstrip("#-> ").strip() for line in text.splitlines())
    return "\n\n".join(line for line in lines if line)


def _slides(text: str) -> list[dict[str, Any]]:
    """A slide for each paragraph."""
    parts = [part for part in text.split("\n\n") if part.strip()]
    return [
        {"title": " ".join(part.split()[:4]), "bullets": [part.split(". ")[0]], "notes": part}
        for part in parts
    ]


def segments(slides: list[dict[str, Any]]) -> dict[str, Any]:
    """The same in another shape."""
    return {"segments": [{"text": each["notes"], "seconds": 4} for each in slides]}
