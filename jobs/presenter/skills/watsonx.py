"""Skills of IBM watsonx Orchestrate: `{"params": {"text": …}}` is answered with `{"result": …}`."""

import json
import logging
from collections.abc import Callable
from typing import Any, Final

from jobs.presenter.deck.notes import without_pauses
from jobs.presenter.deck.slides import Slides
from jobs.presenter.skills.answers import slides_of
from jobs.presenter.skills.facts import lost_facts
from jobs.presenter.skills.wish import Wish
from shared.errors import ProviderBusy, ProviderDenied, ProviderFailed
from shared.logs import log
from shared.providers.account import Account, Bought
from shared.providers.choice import demand_key
from shared.providers.http import AnswerLost, Http
from shared.providers.retries import Retries, TryAgain
from shared.records.creation import canonical_json
from shared.settings import SETTINGS, Settings

NAME: Final = "watsonx"
_KEY: Final = "orch_api_key"
_KEY_VARIABLE: Final = SETTINGS[_KEY].variable
_TRIES: Final = 3
_AGAIN_AFTER_S: Final = 1.0
_IAM_TIMEOUT_S: Final = (5.0, 20.0)
_LONGEST: Final = 3
"""How many times the length of a text its script may have."""
_LEAST_ROOM: Final = 2000


class WatsonxSkills:
    """Invokes the skills `rewrite-script` and `generate-slides`, each paid for once.

    An invocation whose answer was lost may have been charged; it is repeated once, since it can't be looked
    up.
    """

    name = NAME

    def __init__(self, settings: Settings, account: Account) -> None:
        """Needs no key before the first call."""
        self.version = f"1/{settings.orch_api}/{settings.orch_endpoint}"
        self._settings = settings
        self._account = account
        self._authenticator: Any = None

    def rewrite_script(self, text: str, wish: Wish) -> str:
        """The skill's answer; what it lost of the text's facts is logged as a warning."""
        script = self._invoke("rewrite-script", text, lambda result: _script(result, text))
        if lost := lost_facts(text, script, wish.language):
            said = (
                f"the script changes facts of the text ({'; '.join(lost[:10])}): read it before you show it"
            )
            log(logging.WARNING, "facts_changed", said, provider=NAME)
        return str(script)

    def generate_slides(self, script: str, source: str, wish: Wish) -> Slides:
        """The skill's slides, with the script as their notes and the source's pictures, tables and code."""
        spoken = "\n\n".join(map(without_pauses, script.split("\n\n")))

        def checked(result: Any) -> Any:
            _slides(result, script, source, wish)
            return result

        return _slides(self._invoke("generate-slides", spoken, checked), script, source, wish)

    def _invoke(self, skill: str, text: str, checked: Callable[[Any], Any]) -> Any:
        """The skill's result; one that `checked` refuses is not kept."""
        what = {"skill": skill, "at": self._url(skill), "text": text}

        def buy() -> Bought:
            demand_key(NAME, self._settings, _KEY)
            return Bought(data=canonical_json({"result": checked(self._asked(skill, text))}))

        return json.loads(self._account.once(NAME, what, buy).data)["result"]

    def _asked(self, skill: str, text: str) -> Any:
        try:
            return self._post(skill, text)
        except AnswerLost:
            self._account.sleep(_AGAIN_AFTER_S)
            return self._post(skill, text)

    def _post(self, skill: str, text: str) -> Any:
        url = self._url(skill)
        http = Http(
            NAME,
            url.rpartition("/")[0],
            self._account,
            headers={"Authorization": f"Bearer {self._token()}"},
            key_variable=_KEY_VARIABLE,
            tries=_TRIES,
        )
        answer = http.call(
            "POST",
            url,
            body={"params": {"text": text}},
            timeout_s=self._settings.orch_timeout_s,
            repeatable=False,
        ).json()
        if not isinstance(answer, dict) or answer.get("result") is None:
            raise ProviderFailed(NAME, f"skill {skill!r} answered without a result; check ORCH_ENDPOINT")
        return answer["result"]

    def _url(self, skill: str) -> str:
        named = self._settings.orch_endpoint.replace("{skill}", skill)
        return named.replace("{api}", self._settings.orch_api)

    def _token(self) -> str:
        if self._settings.orch_auth == "bearer":
            return demand_key(NAME, self._settings, _KEY)
        return Retries(NAME, sleep=self._account.sleep, tries=_TRIES)(self._iam_token)

    def _iam_token(self) -> str:
        """IAM's token for the key, which is kept until shortly before it expires."""
        from ibm_cloud_sdk_core import ApiException
        from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
        from jwt import PyJWTError

        self._account.check()
        if self._authenticator is None:
            key = demand_key(NAME, self._settings, _KEY)
            self._authenticator = IAMAuthenticator(key, url=self._settings.ibm_iam_url)
            self._authenticator.token_manager.http_config = {"timeout": _IAM_TIMEOUT_S}
        tokens = self._authenticator.token_manager
        try:
            return str(tokens.get_token())
        except (ApiException, OSError, PyJWTError, ValueError, KeyError) as error:
            tokens.request_time = 0  # else the next call waits a minute for this one to come back
            raise _refused_by_iam(error) from error


def _refused_by_iam(error: Exception) -> Exception:
    """IAM answers 400 to an unknown key."""
    status = getattr(error, "status_code", 0)
    said = str(getattr(error, "message", "") or type(error).__name__)[:200]
    if isinstance(status, int) and 400 <= status < 500 and status not in (408, 429):
        reason = f"IAM takes no such key ({said}); check {_KEY_VARIABLE}, or set ORCH_AUTH=bearer"
        return ProviderDenied(NAME, reason)
    return TryAgain(ProviderBusy(NAME, f"IAM gave no token ({said}); try again later"))


def _script(result: Any, text: str) -> str:
    if not isinstance(result, str) or not any(map(str.isalnum, result)):
        raise ProviderFailed(NAME, f"rewrote the text to {_kind(result)} where words were due; run it again")
    if len(result) > _LONGEST * len(text) + _LEAST_ROOM:
        said = f"{len(result)} characters for a text of {len(text)}"
        raise ProviderFailed(NAME, f"rewrote the text to {said}, which is too long; check the skill")
    return result


def _kind(result: Any) -> str:
    return "nothing" if result == "" else type(result).__name__


def _slides(result: Any, script: str, source: str, wish: Wish) -> Slides:
    try:
        return slides_of(result, script, source, wish)
    except ValueError as error:
        raise ProviderFailed(NAME, f"made slides that can't be used ({error}); check the skill") from error
