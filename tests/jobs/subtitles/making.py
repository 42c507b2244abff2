"""Transcripts whose words are made up."""

from collections.abc import Sequence

from jobs.subtitles.job.documents import UNKNOWN_SPEAKER, Media, Segment, Track, Transcript, Word

MEDIA = Media(
    container="mov,mp4",
    duration=100.0,
    frame_rate="24000/1001",
    tracks=(Track(index=0, kind="audio", codec="aac"),),
    audio_track=0,
)


def words_of(text: str, start: float, *, letter_s: float = 0.065, gap_s: float = 0.02) -> tuple[Word, ...]:
    """Words one after the other, each as long as its letters take."""
    found, at = [], start
    for each in text.split():
        end = at + max(0.12, len(each) * letter_s)
        found.append(Word(text=each, start=at, end=end, probability=0.9, timing="aligned"))
        at = end + gap_s
    return tuple(found)


def transcript_of(said: Sequence[tuple[float, str, str]], language: str = "en") -> Transcript:
    """From when, by whom and what."""
    segments = []
    for number, (start, speaker, text) in enumerate(said):
        words = words_of(text, start)
        segments.append(
            Segment(
                id=number,
                start=start,
                end=words[-1].end,
                text=text,
                speaker=speaker or UNKNOWN_SPEAKER,
                words=words,
            )
        )
    return Transcript(language=language, source_language=language, engine="made up", segments=tuple(segments))
