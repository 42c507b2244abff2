"""Small films made by ffmpeg, and the two stages run on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from jobs.subtitles import demux, mux
from jobs.subtitles.job.documents import Cue, Cues, Media, Transcript
from jobs.subtitles.job.names import CUES, MEDIA, OPTIONS, SOURCE_TRANSCRIPT, subtitles_name
from shared.machine.ffmpeg import run
from shared.providers.account import Account
from shared.records.creation import Creation, canonical_json
from shared.records.names import ASSETS
from shared.settings import Settings
from shared.stages.progress import Progress
from shared.stages.stage import Context, Result, Stage
from shared.storage.memory import MemoryStore

SRT = (
    "1\n00:00:00,500 --> 00:00:01,250\n<i>Hello</i> there.\n\n2\n00:00:01,500 --> 00:00:02,000\nBye, “you”.\n"
)
H264 = ("-c:v", "libx264", "-preset", "ultrafast")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8")
QUICK = {"libx264": H264, "libvpx": VP8}
"""Encoders that take long unless they are told to hurry."""
QUIET = ("-loglevel", "error", "-y")


def picture(seconds: float = 3, *, rate: str = "25", size: str = "320x180") -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}")


def tone(seconds: float = 3, *, hertz: int = 440, delay_s: float = 0) -> tuple[str, ...]:
    return ("-itsoffset", str(delay_s), "-f", "lavfi", "-i", f"sine={hertz}:r=48000:d={seconds}")


def seen(codec: str) -> tuple[str, ...]:
    """How a picture is encoded."""
    return QUICK.get(codec, ("-c:v", codec))


def make(path: Path, *arguments: str) -> Path:
    run([*QUIET, *arguments, path])
    return path


def cues(*spans: tuple[int, int, str], language: str = "en", frame_rate: str = "25") -> Cues:
    return Cues(
        language=language,
        frame_rate=frame_rate,
        profile="netflix",
        cues=tuple(
            Cue(
                start_frame=start,
                end_frame=end,
                lines=tuple(text.split("\n")),
                speakers=("SPEAKER_00",) * len(text.split("\n")),
                words=(0, 1),
            )
            for start, end, text in spans
        ),
    )


SPANS = ((12, 31, "Hello there."), (37, 50, "Bye, you."))


def creation_of(path: Path, options: Mapping[str, Any] | None = None) -> Creation:
    """A creation with this film, under the only name that it may have."""
    creation = Creation(MemoryStore(), "spring")
    creation.upload(path, f"{ASSETS}film{path.suffix}")
    if options:
        creation.write(OPTIONS, canonical_json(dict(options)))
    return creation


def with_subtitles(
    creation: Creation, document: Cues | None = None, *, source: str | None = None
) -> Creation:
    """After the stage that writes them; `source` is the language of what is said, if it is another."""
    found = document or cues(*SPANS)
    creation.write(CUES, found.model_dump_json().encode())
    creation.write(subtitles_name("srt"), SRT.encode())
    if source:
        transcript = Transcript(language=source, source_language=source, engine="script", segments=())
        creation.write(subtitles_name("srt", source=True), SRT.replace("Bye", "Tschüss").encode())
        creation.write(SOURCE_TRANSCRIPT, transcript.model_dump_json().encode())
    return creation


def context_of(creation: Creation, scratch: Path, progress: Progress | None = None) -> Context:
    scratch.mkdir(exist_ok=True)
    return Context(
        creation=creation,
        parameters={},
        settings=Settings(cores=2),
        task_index=0,
        task_count=1,
        scratch=scratch,
        progress=progress or Progress(),
        account=Account(creation.store),
        abandoned=lambda: False,
    )


def _ran(stage: Stage, creation: Creation, scratch: Path) -> Result:
    result = stage.run(context_of(creation, scratch))
    for output in result.outputs.values():
        creation.upload(output.path, output.name)
    return result


class Demuxed:
    """The outcome of demux for a film."""

    def __init__(self, path: Path, scratch: Path, options: Mapping[str, Any] | None = None) -> None:
        creation = creation_of(path, options)
        self.result = _ran(demux.STAGE, creation, scratch)
        self.media = Media.model_validate_json(creation.read(MEDIA)[0])
        with av.open(str(self.result.outputs["audio"].path)) as wav:
            stream = wav.streams.audio[0]
            self.format = (stream.codec_context.name, stream.rate, stream.codec_context.channels)
            blocks = [frame.to_ndarray()[0] for frame in wav.decode(stream)]
        self.samples: NDArray[np.int16] = np.concatenate(blocks)

    @property
    def seconds(self) -> float:
        return len(self.samples) / 16_000

    def first_sound_s(self) -> float:
        """When the first sample is heard that is louder than -30 dBFS."""
        return float(np.flatnonzero(np.abs(self.samples) > 1000)[0]) / 16_000

    def level_dbfs(self) -> float:
        """Of the last second, as a sine's amplitude."""
        tail = self.samples[-16_000:].astype(np.float64) / 32768
        return float(10 * np.log10(2 * np.mean(tail**2) + 1e-12))


class Muxed:
    """The outcome of mux for a film."""

    def __init__(self, creation: Creation, scratch: Path) -> None:
        self.result = _ran(mux.STAGE, creation, scratch)
        self.path = self.result.outputs["video"].path
        with av.open(str(self.path)) as film:
            self.container = film.format.name
            self.kinds = [stream.type for stream in film.streams]
            self.codecs = [
                s.codec_context.codec.canonical_name if s.codec_context else "" for s in film.streams
            ]
            self.languages = [stream.metadata.get("language", "und") for stream in film.streams]
            self.titles = [stream.metadata.get("title", "") for stream in film.streams]
            self.dispositions = [
                {flag.name for flag in type(s.disposition) if flag in s.disposition} for s in film.streams
            ]
            self.starts = [float((s.start_time or 0) * (s.time_base or 0)) for s in film.streams]
            self.duration_s = (film.duration or 0) / 1e6

    def packets(self, kind: str) -> list[bytes]:
        return packets(self.path, kind)

    def srt(self, number: int = 0) -> str:
        """A track of subtitles, written as SubRip again."""
        target = self.path.with_name(f"again-{number}.srt")
        make(target, "-i", str(self.path), "-map", f"0:s:{number}")
        return target.read_text()


def packets(path: Path, kind: str) -> list[bytes]:
    """What the first track of a kind holds, packet by packet."""
    with av.open(str(path)) as film:
        stream = next(stream for stream in film.streams if stream.type == kind)
        return [bytes(packet) for packet in film.demux(stream) if packet.size]
