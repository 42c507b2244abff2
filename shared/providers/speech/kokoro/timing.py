"""The row of symbols that the model is given, and when each word of a text is heard."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from shared.providers.speech.kokoro.model import FRAME, SAMPLE_RATE_HZ, Utterance
from shared.providers.speech.kokoro.phonemes.symbols import IDS, Said
from shared.providers.speech.provider import SpokenWord
from shared.text.language import words_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SILENCE_MS: Final = 400
_EDGE_MS: Final = 30
_FAINT: Final = 0.004
"""-48 dB of full scale: quieter ones at the ends of speech are cut off."""
_EARLY_MS: Final = 40
"""By how much all that is heard comes before the symbol that it belongs to, by the model's own lengths."""
_REACH_MS: Final = 150
"""How long before the edge between two words, by the model's lengths, the pause between them may be."""
_ATTACK_MS: Final = 10
"""By how much a word after a pause begins before it is loud."""
_BLOCK_MS: Final = 5
_AUDIBLE: Final = 0.01
"""Of the loudest block: quieter ones are silence."""
_GAP_MS: Final = 150
"""Silence between two words that is a pause although no mark stands there; consonants hold shorter ones."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Symbols in a row, and where in it each run is."""

    ids: tuple[int, ...]
    places: tuple[tuple[int, int, int], ...]
    """Of each run: where it begins (with the space before it), and where its symbols begin and end."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A text, spoken."""

    samples: "NDArray[np.float32]"
    heard: tuple[tuple[int, int, int, int], ...]
    """Where in the text something begins and ends, and from and until which sample it is heard."""


def row_of(said: Sequence[Said]) -> Row:
    """The runs with a space between them."""
    ids: list[int] = []
    places: list[tuple[int, int, int]] = []
    for run in said:
        begins = len(ids)
        if run.symbols and ids:
            ids.append(IDS[" "])
        ids += [IDS[char] for char in run.before]
        first = len(ids)
        ids += [IDS[char] for char in run.symbols]
        places.append((begins, first, len(ids)))
        ids += [IDS[char] for char in run.after]
    return Row(ids=tuple(ids), places=tuple(places))


def times_of(row: Row, utterance: Utterance) -> list[tuple[int, int]]:
    """From and until which sample each run is heard; a mark alone takes no time."""
    edges = _edges(utterance.frames)
    early, reach = (SAMPLE_RATE_HZ * ms // 1000 for ms in (_EARLY_MS, _REACH_MS))
    loud = _Loudness(utterance.samples)
    times: list[tuple[int, int]] = []
    for begins, first, end in row.places:
        before, least = times[-1] if times else (0, 0)
        if first == end:
            times.append((least, least))
            continue
        start, until = edges[begins] - early, edges[end] - early
        if begins == 0 or (row.ids[begins - 1] != IDS[" "] and _is_mark(row, begins - 1)):
            start = loud.onset(max(least, edges[begins] - reach), edges[first + 1])
        elif gap := loud.gap(max(before, edges[begins] - reach), edges[first + 1]):
            least, start = gap
            times[-1] = before, least
        start = max(least, start)
        if (end < len(row.ids) and _is_mark(row, end)) or end == len(row.ids):
            until = loud.offset(start, until)
        times.append((start, max(start, until)))
    return times


def sounding(samples: "NDArray[np.float32]") -> tuple[int, int]:
    """Where speech starts and ends, with a little silence at both ends."""
    import numpy as np

    loud = np.flatnonzero(np.abs(samples) > _FAINT)
    if not loud.size:
        return 0, samples.size
    edge = SAMPLE_RATE_HZ * _EDGE_MS // 1000
    return max(0, int(loud[0]) - edge), min(samples.size, int(loud[-1]) + 1 + edge)


def silence() -> Sound:
    """For a text with nothing to say."""
    import numpy as np

    return Sound(samples=np.zeros(SAMPLE_RATE_HZ * _SILENCE_MS // 1000, np.float32), heard=())


def words_in(text: str, sound: Sound) -> Iterator[SpokenWord]:
    """Every word of a text; those that are not heard last from the one before to the next."""
    spans = words_of(text)
    starts = [start for start, _ in spans]
    times: list[tuple[int, int] | None] = [None] * len(spans)
    for at, after, first, end in sound.heard:
        number = max(0, bisect_right(starts, at) - 1)
        edges = _shared(_ms(first), _ms(end), max(1, bisect_left(starts, after) - number))
        for each, (from_ms, until_ms) in enumerate(pairwise(edges), number):
            before = times[each]
            times[each] = (before[0] if before else from_ms), until_ms
    for (start, end), (from_ms, until_ms) in zip(
        spans, _filled(times, sound.samples.size * 1000 // SAMPLE_RATE_HZ), strict=True
    ):
        yield SpokenWord(start=start, end=end, start_ms=from_ms, end_ms=until_ms)


def _shared(from_ms: int, until_ms: int, count: int) -> list[int]:
    """The edges of so many parts of a time, all of one length."""
    return [from_ms + (until_ms - from_ms) * part // count for part in range(count + 1)]


def _ms(sample: int) -> int:
    return round(sample * 1000 / SAMPLE_RATE_HZ)


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
        yield from pairwise(_shared(at_ms, at_ms + room_ms, after - number))
        number, at_ms = after, at_ms + room_ms


def _is_mark(row: Row, place: int) -> bool:
    return row.ids[place] <= IDS["”"]


def _edges(frames: "NDArray[np.int64]") -> list[int]:
    """Where each symbol of a row begins, in samples, and where the last one ends."""
    return [int(edge) * FRAME for edge in frames.cumsum()]


class _Loudness:
    """How loud speech is, block by block."""

    def __init__(self, samples: "NDArray[np.float32]") -> None:
        import numpy as np

        self._block, self._attack = (SAMPLE_RATE_HZ * ms // 1000 for ms in (_BLOCK_MS, _ATTACK_MS))
        blocks = samples[: samples.size // self._block * self._block].reshape(-1, self._block)
        level = np.sqrt((blocks**2).mean(axis=1))
        self._loud: list[bool] = (level > _AUDIBLE * level.max(initial=0.0)).tolist()

    def onset(self, start: int, latest: int) -> int:
        """Where what gets loud between two samples begins; the later one where all is faint."""
        for block in range(start // self._block, min(len(self._loud), latest // self._block)):
            if self._loud[block]:
                return max(start, block * self._block - self._attack)
        return max(start, latest)

    def gap(self, start: int, end: int) -> tuple[int, int] | None:
        """The longest silence between two samples and where what follows it begins; None if it is so short
        that it may be part of a consonant."""
        blocks = range(start // self._block, min(len(self._loud), end // self._block))
        silences = [list(run) for is_loud, run in groupby(blocks, self._loud.__getitem__) if not is_loud]
        longest = max(silences, key=len, default=[])
        if len(longest) * _BLOCK_MS < _GAP_MS:
            return None
        first = max(start, longest[0] * self._block)
        return first, max(first, (longest[-1] + 1) * self._block - self._attack)

    def offset(self, start: int, end: int) -> int:
        """Where the last that is loud between two samples ends."""
        for block in range(min(len(self._loud), end // self._block) - 1, start // self._block, -1):
            if self._loud[block]:
                return min(end, (block + 1) * self._block)
        return end
