"""A stand-in for the ElevenLabs API: every letter is a tone, so that when it is heard can be measured."""

import base64
import io
import itertools
import re
import time
import unicodedata
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.emulators.paid import Call, PaidServer, Refusal, Reply

KEY = "eleven-key"
SPOKEN = "speech"
"""What it charges for."""
_RATE_HZ = 44_100
_FADE_S = 0.008


class ElevenLabs(PaidServer):
    """Speaks at once, or after `takes_s`; keeps everything in its history."""

    kinds = frozenset({"broken_sound", "half_sound", "other_letters", "no_sound"})
    """Sound that can't be decoded; half of it; times for another text; silence."""

    def __init__(self, *, takes_s: float = 0.0) -> None:
        super().__init__()
        self.takes_s = takes_s
        self.history: list[dict[str, Any]] = []
        self.sounds: dict[str, bytes] = {}
        self.clock = time.time
        self._numbers = itertools.count(1)

    def error_body(self, status: int, message: str) -> Any:
        return {
            "detail": {
                "status": {429: "too_many_concurrent_requests"}.get(status, "error"),
                "message": message,
            }
        }

    def serve(self, call: Call) -> Reply:
        if call.headers.get("xi-api-key") != KEY:
            raise _refusal(401, "invalid_api_key", "Invalid API key")
        spoken = re.fullmatch(r"/v1/text-to-speech/(\w+)/with-timestamps", call.path)
        if call.method == "POST" and spoken:
            return self._speak(call, spoken[1])
        if call.line == "GET /v1/history":
            return Reply(body={"history": self._listed(call), "has_more": False})
        heard = re.fullmatch(r"/v1/history/(\w+)/audio", call.path)
        if call.method == "GET" and heard and heard[1] in self.sounds:
            return Reply(body=self.sounds[heard[1]], content_type="audio/mpeg")
        raise _refusal(404, "not_found", f"nothing at {call.line}")

    def _speak(self, call: Call, voice_id: str) -> Reply:
        text, settings = call.json["text"], call.json["voice_settings"]
        if len(voice_id) != 20:
            raise _refusal(404, "voice_not_found", f"A voice with the voice_id {voice_id} was not found.")
        assert call.query["output_format"] == "mp3_44100_128"
        assert any(map(str.isalnum, text)), "a text without letters is refused"
        assert 0.7 <= settings["speed"] <= 1.2
        assert "multilingual" not in call.json["model_id"] or "language_code" not in call.json
        self.pause(self.takes_s)
        sound, starts_s, ends_s = spoken(text, settings["speed"])
        data = mp3(np.zeros_like(sound) if self.take(call, "no_sound") else sound)
        with self.lock:
            self.charge(SPOKEN)
            name = f"item{next(self._numbers)}"
            self.sounds[name] = data
            self.history.insert(0, self._item(name, call, voice_id))
        if self.take(call, "broken_sound"):
            data = bytes(5000)
        if self.take(call, "half_sound"):
            data = data[: len(data) // 2]
        characters = list(text if not self.take(call, "other_letters") else text.upper()[1:])
        alignment = {
            "characters": characters,
            "character_start_times_seconds": starts_s[: len(characters)],
            "character_end_times_seconds": ends_s[: len(characters)],
        }
        body = {"audio_base64": base64.b64encode(data).decode(), "alignment": alignment}
        return Reply(body={**body, "normalized_alignment": alignment})

    def _item(self, name: str, call: Call, voice_id: str) -> dict[str, Any]:
        return {
            "history_item_id": name,
            "voice_id": voice_id,
            "model_id": call.json["model_id"],
            "text": call.json["text"],
            "date_unix": int(self.clock()),
            "settings": call.json["voice_settings"],
            "content_type": "audio/mpeg",
            "state": "created",
            "source": "TTS",
        }

    def _listed(self, call: Call) -> list[dict[str, Any]]:
        since = float(call.query.get("date_after_unix", 0))
        with self.lock:
            return [
                item
                for item in self.history
                if item["date_unix"] >= since
                and item["voice_id"] == call.query.get("voice_id", item["voice_id"])
            ][: int(call.query.get("page_size", 100))]


def _refusal(status: int, code: str, message: str) -> Refusal:
    return Refusal(Reply(body={"detail": {"status": code, "message": message}}, status=status))


def spoken(text: str, speed: float = 1.0) -> tuple[NDArray[np.float32], list[float], list[float]]:
    """Half a second of silence before and after, and each character's sound, start and end between."""
    lengths = [_length_s(char) / speed for char in text]
    edges = list(itertools.accumulate(lengths, initial=0.5))
    sound = np.zeros(round((edges[-1] + 0.5) * _RATE_HZ), np.float32)
    for char, start, end in zip(text, edges, edges[1:], strict=False):
        if char.isalnum() or unicodedata.category(char).startswith("M"):
            piece = sound[round(start * _RATE_HZ) : round(end * _RATE_HZ)]
            at_s = np.arange(piece.size) / _RATE_HZ
            fade = np.clip(np.minimum(at_s, at_s[-1] - at_s) / _FADE_S, 0, 1)
            piece[:] = 0.3 * fade * np.sin(2 * np.pi * (180 + ord(char) % 40 * 8) * at_s)
    return sound, edges[:-1], edges[1:]


def _length_s(char: str) -> float:
    if char.isdecimal():
        return 0.2
    if char.isalnum():
        return 0.08
    return 0.3 if char in ".!?。" else 0.03


def mp3(sound: NDArray[np.float32]) -> bytes:
    """44.1 kHz, 128 kbit/s, mono."""
    buffer = io.BytesIO()
    samples = np.rint(sound * 32767).astype("<i2")
    with av.open(buffer, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=_RATE_HZ)
        stream.bit_rate = 128_000
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = _RATE_HZ
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=_RATE_HZ, frame_size=1152)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return buffer.getvalue()
