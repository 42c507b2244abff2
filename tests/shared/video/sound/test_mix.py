import re
import socket
import struct
import wave
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import InvalidAssets
from shared.machine.ffmpeg import run
from shared.video.sound import mix as audio
from shared.video.sound import music_limits
from shared.video.sound.mix import PEAK_DBTP, RATE_HZ, TARGET_LUFS, AudioReport, check_music, mix_audio
from shared.video.timeline import Music, Shot, Spoken, Timeline
from tests.support.shards import EXTENTS, Extent, in_parts, in_turn

Sound = NDArray[np.float64]


def film(
    frames: int,
    *speech: tuple[str, int],
    volume: float | None = None,
    looped: bool = True,
    frame_rate: Fraction = Fraction(30),
) -> Timeline:
    """A timeline with speech `(key, at_frame)` and, if `volume` is given, music called `music`."""
    return Timeline(
        width=64,
        height=64,
        frame_rate=frame_rate,
        shots=(Shot(frames=frames),),
        speech=tuple(Spoken(key=key, at_frame=at_frame) for key, at_frame in speech),
        music=None if volume is None else Music(key="music", volume=volume, looped=looped),
    )


def write_wav(path: Path, sound: Sound, rate_hz: int = RATE_HZ) -> Path:
    """Mono if `sound` has one dimension, else one channel a column."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if sound.ndim == 1 else sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def voice(path: Path, seconds: float, *, rate_hz: int = 22_050, loud: float = 0.5, seed: int = 1) -> Path:
    """Syllables: noise between 300 and 3000 Hz with the rhythm of speech, cut off sharply at both ends."""
    count = int(seconds * rate_hz)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    frequency = np.fft.rfftfreq(count, 1 / rate_hz)
    spectrum[(frequency < 300) | (frequency > 3000)] = 0
    sound = np.fft.irfft(spectrum, count)
    syllables = 0.55 + 0.45 * np.cos(2 * np.pi * 4 * np.arange(count) / rate_hz)
    sound *= syllables
    return write_wav(path, loud * sound / np.abs(sound).max(), rate_hz)


def tone(path: Path, seconds: float, *, hz: float = 9000, loud: float = 0.3) -> Path:
    """Music to be told from the voice by its pitch, with a little noise: AAC's encoder takes four times as
    long for a pure tone."""
    at_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(2).standard_normal(at_s.size)
    return write_wav(path, loud * (np.sin(2 * np.pi * hz * at_s) + 0.003 * noise))


def heard(path: Path) -> Sound:
    """What a player plays: the edit list is honoured. Shape (samples, 2)."""
    raw = path.with_suffix(".f64")
    run(["-i", f"file:{path}", "-f", "f64le", "-y", f"file:{raw}"])
    return np.fromfile(raw, "<f8").reshape(-1, 2)


def loudness(path: Path) -> tuple[float, float]:
    """Integrated LUFS and true peak in dBTP."""
    said = run(["-i", f"file:{path}", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"])
    integrated, peak = re.search(r"I: +(\S+) LUFS", said), re.search(r"Peak: +(\S+) dBFS", said)
    assert integrated
    assert peak
    return float(integrated[1]), float(peak[1])


def level_db(sound: Sound, from_s: float, to_s: float, *, band: tuple[float, float] = (20, 20_000)) -> float:
    """RMS between two times, of what lies within a band of frequencies."""
    part = sound[int(from_s * RATE_HZ) : int(to_s * RATE_HZ), 0]
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    frequency = np.fft.rfftfreq(len(part), 1 / RATE_HZ)
    inside = power[(frequency >= band[0]) & (frequency <= band[1])].sum()
    return float(10 * np.log10(inside / len(part) ** 2 + 1e-20))


MUSIC_BAND, VOICE_BAND = (8500, 9500), (200, 3500)


def mix(timeline: Timeline, folder: Path, **files: Path) -> tuple[Path, AudioReport]:
    target = folder / "film.m4a"
    report = mix_audio(timeline, files, target, folder)
    return target, report


def problem_of(error: pytest.ExceptionInfo[InvalidAssets]) -> str:
    (problem,) = error.value.problems
    return problem


@pytest.mark.parametrize(("with_speech", "volume"), [(True, None), (True, 0.25), (False, 0.25)])
@pytest.mark.parametrize("loud", [0.9, 0.02])
def test_every_film_has_the_same_loudness(
    tmp_path: Path, with_speech: bool, volume: float | None, loud: float
) -> None:
    files = {
        "one": voice(tmp_path / "one.wav", 3, loud=loud),
        "two": voice(tmp_path / "two.wav", 2, loud=loud),
    }
    speech = [("one", 15), ("two", 120)] if with_speech else []
    music = tone(tmp_path / "music.wav", 3, hz=440, loud=loud)
    target, report = mix(film(210, *speech, volume=volume), tmp_path, music=music, **files)
    lufs, peak = loudness(target)
    assert abs(lufs - TARGET_LUFS) <= 0.5
    assert peak <= PEAK_DBTP
    assert (report.integrated_lufs, report.true_peak_dbtp) == (lufs, peak)
    assert report.duration_ms == 7000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_keeps_denormals_out_of_pauses_changes_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    timeline = film(150, ("one", 30 * seed))
    one = voice(tmp_path / "one.wav", 1, seed=seed, loud=0.5 / seed)
    kept_out = mix(timeline, tmp_path, one=one)[0].read_bytes()
    monkeypatch.setattr(audio, "_NO_DENORMALS", "anull")
    assert mix(timeline, tmp_path, one=one)[0].read_bytes() == kept_out


def test_peaks_of_a_spiky_voice_are_held(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    sound = rng.normal(size=RATE_HZ * 4) * 0.03
    sound[:: RATE_HZ // 8] = 1
    sound[1 :: RATE_HZ // 8] = -1
    target, _ = mix(film(150, ("spiky", 10)), tmp_path, spiky=write_wav(tmp_path / "spiky.wav", sound))
    assert loudness(target)[1] <= PEAK_DBTP


def test_clicks_in_silence_are_not_blown_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sound = np.zeros(RATE_HZ * 4)
    sound[RATE_HZ :: RATE_HZ // 2] = 0.5
    target, report = mix(film(150, ("clicks", 0)), tmp_path, clicks=write_wav(tmp_path / "clicks.wav", sound))
    assert loudness(target)[1] <= PEAK_DBTP
    assert report.gain_db <= 40


@pytest.mark.parametrize("silent", ["no sound at all", "music", "muted music", "speech", "both"])
def test_silence_is_valid_sound(tmp_path: Path, silent: str) -> None:
    nothing = write_wav(tmp_path / "nothing.wav", np.zeros(RATE_HZ * 2))
    loud = tone(tmp_path / "tone.wav", 2)
    timeline = {
        "no sound at all": film(100),
        "music": film(100, volume=0.5),
        "muted music": film(100, volume=0.0),
        "speech": film(100, ("hush", 5)),
        "both": film(100, ("hush", 5), volume=1.0),
    }[silent]
    music = loud if silent == "muted music" else nothing
    target, report = mix(timeline, tmp_path, music=music, hush=nothing)
    sound = heard(target)
    assert len(sound) == 160_000
    assert np.abs(sound).max() < 1e-4
    assert report == AudioReport(integrated_lufs=-70.0, true_peak_dbtp=-120.0, gain_db=0.0, duration_ms=3333)


LENGTHS = (
    (1, Fraction(30)),
    (2, Fraction(60)),
    (17, Fraction(24)),
    (101, Fraction(30000, 1001)),
    (77, Fraction(24000, 1001)),
    (64, Fraction(25)),
)


@pytest.mark.parametrize(
    ("frames", "frame_rate", "volume"),
    in_turn([(*length, volume) for length in LENGTHS for volume in (None, 0.5)]),
)
def test_the_sound_is_exactly_as_long_as_the_film(
    tmp_path: Path, frames: int, frame_rate: Fraction, volume: float | None
) -> None:
    files = {"long": voice(tmp_path / "long.wav", 9), "music": tone(tmp_path / "music.wav", 2)}
    timeline = film(frames, ("long", 0), volume=volume, frame_rate=frame_rate)
    target, report = mix(timeline, tmp_path, **files)
    samples = round(frames * RATE_HZ / frame_rate)
    assert len(heard(target)) == samples
    assert report.duration_ms == round(samples / 48)


def place_of(piece: Sound, sound: Sound) -> int:
    """The sample at which `piece` is found in `sound`, by cross-correlation."""
    size = len(piece) + len(sound)
    product = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(piece, size))
    return int(np.argmax(np.fft.irfft(product, size)[: len(sound)]))


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000])
def test_speech_starts_at_its_sample(tmp_path: Path, rate_hz: int) -> None:
    places = (31, 70)
    files = {str(at): voice(tmp_path / f"{at}.wav", 1, rate_hz=rate_hz, seed=at) for at in places}
    timeline = film(105, *((str(at), at) for at in places), frame_rate=Fraction(30000, 1001))
    sound = heard(mix(timeline, tmp_path, **files)[0])[:, 0]
    for at in places:
        with wave.open(str(files[str(at)])) as file:
            spoken = np.frombuffer(file.readframes(rate_hz), "<i2").astype(float)
        at_48_khz = np.interp(np.arange(RATE_HZ) / RATE_HZ, np.arange(len(spoken)) / rate_hz, spoken)
        exact = round(at * RATE_HZ * Fraction(1001, 30000))
        assert abs(place_of(at_48_khz, sound) - exact) <= 12
        assert np.abs(sound[exact - 4800 : exact - 1200]).max() < 0.02 * np.abs(sound).max()


def test_pieces_of_speech_that_overlap_are_both_heard(tmp_path: Path) -> None:
    files = {"low": tone(tmp_path / "low.wav", 2, hz=300), "high": tone(tmp_path / "high.wav", 2, hz=1200)}
    sound = heard(mix(film(120, ("low", 0), ("high", 30)), tmp_path, **files)[0])
    for band in ((250, 350), (1100, 1300)):
        assert level_db(sound, 1.2, 1.8, band=band) > level_db(sound, 3.3, 3.9) + 40


def test_speech_beyond_the_end_is_cut(tmp_path: Path) -> None:
    timeline = film(60, ("long", 30), ("long", 59), ("long", 60), ("long", 300))
    assert len(heard(mix(timeline, tmp_path, long=voice(tmp_path / "long.wav", 3))[0])) == 96_000


def test_music_gives_way_to_the_voice_and_comes_back(tmp_path: Path) -> None:
    files = {"one": voice(tmp_path / "one.wav", 2.5), "music": tone(tmp_path / "music.wav", 10)}
    sound = heard(mix(film(300, ("one", 60), volume=0.25), tmp_path, **files)[0])
    before, during, after = (
        level_db(sound, *span, band=MUSIC_BAND) for span in ((1, 1.75), (3, 4.25), (7, 8))
    )
    assert before - during >= 6
    assert abs(after - before) < 1


def test_music_gives_way_before_the_first_syllable(tmp_path: Path) -> None:
    files = {"one": voice(tmp_path / "one.wav", 3), "music": tone(tmp_path / "music.wav", 10)}
    sound = heard(mix(film(180, ("one", 60), volume=0.25), tmp_path, **files)[0])
    just_before = level_db(sound, 1.92, 1.98, band=MUSIC_BAND)
    assert level_db(sound, 1.6, 1.66, band=MUSIC_BAND) - just_before > 3


def test_the_ducking_does_not_breathe_between_words(tmp_path: Path) -> None:
    files = {"one": voice(tmp_path / "one.wav", 5), "music": tone(tmp_path / "music.wav", 10)}
    sound = heard(mix(film(270, ("one", 60), volume=0.25), tmp_path, **files)[0])
    levels = [level_db(sound, at, at + 0.1, band=MUSIC_BAND) for at in np.arange(3, 6.5, 0.1)]
    assert max(levels) - min(levels) < 3


def test_volume_is_the_loudness_of_music_next_to_the_voice(tmp_path: Path) -> None:
    files = {"one": voice(tmp_path / "one.wav", 3), "music": tone(tmp_path / "music.wav", 10, hz=1000)}
    between = []
    for volume in (0.5, 0.125):
        sound = heard(mix(film(285, ("one", 30), volume=volume), tmp_path, **files)[0])
        between.append(level_db(sound, 1.5, 3.5) - level_db(sound, 6, 7.5))
    assert abs(between[1] - between[0] - 12) < 1.5
    assert abs(between[0] - 6) < 5


def test_quiet_and_loud_music_files_make_the_same_film(tmp_path: Path) -> None:
    spoken = voice(tmp_path / "one.wav", 3)
    levels: list[Sound] = []
    for loud in (0.9, 0.02):
        files = {"one": spoken, "music": tone(tmp_path / "music.wav", 4, loud=loud)}
        sound = heard(mix(film(300, ("one", 30), volume=0.25), tmp_path, **files)[0])
        levels.append(np.array([level_db(sound, at, at + 1.5, band=MUSIC_BAND) for at in (2, 6)]))
    assert np.abs(levels[0] - levels[1]).max() < 0.5


def test_music_fades_in_and_out(tmp_path: Path) -> None:
    sound = heard(mix(film(240, volume=0.25), tmp_path, music=tone(tmp_path / "music.wav", 3, hz=440))[0])
    full = level_db(sound, 3, 4)
    assert level_db(sound, 0, 0.05) < full - 15
    assert level_db(sound, 0.9, 1.4) == pytest.approx(full, abs=1)
    assert level_db(sound, 5.4, 5.9) == pytest.approx(full, abs=1)
    assert level_db(sound, 7.95, 8) < full - 15


def test_music_made_for_the_film_is_played_once_from_its_first_to_its_last_sample(tmp_path: Path) -> None:
    timeline = film(240, volume=0.25, looped=False)
    sound = heard(mix(timeline, tmp_path, music=tone(tmp_path / "music.wav", 6, hz=440))[0])
    full = level_db(sound, 3, 4)
    assert level_db(sound, 0, 0.05) == pytest.approx(full, abs=1)
    assert level_db(sound, 5.9, 5.99) == pytest.approx(full, abs=1)
    assert level_db(sound, 6.1, 8) < full - 40


@pytest.mark.parametrize(
    "kind", in_turn([("wav",), ("mp3",), ("m4a",), ("ogg",)], kind=lambda case: case[0] == "wav")
)
def test_music_loops_without_a_gap_or_a_click(tmp_path: Path, kind: str) -> None:
    """Noise whose file starts and ends with silence, as codecs and people leave it."""
    rng = np.random.default_rng(3)
    body = np.convolve(rng.normal(size=RATE_HZ * 4), np.hanning(200), "same")
    sound = np.concatenate([np.zeros(9000), 0.3 * body / np.abs(body).max(), np.zeros(14_000)])
    music = tmp_path / f"music.{kind}"
    run(["-i", write_wav(tmp_path / "source.wav", sound), "-y", music])
    looped = heard(mix(film(450, volume=1.0), tmp_path, music=music)[0])
    levels = [level_db(looped, at, at + 0.1) for at in np.arange(1, 12.9, 0.05)]
    assert min(levels) > float(np.median(levels)) - 7
    jumps = np.abs(np.diff(looped[RATE_HZ : 12 * RATE_HZ, 0], 2))
    assert jumps.max() < 12 * np.sqrt(np.mean(jumps**2))


def test_a_loop_repeats_the_whole_piece(tmp_path: Path) -> None:
    """A beep at one second of four: in the film at one second, then each three, as one second overlaps."""
    at_s = np.arange(RATE_HZ * 4) / RATE_HZ
    beep = (np.abs(at_s - 1.55) < 0.05) * np.sin(2 * np.pi * 2000 * at_s)
    music = write_wav(tmp_path / "music.wav", 0.05 * np.sin(2 * np.pi * 200 * at_s) + 0.3 * beep)
    sound = heard(mix(film(360, volume=1.0), tmp_path, music=music)[0])
    levels = np.array([level_db(sound, at, at + 0.1, band=(1900, 2100)) for at in np.arange(0, 11.9, 0.1)])
    loud = np.flatnonzero(levels > levels.max() - 6) / 10
    assert loud.tolist() == pytest.approx([1.5, 4.5, 7.5, 10.5], abs=0.11)


def test_stereo_music_stays_stereo(tmp_path: Path) -> None:
    at_s = np.arange(RATE_HZ * 3) / RATE_HZ
    left, right = 0.3 * np.sin(2 * np.pi * 400 * at_s), 0.3 * np.sin(2 * np.pi * 900 * at_s)
    music = write_wav(tmp_path / "music.wav", np.column_stack([left, right]))
    sound = heard(mix(film(60, volume=1.0), tmp_path, music=music)[0])
    swapped = sound[:, ::-1]
    assert level_db(sound, 0.8, 1.2, band=(380, 420)) > level_db(swapped, 0.8, 1.2, band=(380, 420)) + 20
    assert level_db(swapped, 0.8, 1.2, band=(880, 920)) > level_db(sound, 0.8, 1.2, band=(880, 920)) + 20


def test_the_voice_is_in_the_middle(tmp_path: Path) -> None:
    sound = heard(mix(film(60, ("one", 0)), tmp_path, one=voice(tmp_path / "one.wav", 1))[0])
    assert np.abs(sound[:, 0] - sound[:, 1]).max() < 0.01


@pytest.mark.parametrize("extent", EXTENTS)
def test_same_inputs_give_the_same_bytes(tmp_path: Path, extent: Extent) -> None:
    made = set()
    for name in ("a", "another place", "3", "4", "5", "6")[: 6 if extent == "all" else 3]:
        folder = tmp_path / name
        folder.mkdir()
        files = {"one": voice(folder / "one.wav", 2), "music": tone(folder / "music.wav", 2)}
        made.add(mix(film(90, ("one", 10), volume=0.25), folder, **files)[0].read_bytes())
    assert len(made) == 1


def test_the_sound_is_aac_lc_at_48_khz_in_stereo(tmp_path: Path) -> None:
    target, _ = mix(film(60, ("one", 0)), tmp_path, one=voice(tmp_path / "one.wav", 1))
    said = run(["-i", target, "-f", "null", "-"])
    assert re.search(r"Audio: aac \(LC\) .*, 48000 Hz, stereo", said)
    assert "encoder" not in said.split("Output #0")[0]


def test_nothing_is_left_in_the_scratch_folder(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    files = {"one": voice(tmp_path / "one.wav", 1), "music": tone(tmp_path / "music.wav", 2)}
    mix_audio(film(60, ("one", 0), volume=0.25), files, tmp_path / "film.m4a", scratch)
    assert list(scratch.iterdir()) == []


def test_odd_names_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = Path("-y 'it\"s' 100%d: [a],b;c=$x\\é#?")
    odd.mkdir()
    files: Mapping[str, Path] = {
        "one": voice(odd / "-i:one'.wav", 1).rename(Path("-one:'%03d.wav")),
        "music": tone(odd / "http:music.wav", 2).rename(Path("-f.mp3,[0:a];")),
    }
    report = mix_audio(film(60, ("one", 0), volume=0.25), files, Path("-film: %d'.m4a"), odd)
    assert len(heard(Path("-film: %d'.m4a"))) == 96_000
    assert report.integrated_lufs > -20
    assert check_music(files["music"], name="music") == 2000


def test_speech_that_is_no_wav_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "one.wav"
    broken.write_bytes(b"RIFF\x00\x00\x00\x00WAVEnothing")
    with pytest.raises(InvalidAssets) as caught:
        mix(film(60, ("assets/3/speech.wav", 0)), tmp_path, **{"assets/3/speech.wav": broken})
    assert "assets/3/speech.wav" in problem_of(caught)


def encoded(folder: Path, name: str, *options: str, seconds: float = 3) -> Path:
    path = folder / name
    path.write_bytes(_encoded(name, options, seconds))
    return path


@cache
def _encoded(name: str, options: tuple[str, ...], seconds: float) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        run(["-i", tone(Path(folder) / "source.wav", seconds, hz=440), *options, "-y", path])
        return path.read_bytes()


FORMATS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a.mp3", ()),
    ("a.wav", ()),
    ("b.wav", ("-c:a", "pcm_s24le", "-ar", "96000", "-ac", "6")),
    ("c.wav", ("-c:a", "pcm_f32le")),
    ("d.wav", ("-c:a", "adpcm_ms")),
    ("a.m4a", ()),
    ("b.m4a", ("-c:a", "alac")),
    ("a.aac", ()),
    ("a.ogg", ("-c:a", "libvorbis")),
    ("b.ogg", ("-c:a", "libopus")),
    ("a.flac", ()),
    ("any name", ("-f", "mp3")),
    ("wrong.wav", ("-f", "mp3")),
)


@pytest.mark.parametrize(("name", "options"), FORMATS)
def test_music_in_common_formats_is_accepted(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    assert check_music(encoded(tmp_path, name, *options), name="music") == pytest.approx(3000, abs=60)


@pytest.mark.parametrize(("name", "options"), in_parts(FORMATS))
def test_music_in_common_formats_is_heard(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    _, report = mix(film(60, volume=0.5), tmp_path, music=encoded(tmp_path, name, *options))
    assert abs(report.integrated_lufs - TARGET_LUFS) <= 0.5


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.flac"])
def test_music_with_a_cover_picture_is_accepted(tmp_path: Path, name: str) -> None:
    cover = tmp_path / "cover.jpg"
    run(["-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", cover])
    maps = ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic"]
    path = tmp_path / f"covered-{name}"
    run(["-i", encoded(tmp_path, name), "-i", cover, *maps, path])
    assert check_music(path, name="music") == pytest.approx(3000, abs=60)


def refused(path: Path, folder: Path) -> str:
    """The problem that both the check and the mix report."""
    with pytest.raises(InvalidAssets) as checked:
        check_music(path, name="assets/music")
    with pytest.raises(InvalidAssets) as mixed:
        mix_audio(
            Timeline(
                width=64,
                height=64,
                frame_rate=Fraction(30),
                shots=(Shot(frames=60),),
                music=Music(key="assets/music"),
            ),
            {"assets/music": path},
            folder / "film.m4a",
            folder,
        )
    assert problem_of(checked) == problem_of(mixed)
    assert "assets/music" in problem_of(checked)
    assert not (folder / "film.m4a").exists()
    return problem_of(checked)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello words\n" * 5000,
        bytes(np.random.default_rng(1).integers(0, 256, 100_000, np.uint8)),
        b"ID3\x04\0\0\0\0\0\0" + b"\0" * 4000,
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom",
        b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0",
    ],
    ids=["empty", "text", "random", "only a tag", "wav head", "m4a head", "midi"],
)
def test_what_is_no_music_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "music.mp3"
    path.write_bytes(content)
    assert "can't be played" in refused(path, tmp_path)


@pytest.mark.parametrize("name", ["picture.png", "silent.mp4", "music.ac3"])
def test_media_of_other_kinds_are_refused(tmp_path: Path, name: str) -> None:
    source = "color=red:s=64x64:d=2" if name in ("picture.png", "silent.mp4") else "sine=d=2"
    frames = ["-frames:v", "1"] if name == "picture.png" else []
    run(["-f", "lavfi", "-i", source, *frames, tmp_path / name])
    assert "can't be played" in refused((tmp_path / name).rename(tmp_path / "music.mp3"), tmp_path)


def test_a_wav_with_a_rare_codec_in_it_is_refused(tmp_path: Path) -> None:
    assert "can't be played" in refused(encoded(tmp_path, "music.wav", "-c:a", "adpcm_yamaha"), tmp_path)


def test_music_under_a_second_is_refused(tmp_path: Path) -> None:
    assert "500 ms" in refused(tone(tmp_path / "music.wav", 0.5), tmp_path)


@pytest.mark.parametrize(
    ("name", "options"), [("a.mp3", ()), ("a.flac", ()), ("a.m4a", ("-movflags", "+faststart"))]
)
def test_an_incomplete_upload_is_refused(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    path = encoded(tmp_path, name, *options, seconds=8)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InvalidAssets, match=r"of its 8\.0 s"):
        check_music(path, name="music")


def raw_wav(path: Path, *, rate_hz: int, channels: int, size_bytes: int) -> Path:
    """8 bits a sample, silent."""
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels, channels, 8)
    head = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size_bytes)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 4 + len(head) + size_bytes) + b"WAVE" + head + b"\x80" * size_bytes
    )
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InvalidAssets) as caught:
        check_music(path, name="assets/music.wav")
    return problem_of(caught)


def test_music_of_days_is_refused_by_what_its_file_says(tmp_path: Path) -> None:
    path = raw_wav(tmp_path / "music.wav", rate_hz=8000, channels=1, size_bytes=8000 * 3 * 3600 + 16000)
    problem = refusal(path)
    assert "'assets/music.wav' is 3:00:02 long, longer than the 3:00:00" in problem
    assert "cut it" in problem


def test_no_more_music_is_decoded_than_is_allowed_whatever_its_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream of bare frames says nothing of its length."""
    monkeypatch.setattr(audio, "MOST_MUSIC_S", 2)
    monkeypatch.setattr(music_limits, "MOST_MUSIC_S", 2)
    path = encoded(tmp_path, "music.aac", seconds=12)
    assert "is 0:00:03 long" in refusal(path)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "named"), [(1, 1, "1 samples a second"), (48000, 64, "64 channels")]
)
def test_music_of_absurd_rates_or_channels_is_refused(
    tmp_path: Path, rate_hz: int, channels: int, named: str
) -> None:
    path = raw_wav(tmp_path / "music.wav", rate_hz=rate_hz, channels=channels, size_bytes=64 * 96)
    assert named in refusal(path)


