"""The sound: speech laid out, music looped and ducked under it, one loudness, AAC.

The loudness is measured and raised as a whole (EBU R128, ITU-R BS.1770), never followed second by second:
that would undo the ducking.
"""

import logging
import math
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.accepted import MOST_MUSIC_CHECK_S, MOST_MUSIC_S
from shared.errors import InvalidAssets
from shared.logs import log
from shared.machine.ffmpeg import run
from shared.video.sound.music_files import REMEDY, decode_music
from shared.video.sound.music_limits import DURATION, clock_ms, demand_bearable, demand_length
from shared.video.sound.speech_track import lay_speech
from shared.video.timeline import Music, Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]


RATE_HZ: Final = 48_000
TARGET_LUFS: Final = -14.0
"""Integrated loudness of a film, to which the large platforms normalise."""
PEAK_DBTP: Final = -1.0
"""The limit of true peaks in the encoded sound."""
SILENCE_LUFS: Final = -70.0
"""The absolute gate of BS.1770: softer sound has no loudness."""

_WORKING_LUFS: Final = -20.0
"""Of the voice, and of music at volume 1, when they are mixed: loud enough to control the ducking."""
_MOST_GAIN_DB: Final = 40.0
"""More would only make noise audible."""
_MOST_LIMITING_DB: Final = 12.0
"""The limit of gain beyond that of a mix without peaks: clicks in silence stay below the target loudness."""
_TRIAL_PEAK_DBTP: Final = PEAK_DBTP - 0.6
"""The peak of AAC's input, lower since AAC overshoots."""
_TRIALS: Final = 4
_ENCODINGS: Final = 3

_JOINT: Final = RATE_HZ
"""Samples over which the end of looped music is cross-faded into its beginning."""
_DECODED: Final = f"aformat=sample_rates={RATE_HZ}:channel_layouts=stereo,volume=-6dB"
"""With headroom, as lossy formats may decode to more than full scale."""

_POLISH: Final = (
    "highpass=f=80,equalizer=f=4200:t=o:w=1.2:g=-2,"
    "acompressor=threshold=0.12:ratio=3:attack=1:release=80:knee=4:makeup=1.6"
)
"""Removes rumble and softens a synthetic voice, and evens out its syllables."""
_DUCK: Final = "sidechaincompress=threshold=0.016:ratio=4:attack=80:release=600:knee=4"
_DUCK_EARLY_S: Final = 0.2
"""How long before a word the music starts to duck, so that it doesn't cover the first syllable."""

_MONO: Final = ("-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1")
_STEREO: Final = ("-f", "s16le", "-ar", str(RATE_HZ), "-ac", "2")
_MIX: Final = ("-f", "f32le", "-ar", str(RATE_HZ), "-ac", "2")
_NOTHING: Final = ("-f", "null", "-")
_TO_STEREO: Final = "pan=stereo|c0=c0|c1=c0"
_METER: Final = "ebur128=framelog=quiet"
_NO_DENORMALS: Final = "aformat=sample_fmts=s64"
"""In pauses the voice's filters ring on in floats so small (denormal) that encoding them takes three times as
long; as 64-bit integers they are zero, and the limiter lets nothing clip. The encoded bytes are the same."""
_SAME_BYTES: Final = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact")


@dataclass(frozen=True, kw_only=True)
class AudioReport:
    """The sound of a film, measured in its decoded AAC."""

    integrated_lufs: float
    """`SILENCE_LUFS` if the film is silent."""
    true_peak_dbtp: float
    """-120 if the film is silent."""
    gain_db: float
    """Applied to the whole mix."""
    duration_ms: int


@dataclass(frozen=True, kw_only=True)
class _Loudness:
    integrated_lufs: float
    true_peak_dbtp: float

    @property
    def is_silence(self) -> bool:
        return self.integrated_lufs <= SILENCE_LUFS

    @property
    def is_right(self) -> bool:
        """The measurements are rounded to 0.1, so the peak needs that much to spare."""
        loud = self.is_silence or abs(self.integrated_lufs - TARGET_LUFS) <= 0.3
        return loud and self.true_peak_dbtp <= PEAK_DBTP - 0.1


