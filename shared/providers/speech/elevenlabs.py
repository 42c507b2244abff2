"""ElevenLabs: paid voices over HTTP. The API is that of https://elevenlabs.io/docs/api-reference.

An answer may be lost after it was paid for. So before each call a note is written that it is about to be
made. An attempt that finds such a note without a result looks for the sound in the account's history first.
"""

import base64
import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from shared.errors import BadRequest, ProviderDenied, ProviderFailed, ProviderRefused, ReelwrightError
from shared.logs import log
from shared.providers.account import Account, Bought, key_of
from shared.providers.choice import demand_key
from shared.providers.http import Http
from shared.providers.lost_answers import asked_for
from shared.providers.speech.elevenlabs_catalogue import (
    DEFAULT_MODELS,
    NAME,
    VOICES,
    language_code,
    model_for,
    usd,
    voice_id_of,
)
from shared.providers.speech.provider import Speech, SpokenWord, Voice
from shared.records.documents import utc_now
from shared.settings import SETTINGS, Settings
from shared.text.language import words_of
from shared.video.sound.mp3 import RATE_HZ, at_pace, duration_ms, read_mp3, trimmed

_KEY: Final = "elevenlabs_api_key"
_REVISION: Final = 1
"""To be raised with every change to what is asked for or made of the answer."""