def test_music_that_takes_too_long_to_decode_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio, "MOST_MUSIC_CHECK_S", 0)
    assert "takes more than the 0 s" in refusal(tone(tmp_path / "music.wav", 3))


@pytest.fixture
def listener() -> socket.socket:
    """A port on which nobody must call."""
    return socket.create_server(("127.0.0.1", 0))


HOSTILE = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{target}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "m3u": "{target}\n",
    "pls": "[playlist]\nFile1={target}\nNumberOfEntries=1\n",
    "dash": (
        "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static' "
        "mediaPresentationDuration='PT3S'><Period><AdaptationSet mimeType='audio/mp4'>"
        "<Representation id='1' bandwidth='1'><BaseURL>{target}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>"
    ),
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=audio 5004 RTP/AVP 0\n# {target}\n",
}


@pytest.mark.parametrize(("kind", "name"), [("hls", "list.m3u8"), ("concat", "list.mp3")])
def test_ffmpeg_itself_would_follow_a_playlist(tmp_path: Path, kind: str, name: str) -> None:
    """What makes the next test one: without the whitelists these are played."""
    encoded(tmp_path, "secret.aac")
    path = tmp_path / name
    path.write_text(HOSTILE[kind].format(target="secret.aac"))
    assert "Audio: aac" in run(["-i", path, "-f", "null", "-"])


@pytest.mark.parametrize("name", ["music.mp3", "music.m3u8"])
@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_playlist_opens_no_other_file_or_address(
    tmp_path: Path, kind: str, name: str, listener: socket.socket
) -> None:
    secret = encoded(tmp_path, "secret.aac")
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/a.aac"
    for target in (secret.name, f"file:{secret}", address):
        path = tmp_path / name
        path.write_text(HOSTILE[kind].format(target=target))
        with pytest.raises(InvalidAssets):
            check_music(path, name="music")
    with listener:
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_playlist_as_music_of_a_film_is_refused(tmp_path: Path) -> None:
    encoded(tmp_path, "secret.aac")
    path = tmp_path / "music.mp3"
    path.write_text(HOSTILE["hls"].format(target="secret.aac"))
    refused(path, tmp_path)