@dataclass(frozen=True, kw_only=True)
class _Level:
    """The last two controls: gain, and the limiter's sample peak."""

    gain_db: float
    most_gain_db: float
    ceiling_db: float = PEAK_DBTP - 0.8

    def corrected(self, heard: _Loudness, *, peak_dbtp: float, slope: float = 1.0) -> "_Level":
        """The level that would have given the target loudness, with no true peak above `peak_dbtp`.

        `slope` is how many LU the loudness grows with 1 dB of gain: less than 1 when the limiter works.
        """
        gain_db = self.gain_db + (TARGET_LUFS - heard.integrated_lufs) / slope
        too_high_db = max(0.0, heard.true_peak_dbtp - peak_dbtp)
        return replace(
            self, gain_db=min(gain_db, self.most_gain_db), ceiling_db=self.ceiling_db - too_high_db
        )

    @property
    def filters(self) -> str:
        limit = 10 ** (self.ceiling_db / 20)
        limiter = f"alimiter=limit={limit:.5f}:level=disabled:latency=enabled:attack=3:release=50"
        return f"volume={self.gain_db:.2f}dB,{limiter}"


def check_music(path: Path, *, name: str) -> int:
    """The duration, to 10 ms, of music that decodes completely; raises `InvalidAssets`, naming `name`.

    The file's own data is checked first; since it may be wrong, decoding is limited too.
    """
    what = f"music {name!r}"
    promised = decode_music(path, what, ["-t", "0", *_NOTHING], timeout_s=MOST_MUSIC_CHECK_S)
    demand_bearable(promised, name)
    whole = ["-t", str(MOST_MUSIC_S + 1), *_NOTHING]
    said = decode_music(path, what, whole, timeout_s=MOST_MUSIC_CHECK_S)
    heard_ms = clock_ms(r"^size=.* time=(\S+)", said)
    demand_length(heard_ms, name)
    promised_ms = clock_ms(DURATION, said)
    if heard_ms < promised_ms * 0.95 - 100 and "Estimating duration" not in said:
        short = f"ends after {heard_ms / 1000:.1f} s of its {promised_ms / 1000:.1f} s"
        raise InvalidAssets(f"music {name!r} is incomplete: it {short}; {REMEDY}")
    return heard_ms


def mix_audio(timeline: Timeline, files: Mapping[str, Path], target: Path, scratch: Path) -> AudioReport:
    """Write the sound of `timeline` to `target` (.m4a: AAC LC, 48 kHz stereo), exactly as long as the film.

    `files` has the local path of every key that the timeline names. The voice is normalised to one loudness
    and polished; music is normalised to the voice's loudness times its volume, looped, and ducked under it.
    Takes about 40 MB of `scratch` per minute; memory does not grow with the film. Same inputs, same bytes.
    Raises `InvalidAssets` for speech or music that can't be decoded.
    """
    samples = round(timeline.frames * RATE_HZ / timeline.frame_rate)
    with tempfile.TemporaryDirectory(prefix="audio-", dir=scratch) as folder:
        work = Path(folder)
        lay_speech(timeline, files, samples, work / "voice", rate_hz=RATE_HZ)
        bed = _lay_music(timeline.music, files, samples, work) if timeline.music else None
        loudness = _mix(work, bed, samples)
        report = _master(work / "mix", loudness, samples, work / "film.m4a")
        shutil.move(work / "film.m4a", target)
    return report


@dataclass(frozen=True, kw_only=True)
class _Bed:
    """Music to mix: `start` is played once, then `loop` without end; both raw stereo."""

    start: Path
    loop: Path
    gain_db: float
    faded: bool
    """In at the film's beginning and out at its end."""


