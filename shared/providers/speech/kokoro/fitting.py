"""From what was heard to speech with a time for every written word."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.providers.speech.kokoro.model import SAMPLE_RATE_HZ
from shared.providers.speech.provider import Speech, SpokenWord
from shared.text.language import scripts_of, words_of
from shared.text.markup import Marked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SILENCE_MS: Final = 400
_EDGE_MS: Final = 30
_AUDIBLE: Final = 0.004
"""-48 dB of full scale."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What was spoken, before it is fitted to the written words."""

    samples: "NDArray[np.float32]"
    heard: tuple[tuple[int, int, int], ...]
    """Index in what was read, and from and until which sample it is heard."""


def silence() -> Sound:
    """For a text with nothing to say."""
    import numpy as np

    return Sound(samples=np.zeros(SAMPLE_RATE_HZ * _SILENCE_MS // 1000, np.float32), heard=())


def sounding(samples: "NDArray[np.float32]") -> tuple[int, int]:
    """Where speech starts and ends, with a little silence at both ends."""
    import numpy as np

    loud = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    if not loud.size:
        return 0, samples.size
    edge = SAMPLE_RATE_HZ * _EDGE_MS // 1000
    return max(0, int(loud[0]) - edge), min(samples.size, int(loud[-1]) + 1 + edge)


def readable(text: str, scripts: frozenset[str]) -> tuple[str, str]:
    """`text` with spaces for the words in other scripts, and a warning that says which they are."""
    kept, unread = list(text), []
    for start, end in words_of(text):
        if not scripts_of(text[start:end]).keys() <= scripts:
            unread.append(text[start:end])
            kept[start:end] = " " * (end - start)
    if not unread:
        return text, ""
    shown = " ".join(unread)
    return "".join(kept), f"the voice can't read {shown[:60]!r}: it is shown and not spoken"


def fitted(text: str, read: Marked, sound: Sound, warning: str) -> Speech:
    """The sound with the words of `text`; those that are not heard last from the one before to the next."""
    import numpy as np

    spans = words_of(text)
    total_ms = sound.samples.size * 1000 // SAMPLE_RATE_HZ
    times = _by_word(spans, read, sound)
    words = tuple(
        SpokenWord(start=start, end=end, start_ms=from_ms, end_ms=until_ms)
        for (start, end), (from_ms, until_ms) in zip(spans, _filled(times, total_ms), strict=True)
    )
    pcm = np.rint(np.clip(sound.samples, -1, 1) * 32767).astype("<i2").tobytes()
    return Speech(pcm=pcm, sample_rate_hz=SAMPLE_RATE_HZ, words=words, warning=warning)


def _by_word(spans: Sequence[tuple[int, int]], read: Marked, sound: Sound) -> list[tuple[int, int] | None]:
    """Milliseconds from and until which each word is heard."""
    starts = [start for start, _ in spans]
    times: list[tuple[int, int] | None] = [None] * len(spans)
    for at, first, end in sound.heard:
        number = max(0, bisect_right(starts, read.places[at]) - 1)
        from_ms, until_ms = (round(sample * 1000 / SAMPLE_RATE_HZ) for sample in (first, end))
        before = times[number]
        times[number] = (before[0] if before else from_ms, until_ms)
    return times


def _filled(times: Sequence[tuple[int, int] | None], total_ms: int) -> Iterator[tuple[int, int]]:
    """The words that nothing was heard of share the time that is left around them."""
    number, at_ms = 0, 0
    while number < len(times):
        heard = times[number]
        if heard:
            at_ms = max(at_ms, min(heard[1], total_ms))
            yield min(max(heard[0], 0), at_ms), at_ms
            number += 1
            continue
        after = next((each for each in range(number, len(times)) if times[each]), len(times))
        following = times[after] if after < len(times) else None
        room_ms = max(0, (following[0] if following else total_ms) - at_ms)
        count = after - number
        yield from ((at_ms + room_ms * n // count, at_ms + room_ms * (n + 1) // count) for n in range(count))
        number, at_ms = after, at_ms + room_ms