_FORMAT: Final = "mp3_44100_128"
_SETTINGS: Final = {"stability": 0.5, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": True}
_SPEEDS: Final = 0.7, 1.2
"""What the API allows; what a rate asks beyond that is done to the sound."""

_SILENCE_MS: Final = 400
_TRIES: Final = 2
_LOOKS_AFTER_S: Final = (0.0, 2.0, 5.0)
"""When to look into the history: a call whose answer was lost may still be at work."""
_CLOCKS_APART_S: Final = 120
_FASTEST_LETTERS_PER_S: Final = 45
_SLOWEST_LETTERS_PER_S: Final = 1.5
_SPARE_S: Final = 4.0
_CUT_SHORT_S: Final = 0.7
"""By how much the sound may end before its last letter is said to."""


_NO_QUOTA: Final = frozenset({"quota_exceeded", "insufficient_credits", "insufficient_quota"})
_NO_VOICE: Final = frozenset({"voice_not_found", "invalid_voice_id", "voice_does_not_exist"})


class _Alignment(BaseModel):
    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class _Answer(BaseModel):
    audio_base64: str
    alignment: _Alignment | None = None


class _Item(BaseModel):
    history_item_id: str
    voice_id: str | None = None
    model_id: str | None = None
    text: str | None = None
    date_unix: float | None = None
    settings: dict[str, Any] | None = None


class _History(BaseModel):
    history: list[_Item]


class _Broken(ProviderFailed):
    """It answered, with sound that can't be used."""


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """All that a result depends on."""

    text: str
    """As it is sent: as long as the text that came, character for character."""
    voice_id: str
    model: str
    language_code: str | None
    speed: float

    @property
    def what(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "voice": self.voice_id,
            "model": self.model,
            "language": self.language_code,
            "settings": {**_SETTINGS, "speed": self.speed},
            "format": _FORMAT,
        }

    @property
    def body(self) -> dict[str, Any]:
        body = {"text": self.text, "model_id": self.model, "voice_settings": self.what["settings"]}
        return {**body, "language_code": self.language_code} if self.language_code else body

    @property
    def intent(self) -> str:
        """Name of the note that this is being asked for."""
        return f"{NAME}/asked/{key_of(self.what)}.json"

    def is_answered_by(self, item: _Item, since: float) -> bool:
        speed = (item.settings or {}).get("speed", self.speed)
        return (
            (item.text or "").split() == self.text.split()
            and (item.voice_id, item.model_id) == (self.voice_id, self.model)
            and (item.date_unix or 0) >= since
            and isinstance(speed, int | float)
            and abs(speed - self.speed) < 0.005
        )


class ElevenLabsProvider:
    """A voice is a name of `voices()` or the ID of any voice that the account has."""

    name = NAME
    concurrency = 4
    paces = False

    def __init__(self, settings: Settings, account: Account) -> None:
        """Raises `ProviderDenied` without a key; asks nothing of the network."""
        key = demand_key(NAME, settings, _KEY)
        self.version = f"{settings.elevenlabs_model or DEFAULT_MODELS[0]}-r{_REVISION}"
        self._models = (settings.elevenlabs_model,) if settings.elevenlabs_model else DEFAULT_MODELS
        self._account = account
        self._http = Http(
            NAME,
            settings.elevenlabs_url,
            account,
            headers={"xi-api-key": key},
            key_variable=SETTINGS[_KEY].variable,
            explain=_explained,
        )

    def voices(self) -> Sequence[Voice]:
        """Those that styles use; an account has many more, which their IDs name."""
        return [
            Voice(name=name, language="mul", description=f"{words}; ID {voice_id}")
            for name, (voice_id, words) in VOICES.items()
        ]

    def estimate_usd(self, characters: int) -> float:
        """List price; asks nothing of the network."""
        return usd(self._models[0], characters)

    def speak(self, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
        """Emoji are not read out; a text with nothing to say gives a short silence, and costs nothing."""
        if not 0.5 <= rate <= 2.0:
            raise BadRequest(f"rate {rate!r} is not between 0.5 and 2.0: choose 1.0 for the voice's own pace")
        speed = round(min(max(rate, _SPEEDS[0]), _SPEEDS[1]), 3)
        model = model_for(language, self._models)
        asked = _Asked(
            text=_speakable(text),
            voice_id=voice_id_of(voice),
            model=model,
            language_code=language_code(model, language),
            speed=speed,
        )
        if not any(map(str.isalnum, asked.text)):
            silence = bytes(2 * (RATE_HZ * _SILENCE_MS // 1000))
            return Speech(pcm=silence, sample_rate_hz=RATE_HZ, words=_timed(text, [], silence))
        bought = self._account.once(NAME, asked.what, lambda: self._buy(asked))
        if bought.usd:
            self._account.forget(asked.intent)
        return _speech(text, bought, rate / speed)

    def _buy(self, asked: _Asked) -> Bought:
        """Made now, or found in the history where an earlier call may have been paid for."""
        bought, _ = asked_for(
            self._account,
            asked.intent,
            asked.what,
            send=lambda: self._made(asked, utc_now()),
            look=lambda since, _noted: self._look_back(asked, since),
            tries=_TRIES,
        )
        return bought

    def _made(self, asked: _Asked, since: datetime) -> Bought:
        """As it was sent, or from the history where what came was broken on its way."""
        try:
            return self._ask(asked)
        except _Broken:
            found = self._look_back(asked, since)
            if found is None:
                raise
            return found

    def _ask(self, asked: _Asked) -> Bought:
        path = f"/v1/text-to-speech/{asked.voice_id}/with-timestamps?output_format={_FORMAT}"
        answer = self._http.call("POST", path, body=asked.body, repeatable=False)
        try:
            told = _Answer.model_validate_json(answer.body)
            data = base64.b64decode(told.audio_base64, validate=True)
            return self._checked(asked, data, told.alignment)
        except (ValidationError, ValueError) as error:
            reason = f"sent sound for {asked.text[:40]!r} that can't be used ({error}); run it again"
            raise _Broken(NAME, reason) from error

    def _checked(self, asked: _Asked, data: bytes, alignment: _Alignment | None) -> Bought:
        """Raises `ValueError` for sound that can't be played, or is not of this text."""
        heard_s = read_mp3(data).duration_ms / 1000
        letters = sum(map(str.isalnum, asked.text))
        if not letters / _FASTEST_LETTERS_PER_S <= heard_s <= letters / _SLOWEST_LETTERS_PER_S + _SPARE_S:
            raise ValueError(f"{heard_s:.1f} s is too short for {letters} letters")
        starts_ms = _starts_ms(asked.text, alignment)
        if alignment and starts_ms and alignment.character_end_times_seconds[-1] > heard_s + _CUT_SHORT_S:
            raise ValueError(f"it ends after {heard_s:.1f} s, before the last word")
        return Bought(data=data, facts={"starts_ms": starts_ms}, usd=usd(asked.model, len(asked.text)))

    def _look_back(self, asked: _Asked, since: datetime) -> Bought | None:
        """The sound that was made and paid for, if it was; where none may look, that is not known."""
        waited_s = 0.0
        try:
            for at_s in _LOOKS_AFTER_S:
                self._account.sleep(at_s - waited_s)
                waited_s = at_s
                found = self._found(asked, since.timestamp() - _CLOCKS_APART_S)
                if found:
                    log(logging.INFO, "paid_before", f"{NAME}: found in the history: {asked.text[:40]!r}")
                    return found
        except (ProviderDenied, ProviderRefused) as error:
            log(logging.INFO, "history_closed", f"{error}; what was lost is paid for again")
        return None

    def _found(self, asked: _Asked, since: float) -> Bought | None:
        query = {
            "page_size": 100,
            "voice_id": asked.voice_id,
            "source": "TTS",
            "date_after_unix": int(since),
        }
        answer = self._http.call("GET", f"/v1/history?{urlencode(query)}")
        try:
            items = _History.model_validate_json(answer.body).history
        except ValidationError:
            return None
        for item in items:
            if asked.is_answered_by(item, since) and re.fullmatch(r"[\w-]{1,64}", item.history_item_id):
                sound = self._http.call("GET", f"/v1/history/{item.history_item_id}/audio", expect="audio/")
                try:
                    return self._checked(asked, sound.body, None)
                except ValueError:
                    continue  # as broken there as it came
        return None


def _explained(_status: int, body: Any) -> ReelwrightError | None:
    detail = body.get("detail") if isinstance(body, dict) else None
    if not isinstance(detail, dict):
        return None
    codes = {detail.get("status"), detail.get("code")}
    said = " ".join(str(detail.get("message", "")).split())[:200]
    if codes & _NO_QUOTA:
        remedy = "buy credits, wait for the next period, or use SPEECH_PROVIDER=espeak"
        return ProviderDenied(NAME, f"quota exceeded ({said}): {remedy}")
    if codes & _NO_VOICE:
        return ProviderRefused(NAME, f"the account has no such voice ({said}); see `reelwright voices`")
    return None


def _speakable(text: str) -> str:
    """`text` with each control character, symbol and emoji as a space."""
    silent = {"Cc", "Cs", "Co", "Cn", "So"}
    return "".join(" " if unicodedata.category(c) in silent and c not in "\n°" else c for c in text)


def _starts_ms(text: str, alignment: _Alignment | None) -> list[int]:
    """When each character of `text` starts, from the start of the sound; empty if that is not told."""
    if alignment is None:
        return []
    starts_s, ends_s = alignment.character_start_times_seconds, alignment.character_end_times_seconds
    one_each = len(alignment.characters) == len(starts_s) == len(ends_s)
    if not one_each or "".join(alignment.characters) != text or starts_s != sorted(starts_s):
        return []
    pairs = zip(alignment.characters, starts_s, strict=True)
    return [round(start_s * 1000) for characters, start_s in pairs for _ in characters]


def _speech(text: str, bought: Bought, pace: float) -> Speech:
    pcm = read_mp3(bought.data).pcm
    if abs(pace - 1) > 0.001:
        pcm = at_pace(pcm, RATE_HZ, pace)
    pcm, shift_ms = trimmed(pcm)
    if not pcm:
        raise ProviderFailed(NAME, f"said nothing for {text[:40]!r}; try another voice or other words")
    found = bought.facts.get("starts_ms")
    starts_ms = found if isinstance(found, list) and len(found) == len(text) else []
    moved = [round(ms / pace) + shift_ms for ms in starts_ms]
    return Speech(pcm=pcm, sample_rate_hz=RATE_HZ, words=_timed(text, moved, pcm))


def _timed(text: str, starts_ms: Sequence[int], pcm: bytes) -> tuple[SpokenWord, ...]:
    """Every word of `text`, one after the other over the whole sound.

    Where the times of the characters are not known, by the number of letters.
    """
    spans = words_of(text)
    whole_ms = duration_ms(pcm)
    if starts_ms:
        begins = [starts_ms[_first_letter(text, start, end)] for start, end in spans]
    else:
        begins = _by_letters(text, spans, whole_ms)
    edges = _rising(begins, whole_ms)
    return tuple(
        SpokenWord(start=start, end=end, start_ms=start_ms, end_ms=end_ms)
        for (start, end), (start_ms, end_ms) in zip(spans, pairwise(edges), strict=True)
    )


def _first_letter(text: str, start: int, end: int) -> int:
    return next((at for at in range(start, end) if text[at].isalnum()), start)


def _by_letters(text: str, spans: Sequence[tuple[int, int]], whole_ms: int) -> list[int]:
    weights = [max(1, 2 * sum(map(str.isalnum, text[start:end]))) for start, end in spans]
    total = sum(weights)
    return [whole_ms * sum(weights[:number]) // total for number in range(len(weights))]


def _rising(begins: Sequence[int], whole_ms: int) -> list[int]:
    """The edges of the words: the first 0, the last the end, each at least 1 ms after the one before."""
    edges: list[int] = []
    for number, begin in enumerate(begins):
        least = edges[-1] + 1 if edges else 0
        most = whole_ms - (len(begins) - number)
        edges.append(max(least, min(begin if number else 0, most)))
    return [*edges, whole_ms]
