"""The espeak-ng library: loaded, asked for sound or for phonemes, unloaded.

It keeps hidden state from one text to the next (where its pitch flutter is, its noise), so it is loaded again
for every text: that takes 0.3 ms and is what makes equal texts sound equal, byte for byte. The layout of its
records is that of espeak-ng's `speak_lib.h`.
"""

import ctypes
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Any, Final, cast

from shared.errors import ProviderFailed
from shared.machine.temporary import scratch

NAME: Final = "espeak"

_LONGEST_DATA_PATH: Final = 140
"""In bytes; from 160 on espeak finds nothing."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class VoiceRecord(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_OnSamples = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
_END_OF_EVENTS: Final = 0
_WORD: Final = 1
_PHONEME: Final = 7
_SYNCHRONOUS: Final = 2
_RETURN_ERRORS: Final = 0x8000
_WITH_PHONEMES: Final = 1 | 2
"""Phonemes are events too, in the letters of the International Phonetic Alphabet."""
_BY_CHARACTER: Final = 1
_UTF8: Final = 1
_RATE: Final = 1
_VOLUME: Final = 2
_RANGE: Final = 4

_lock = threading.Lock()
"""Of the library, which is one per process, whichever module loads it."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What espeak gave for a text."""

    pcm: bytes
    sample_rate_hz: int
    marks: tuple[tuple[int, int], ...]
    """Index in the text and milliseconds of each word that espeak tells apart."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How espeak speaks."""

    words_per_minute: int
    volume: int
    pitch_range: int


@dataclass(frozen=True, kw_only=True)
class Phoneme:
    """A sound of a text."""

    at: int
    """Index in the text of the word that it belongs to."""
    ipa: str
    """Empty where a word begins."""


@contextmanager
def loaded(options: int = 0) -> Iterator[tuple[ctypes.CDLL, int]]:
    """A fresh library and its sample rate, for one thread at a time, unloaded afterwards."""
    import espeakng_loader

    with _lock, _short_path(espeakng_loader.get_data_path()) as data_path:
        try:
            library = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise ProviderFailed(NAME, f"can't be loaded: {error}") from error
        try:
            sample_rate_hz = library.espeak_Initialize(
                _SYNCHRONOUS, 0, os.fsencode(data_path), _RETURN_ERRORS | options
            )
            if sample_rate_hz <= 0:
                raise ProviderFailed(NAME, f"can't read its voices from {data_path!r}")
            yield library, sample_rate_hz
        finally:
            library.espeak_Terminate()
            _dlclose()(library._handle)


@cache
def _dlclose() -> Callable[[int], int]:
    close = ctypes.CDLL(None).dlclose
    close.argtypes = (ctypes.c_void_p,)
    return cast("Callable[[int], int]", close)


@contextmanager
def _short_path(path: str) -> Iterator[str]:
    """`path`, or a short link to it if espeak would cut it, as it does in a deep virtual environment."""
    if len(os.fsencode(path)) <= _LONGEST_DATA_PATH:
        yield path
        return
    with scratch() as folder:
        link = folder / "data"
        link.symlink_to(path, target_is_directory=True)
        yield str(link)


def synthesise(text: str, voice: str, manner: Manner) -> Heard:
    """Raises `ProviderFailed`."""
    pcm = bytearray()
    marks: list[tuple[int, int]] = []

    def collect(samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            pcm.extend(ctypes.string_at(samples, count * 2))
        for event in takewhile(lambda event: event.type != _END_OF_EVENTS, events):
            if event.type == _WORD:
                marks.append((event.text_position - 1, event.audio_position))
        return 0

    on_samples = _OnSamples(collect)
    with loaded() as (library, sample_rate_hz):
        library.espeak_SetSynthCallback(on_samples)
        _choose(library, voice)
        for parameter, value in (
            (_RATE, manner.words_per_minute),
            (_VOLUME, manner.volume),
            (_RANGE, manner.pitch_range),
        ):
            _demand(library.espeak_SetParameter(parameter, value, 0), f"set parameter {parameter} to {value}")
        library.espeak_ng_SetRandSeed(1)
        _speak(library, text)
    return Heard(pcm=bytes(pcm), sample_rate_hz=sample_rate_hz, marks=tuple(marks))


def phonemes(texts: Sequence[str], voice: str) -> list[list[Phoneme]]:
    """The sounds of each text, as this voice would say them alone; raises `ProviderFailed`."""
    found: list[list[Phoneme]] = []

    def collect(_samples: Any, _count: int, events: Any) -> int:
        for event in takewhile(lambda event: event.type != _END_OF_EVENTS, events):
            if event.type in {_WORD, _PHONEME}:
                name = bytes(event.id.string).split(b"\0")[0] if event.type == _PHONEME else b""
                if name or event.type == _WORD:
                    found[-1].append(Phoneme(at=max(0, event.text_position - 1), ipa=name.decode()))
        return 0

    on_samples = _OnSamples(collect)
    with loaded(_WITH_PHONEMES) as (library, _):
        library.espeak_SetSynthCallback(on_samples)
        _choose(library, voice)
        for text in texts:
            found.append([])
            _speak(library, text)
    return found


def _choose(library: ctypes.CDLL, voice: str) -> None:
    _demand(library.espeak_SetVoiceByName(voice.encode()), f"load the voice {voice!r}")


def _speak(library: ctypes.CDLL, text: str) -> None:
    data = text.encode() + b"\0"
    size = ctypes.c_size_t(len(data))
    _demand(library.espeak_Synth(data, size, 0, _BY_CHARACTER, 0, _UTF8, None, None), "speak")
    _demand(library.espeak_Synchronize(), "speak to the end")


def _demand(status: int, action: str) -> None:
    if status != 0:
        raise ProviderFailed(NAME, f"could not {action} (status {status})")
