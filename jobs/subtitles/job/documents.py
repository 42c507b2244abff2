"""The documents that stages pass on, as JSON. Times are seconds from the start of the film's picture."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, PlainSerializer, ValidationError

from jobs.subtitles.job.names import CORRECTED, TRANSCRIPT
from shared.errors import StoreError
from shared.records.creation import Creation
from shared.records.documents import Document, Record, load, load_request
from shared.records.names import record_name
from shared.validation import problems_of

Seconds = Annotated[float, Field(ge=0), PlainSerializer(lambda value: round(value, 3))]
Timing = Literal["aligned", "recognised", "spread"]
"""How a word's times were found: by forced alignment, by the recogniser itself (less exact), or by spreading
the words of a translation over the times of what was said."""
UNKNOWN_SPEAKER: Final = "UNKNOWN"
MENDS: Final = "post_ner"
"""The stage that writes the corrected transcript, if it succeeds."""
_Data = TypeVar("_Data", bound=Document)


class Track(Document):
    """A stream of the film."""

    index: int
    kind: Literal["video", "audio", "subtitle", "attachment", "data"]
    codec: str
    language: str = "und"
    """ISO 639-2, as the container says it."""
    title: str = ""
    channels: int | None = None
    start: float = 0
    """When it starts; the delay of a track of sound."""
    is_default: bool = False
    dispositions: tuple[str, ...] = ()
    """What else the container says of it, e.g. `forced`, `comment`, `visual_impaired`, `attached_pic`."""


class Media(Document):
    """`metadata/media.json`: what the film is."""

    container: str
    """The demuxer's name, e.g. `mov,mp4,m4a,3gp,3g2,mj2`."""
    duration: Seconds
    frame_rate: str = Field("25", pattern=r"^\d+(/\d+)?$")
    """Of the frames in which subtitles are timed, e.g. `24000/1001`: the picture's; 25 without a picture."""
    width: int | None = None
    height: int | None = None
    """Of the picture as it is shown; None for a film that is sound alone."""
    rotation: int = 0
    """How far players turn the picture, in degrees anticlockwise: 90 or 270 for a phone held upright."""
    is_variable: bool = False
    """The picture's frame rate varies; `frame_rate` is then its average."""
    tracks: tuple[Track, ...]
    audio_track: int
    """The index of the track that was taken."""
    integrated_lufs: float | None = None
    """Of that track (EBU R 128); None for silence."""
    cuts: tuple[Seconds, ...] = ()
    """When another shot begins."""


class Stretch(Document):
    """A stretch of speech."""

    start: Seconds
    end: Seconds
    duration: Seconds


class SpeechSegments(Document):
    """`vad/*.json`: where there is speech, in order and without overlaps."""

    engine: str
    """What found it, e.g. `silero-v6`; of merged segments, the rule."""
    parameters: Mapping[str, float | int | str]
    segments: tuple[Stretch, ...]
    segment_count: int
    total_speech_duration: Seconds


class SpeakerStretch(Stretch):
    """A stretch in which one person speaks."""

    speaker: str
    """`SPEAKER_00`, `SPEAKER_01` … in the order in which they first speak; or `UNKNOWN`."""
    confidence: float = Field(ge=0, le=1)


class SpeakerSegments(Document):
    """`diarization/speaker_segments.json`: who speaks when."""

    engine: str
    experimental: bool
    """Not to be relied on."""
    speaker_count: int
    segments: tuple[SpeakerStretch, ...]


class Word(Document):
    """A word with the marks that belong to it, without spaces."""

    text: str = Field(min_length=1)
    start: Seconds
    end: Seconds
    probability: float | None = None
    """How sure the recogniser was, 0 to 1; None if it was not asked."""
    timing: Timing


class Segment(Document):
    """What is said in one go. Its words lie within it, in order and without overlaps."""

    id: int
    start: Seconds
    end: Seconds
    text: str
    speaker: str = UNKNOWN_SPEAKER
    words: tuple[Word, ...]
    source_text: str | None = None
    """What was said, if `text` is its translation."""
    language: str | None = None
    """BCP 47, of `text`, if that is not the transcript's."""


class Dropped(Document):
    """What the recogniser wrote that nobody said."""

    start: Seconds
    end: Seconds
    text: str
    reason: str


class Transcript(Document):
    """`transcription/*.json`: what is said, in order."""

    language: str
    """BCP 47, of the text."""
    source_language: str
    """Of what was said."""
    engine: str
    """What recognised it, e.g. `faster-whisper base int8`; `script` for a given text."""
    segments: tuple[Segment, ...]
    dropped: tuple[Dropped, ...] = ()


class Cue(Document):
    """A subtitle: one or two lines that are shown together."""

    start_frame: int = Field(ge=0)
    end_frame: int
    """The first frame without it."""
    lines: tuple[str, ...] = Field(min_length=1)
    """As they are shown, with dashes and names of speakers."""
    speakers: tuple[str, ...]
    """Of each line."""
    words: tuple[int, int]
    """The first of its words, and the one after the last, counted over the whole transcript."""


class Cues(Document):
    """`subtitles/cues.json`: what all formats are written from, in order and without overlaps."""

    language: str
    frame_rate: str
    profile: str
    cues: tuple[Cue, ...]


class Names(Document):
    """People, places or titles, each with other ways to write it."""

    name: str
    aliases: tuple[str, ...] = ()
    role: str = ""
    """Of an actor: whom they play."""


class Entities(Document):
    """`entities/pre_ner.json`: the names that may be said, the most important ones first."""

    source: Literal["tmdb", "sidecar", "title", "none"]
    persons: tuple[Names, ...] = ()
    """Characters."""
    actors: tuple[Names, ...] = ()
    locations: tuple[Names, ...] = ()
    titles: tuple[Names, ...] = ()

    @property
    def spoken(self) -> tuple[Names, ...]:
        """Those that may be heard in the film."""
        return (*self.persons, *self.locations, *self.titles)


def read_document(creation: Creation, name: str, kind: type[_Data]) -> _Data:
    """A document that an earlier stage wrote; raises `ObjectNotFound` if it is not there."""
    data, _ = creation.read(name)
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        reason = f"not a valid {kind.__name__} ({problems_of(error)}); run the stage that makes it again"
        raise StoreError("read", creation.key(name), reason) from error


def is_made(creation: Creation, name: str, stage: str) -> bool:
    """Whether the document of an optional stage is there and is of the creation's latest run: if the stage
    has failed in that, what it left earlier may be about another film. One that people put there counts."""
    if creation.stat(name) is None:
        return False
    request, _ = load_request(creation)
    record, _ = load(creation, record_name(stage, None), Record)
    if request is None or record is None:
        return True
    return record.run == request.run and record.status == "success"


def shown_transcript(creation: Creation) -> Transcript:
    """The transcript that the subtitles are made from: the corrected one, if the latest run made it."""
    name = CORRECTED if is_made(creation, CORRECTED, MENDS) else TRANSCRIPT
    return read_document(creation, name, Transcript)


def stretches(spans: Sequence[tuple[float, float]]) -> tuple[Stretch, ...]:
    """Stretches from starts and ends in seconds."""
    return tuple(Stretch(start=start, end=end, duration=end - start) for start, end in spans)