def _lay_music(music: Music, files: Mapping[str, Path], samples: int, work: Path) -> _Bed | None:
    """As much decoded music as the film needs; None if it would not be audible."""
    raw = work / "music"
    decode = ["-t", str(samples // RATE_HZ + 30), "-af", f"{_DECODED},{_METER}", *_STEREO, f"file:{raw}"]
    loudness = _loudness(decode_music(files[music.key], f"music {music.key!r}", decode))
    demand_length(raw.stat().st_size * 1000 // (4 * RATE_HZ), music.key)
    if loudness.is_silence or not music.volume:
        return None
    bed = _Bed(
        start=work / "music-start",
        loop=work / "music-loop",
        gain_db=_gain_to(_WORKING_LUFS, loudness) + 20 * math.log10(music.volume),
        faded=music.looped,
    )
    if music.looped:
        _cut_loop(raw, bed, floor=32768 * 10 ** ((loudness.integrated_lufs - 40) / 20))
        raw.unlink()
    else:
        raw.rename(bed.start)
        bed.loop.write_bytes(bytes(4 * RATE_HZ))  # silence, in case the film is longer
    return bed


def _cut_loop(raw: Path, bed: _Bed, *, floor: float) -> None:
    """Cut raw music so that it loops without a gap or a click.

    Silence around it (below `floor`) is removed; its last second is cross-faded into its first with equal
    power, as the two are different music.
    """
    import numpy as np

    whole: Samples = np.memmap(raw, dtype="<i2", mode="r+").reshape(-1, 2)
    music = whole[slice(*_sounding(whole, floor))]
    joint = min(_JOINT, len(music) // 4)
    angle = np.linspace(0, math.pi / 2, joint, endpoint=False)[:, np.newaxis]
    bed.start.write_bytes(music[:joint].data)  # unlike tofile(), it raises when the disk is full
    end = music[len(music) - joint :]
    faded = end * np.cos(angle) + music[:joint] * np.sin(angle)
    end[:] = np.clip(np.rint(faded), -32768, 32767)
    bed.loop.write_bytes(music[joint:].data)


def _sounding(music: "Samples", floor: float) -> tuple[int, int]:
    """Where the first and the last 10 ms louder than `floor` start and end."""
    block = RATE_HZ // 100
    starts = range(0, len(music), block)

    def is_loud(at: int) -> bool:
        part = music[at : at + block]
        return bool(part.max() > floor or part.min() < -floor)

    first = next(filter(is_loud, starts), 0)
    last = next(filter(is_loud, reversed(starts)), len(music))
    return first, min(last + block, len(music))


def _mix(work: Path, bed: _Bed | None, samples: int) -> _Loudness:
    """Voice and music as raw 32-bit floats in `work / "mix"`: nothing clips before the limiter."""
    voice_input = [*_MONO, "-i", f"file:{work / 'voice'}"]
    spoken = _loudness(run([*voice_input, "-af", f"{_TO_STEREO},{_METER}", *_NOTHING]))
    voice = f"[0:a]volume={_gain_to(_WORKING_LUFS, spoken):.2f}dB,{_POLISH},{_TO_STEREO}"
    inputs = _with(bed, voice_input) if bed else voice_input
    graph = _ducked(voice, bed, samples) if bed else voice
    filters = ["-filter_complex", f"{graph},{_exactly(samples)},{_METER}[mix]", "-map", "[mix]"]
    return _loudness(run([*inputs, *filters, *_MIX, f"file:{work / 'mix'}"]))


def _with(bed: _Bed, voice_input: list[str]) -> list[str]:
    start, loop = f"file:{bed.start}", f"file:{bed.loop}"
    return [*voice_input, *_STEREO, "-i", start, "-stream_loop", "-1", *_STEREO, "-i", loop]


def _ducked(voice: str, bed: _Bed, samples: int) -> str:
    """The filter graph of music that is ducked under the voice.

    Both inputs of `sidechaincompress` are endless and its output is cut: at the end of either input it drops
    what it has not mixed yet, a different amount each time.
    """
    fades = _fades(samples / RATE_HZ) if bed.faded else "anull"
    return (
        f"{voice},asplit[voice][early];"
        f"[early]atrim=start={_DUCK_EARLY_S},asetpts=N/SR/TB,apad[key];"
        f"[1:a][2:a]concat=n=2:v=0:a=1,volume={bed.gain_db:.2f}dB[music];"
        f"[music][key]{_DUCK},atrim=end_sample={samples},{fades}[under];"
        "[voice][under]amix=inputs=2:normalize=0:duration=longest"
    )


def _fades(length_s: float) -> str:
    in_s, out_s = min(0.8, length_s / 4), min(2.0, length_s / 2)
    return f"afade=t=in:d={in_s:.6f},afade=t=out:st={length_s - out_s:.6f}:d={out_s:.6f}"


def _exactly(samples: int) -> str:
    return f"atrim=end_sample={samples},apad=whole_len={samples}"


def _master(mix: Path, loudness: _Loudness, samples: int, target: Path) -> AudioReport:
    """Encode the mix at the target loudness, and again if the limiter or the encoder changed its loudness.

    Most films are right at once; for the others, cheap trials find the level before the next encoding.
    """
    source = [*_MIX, "-i", f"file:{mix}"]
    gain_db = _gain_to(TARGET_LUFS, loudness)
    level = _Level(gain_db=gain_db, most_gain_db=gain_db + _MOST_LIMITING_DB)
    for number in range(_ENCODINGS):
        heard, used = _encode(source, level, samples, target), level
        if heard.is_right or loudness.is_silence:
            break
        level = level.corrected(heard, peak_dbtp=PEAK_DBTP - 0.3) if number else _settled(source, level)
        if level == used:
            break
    if not heard.is_right:
        lufs, peak = astuple(heard)
        log(logging.WARNING, "sound_off_target", f"the sound stays at {lufs} LUFS with peaks at {peak} dBTP")
    return AudioReport(
        integrated_lufs=heard.integrated_lufs,
        true_peak_dbtp=heard.true_peak_dbtp,
        gain_db=round(used.gain_db, 2),
        duration_ms=round(samples * 1000 / RATE_HZ),
    )


def _settled(source: list[str], level: _Level) -> _Level:
    """The level at which the loudness is right although the limiter reduces it.

    Found by the secant method; a trial costs a fifth of an encoding.
    """
    tried: list[tuple[float, float]] = []
    for _ in range(_TRIALS):
        heard = _measured(source, level.filters)
        if abs(heard.integrated_lufs - TARGET_LUFS) < 0.15 and heard.true_peak_dbtp <= _TRIAL_PEAK_DBTP:
            break
        tried.append((level.gain_db, heard.integrated_lufs))
        level = level.corrected(heard, peak_dbtp=_TRIAL_PEAK_DBTP, slope=_slope(tried))
    return level


def _slope(tried: list[tuple[float, float]]) -> float:
    """LU per dB between the last two trials of (gain, loudness), within reason."""
    if len(tried) < 2 or abs(tried[-1][0] - tried[-2][0]) < 0.05:
        return 1.0
    (gain, lufs), (later_gain, later_lufs) = tried[-2:]
    return min(1.0, max(0.2, (later_lufs - lufs) / (later_gain - gain)))


def _encode(source: list[str], level: _Level, samples: int, target: Path) -> _Loudness:
    """Encode, and measure what a player will play: the same ffmpeg decodes its own output.

    At this rate the fast coder is nearer to the source than the default one, in half the time.
    """
    coding = ["-c:a", "aac", "-profile:a", "aac_low", "-aac_coder", "fast", "-b:a", "160k"]
    filters = ["-af", f"{level.filters},{_exactly(samples)},{_NO_DENORMALS}"]
    file = [*_SAME_BYTES, "-f", "ipod", "-y", f"file:{target}"]
    decoded = ["-dec", "0:0", "-filter_complex", f"[dec:0]{_METER}:peak=true[heard]", "-map", "[heard]"]
    return _loudness(run([*source, "-map", "0:a", *filters, *coding, *file, *decoded, *_NOTHING]))


def _measured(source: list[str], filters: str) -> _Loudness:
    return _loudness(run([*source, "-af", f"{filters},{_METER}:peak=true", *_NOTHING]))


def _gain_to(lufs: float, loudness: _Loudness) -> float:
    return 0.0 if loudness.is_silence else min(lufs - loudness.integrated_lufs, _MOST_GAIN_DB)


def _loudness(said: str) -> _Loudness:
    """The result of the ebur128 filter; a sound shorter than its 0.4 s block counts as silence."""
    return _Loudness(
        integrated_lufs=max(_last_number(r"^    I: +(\S+) LUFS$", said), SILENCE_LUFS),
        true_peak_dbtp=max(_last_number(r"^    Peak: +(\S+) dBFS$", said), -120.0),
    )


def _last_number(pattern: str, said: str) -> float:
    found = re.findall(pattern, said, re.MULTILINE)
    number = float(found[-1]) if found else -math.inf
    return -math.inf if math.isnan(number) else number
