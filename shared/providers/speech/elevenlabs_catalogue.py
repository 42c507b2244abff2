"""What ElevenLabs offers: models with their languages and prices, and the voices that styles use.

Languages are ISO 639 codes, from https://elevenlabs.io/docs/overview/models.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.errors import BadRequest

NAME: Final = "elevenlabs"


@dataclass(frozen=True, kw_only=True)
class Price:
    """List price of a model."""

    usd_per_1000_characters: float
    as_of: date
    source: str


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that speaks."""

    languages: frozenset[str]
    price: Price


_SOURCE: Final = "https://elevenlabs.io/pricing/api"
_FULL: Final = Price(usd_per_1000_characters=0.10, as_of=date(2026, 6, 1), source=_SOURCE)
_FAST: Final = Price(usd_per_1000_characters=0.05, as_of=date(2026, 6, 1), source=_SOURCE)

_V2: Final = frozenset(
    {
        *("ar", "bg", "cs", "da", "de", "el", "en", "es", "fi", "fil", "fr", "hi", "hr", "id", "it", "ja"),
        *("ko", "ms", "nl", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "tr", "uk", "zh"),
    }
)
_FLASH: Final = _V2 | {"hu", "no", "vi"}
_V3: Final = _FLASH | {
    *("af", "as", "az", "be", "bn", "bs", "ca", "ceb", "cy", "et", "fa", "ga", "gl", "gu", "ha", "he", "hy"),
    *("is", "jv", "ka", "kk", "kn", "ky", "lb", "ln", "lt", "lv", "mk", "ml", "mr", "ne", "ny", "pa", "ps"),
    *("sd", "sl", "so", "sr", "sw", "te", "th", "ur"),
}
MODELS: Final[Mapping[str, Model]] = {
    "eleven_multilingual_v2": Model(languages=_V2, price=_FULL),
    "eleven_v3": Model(languages=_V3, price=_FULL),
    "eleven_flash_v2_5": Model(languages=_FLASH, price=_FAST),
    "eleven_turbo_v2_5": Model(languages=_FLASH, price=_FAST),
}
DEFAULT_MODELS: Final = ("eleven_multilingual_v2", "eleven_v3")
"""The steadiest, and the one that speaks what that does not."""

_ALIASES: Final = {"cmn": "zh", "in": "id", "iw": "he", "nb": "no", "nn": "no", "tl": "fil"}

VOICES: Final = {
    "Sarah": ("EXAVITQu4vr4xnSDxMaL", "young American woman, soft and assured"),
    "Antoni": ("ErXwobaYiN019PkySvjV", "young American man, lively"),
    "Rachel": ("21m00Tcm4TlvDq8ikWAM", "young American woman, calm"),
    "Adam": ("pNInz6obpgDQGcFmaJgB", "American man, deep and firm"),
}
"""ID and description by name; every voice speaks every language."""
_DEFAULT_VOICE: Final = "Sarah"


def usd(model: str, characters: int) -> float:
    """List price; that of the dearest where the model is not known here."""
    price = MODELS[model].price if model in MODELS else _FULL
    return price.usd_per_1000_characters * characters / 1000


def model_for(language: str, models: Sequence[str]) -> str:
    """The first of the models that speaks the language; one that is not known here may. Or `BadRequest`."""
    primary = _primary(language)
    for model in models:
        if model not in MODELS or primary in MODELS[model].languages:
            return model
    raise BadRequest(
        f"{NAME}: {models[-1]} does not speak the language {language!r}; "
        "unset ELEVENLABS_MODEL, or use SPEECH_PROVIDER=espeak"
    )


def language_code(model: str, language: str) -> str | None:
    """What the API is told: nothing for multilingual models, which find out and refuse to be told."""
    primary = _primary(language)
    return None if "multilingual" in model or len(primary) != 2 else primary


def voice_id_of(voice: str | None) -> str:
    """The ID of a voice by its name here; an ID stays as it is. Raises `BadRequest`."""
    wanted = voice or _DEFAULT_VOICE
    for name, (voice_id, _) in VOICES.items():
        if wanted.lower() == name.lower():
            return voice_id
    if not re.fullmatch(r"[A-Za-z0-9]{20}", wanted, re.ASCII):
        known = ", ".join(VOICES)
        raise BadRequest(f"{NAME} has no voice {wanted!r}; use {known}, or a voice's ID of 20 characters")
    return wanted


def _primary(language: str) -> str:
    primary = language.replace("_", "-").split("-")[0].lower()
    return _ALIASES.get(primary, primary)
