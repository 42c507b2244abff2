"""The voices of this server, and what one of them sounds like."""

from functools import cache
from typing import Annotated, Any, Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from shared.api.http.problems import RESPONSES, Problem
from shared.api.routes.context import WithSettings
from shared.errors import ProviderFailed
from shared.providers.account import Account
from shared.providers.speech import (
    SPEECH,
    SpeechProvider,
    Voice,
    add_voice,
    addable,
    as_wav,
    check_voice,
    say,
    speech_provider,
    spoken_by,
)
from shared.settings import Settings

router = APIRouter(tags=["making"], responses=RESPONSES)

_MOST_CHARACTERS: Final = 300
_LANGUAGE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_LACKING: Final[dict[int | str, dict[str, Any]]] = {
    501: {"model": Problem, "description": "This server has no voice of its own."}
}
_ADDING: Final[dict[int | str, dict[str, Any]]] = {
    **_LACKING,
    502: {"model": Problem, "description": "The voice can't be fetched."},
}
_HEARING: Final[dict[int | str, dict[str, Any]]] = {
    **_LACKING,
    200: {"content": {"audio/wav": {}}, "description": "The speech, one channel, 16 bits."},
}


_Name = Annotated[str, Path(max_length=40, pattern=r"^[a-z]+_[a-z]+$", examples=["af_heart"])]


class VoiceBody(BaseModel):
    """A voice."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(examples=["ada"])
    language: str = Field(description="BCP 47.", examples=["en-US"])
    description: str


class VoicesBody(BaseModel):
    """All voices that a run here could speak with, by who speaks."""

    model_config = ConfigDict(frozen=True)

    provider: str = Field(examples=["kokoro"])
    voices: list[VoiceBody]
    addable: list[VoiceBody] = Field(description="Further ones, which `PUT /voices/{name}` adds.")


class SampleBody(BaseModel):
    """What is to be heard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1, max_length=_MOST_CHARACTERS, examples=["Good morning."])
    voice: str | None = Field(None, min_length=1, max_length=100)
    language: str | None = Field(None, pattern=_LANGUAGE, description="BCP 47; unset, the voice's own.")
    speaking_rate: float = Field(1.0, ge=0.5, le=2)


async def _speakers(request: Request) -> CapacityLimiter:
    speakers = request.app.state.speakers
    assert isinstance(speakers, CapacityLimiter)
    return speakers


WithSpeakers = Annotated[CapacityLimiter, Depends(_speakers)]
"""How many samples may be spoken at once; the others wait without a thread."""


@router.get("/voices", responses=_LACKING)
def list_voices(settings: WithSettings) -> VoicesBody:
    """The voices to choose from. Nothing is spoken, and no paid provider is asked."""
    provider = _unpaid(settings)
    further = addable(settings) if _runs_here(settings) else []
    return VoicesBody(
        provider=provider.name,
        voices=[_body(each) for each in provider.voices()],
        addable=[_body(each) for each in further],
    )


@router.put("/voices/{name}", responses=_ADDING)
def put_voice(name: _Name, settings: WithSettings) -> VoicesBody:
    """Fetch one of the addable voices, check it and keep it. A voice that is here already stays as it is."""
    if not _runs_here(settings):
        raise HTTPException(
            501, "stages run elsewhere, with the voices of their images: build them with VOICES"
        )
    add_voice(settings, name)
    return list_voices(settings)


@router.post("/voices/sample", response_class=Response, responses=_HEARING)
async def hear(sample: SampleBody, settings: WithSettings, speakers: WithSpeakers) -> Response:
    """Speak a sentence, so that a voice can be chosen by ear. Costs nothing."""
    data = await run_sync(_spoken, sample, settings, limiter=speakers)
    return Response(data, media_type="audio/wav", headers={"Cache-Control": "no-store"})


def _spoken(sample: SampleBody, settings: Settings) -> bytes:
    provider = _unpaid(settings)
    check_voice(settings, sample.voice)
    language = sample.language or spoken_by(provider, sample.voice)
    return as_wav(
        say(provider, sample.text, language=language, voice=sample.voice, rate=sample.speaking_rate)
    )


def _body(voice: Voice) -> VoiceBody:
    return VoiceBody(name=voice.name, language=voice.language, description=voice.description)


def _runs_here(settings: Settings) -> bool:
    """Whether stages speak with the voices of this machine."""
    return settings.platform == "local"


def _unpaid(settings: Settings) -> SpeechProvider:
    named = SPEECH.providers.get(settings.speech_provider)
    if named and named.key:
        raise HTTPException(501, f"{settings.speech_provider} is paid for, so its voices can't be tried here")
    try:
        return _opened(settings.speech_provider, settings.voices_dir, settings.cores)
    except (ImportError, ProviderFailed) as error:
        raise HTTPException(501, f"no voice can be heard on this server: {error}") from error


@cache
def _opened(name: str, voices_dir: str | None, cores: int | None) -> SpeechProvider:
    """Without any key: a sample is not worth money."""
    settings = Settings(speech_provider=name, voices_dir=voices_dir, cores=cores)
    return speech_provider(settings, Account.closed())
