"""Voices that there can be, known without asking what speaks."""

import pytest

from shared.errors import BadRequest
from shared.providers.speech import check_voice
from shared.providers.speech.espeak import EspeakProvider
from shared.providers.speech.known import ESPEAK_VARIANTS, ESPEAK_VOICES
from shared.settings import Settings


def test_espeaks_voices_are_those_of_the_library() -> None:
    names = {voice.name.lower() for voice in EspeakProvider().voices()}
    assert {f"+{variant}" for variant in ESPEAK_VARIANTS} | ESPEAK_VOICES == names


@pytest.mark.parametrize(
    "voice", [None, "ada", "HUGO", "af_heart", "jm_kumo:0.6+jf_alpha:0.4", "fr", "en-GB+f2", "+m3"]
)
def test_a_voice_that_there_is(voice: str | None) -> None:
    check_voice(Settings(), voice)


@pytest.mark.parametrize("voice", ["nobody", " ", "+", "+m9", "fr+x", "ada+nobody:2", "21m00Tcm4TlvDq8ikWAM"])
def test_a_voice_that_nobody_has(voice: str) -> None:
    with pytest.raises(BadRequest, match=r"`reelwright voices` lists|give each voice of a blend its part"):
        check_voice(Settings(), voice)


def test_what_the_settings_say_decides() -> None:
    check_voice(Settings(speech_provider="elevenlabs"), "21m00Tcm4TlvDq8ikWAM")
    with pytest.raises(BadRequest, match="'ada' is unknown"):
        check_voice(Settings(speech_provider="espeak"), "ada")
