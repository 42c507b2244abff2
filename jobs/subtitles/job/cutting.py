"""The cut of a film that has got its subtitles: where its shots begin, its cues and their words."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from jobs.subtitles.job.documents import Cue, Cues, Media, Word, read_document, shown_transcript
from jobs.subtitles.job.names import AUDIO, CUES, MEDIA
from shared.cuts.cut import Cut, CutCaption, CutShot, CutWord
from shared.records.creation import Creation


def cut_of(creation: Creation, film: str) -> Cut:
    """Each shot is a stretch of the film itself, between two of the cuts that demux found.

    Raises `ObjectNotFound` for a document that was deleted since.
    """
    media = read_document(creation, MEDIA, Media)
    cues = read_document(creation, CUES, Cues)
    words = [word for segment in shown_transcript(creation).segments for word in segment.words]
    return Cut(
        frame_rate=Fraction(media.frame_rate),
        width=media.width or 0,
        height=media.height or 0,
        shots=_shots(media, film),
        captions=tuple(_caption(cue, cues.language, words) for cue in cues.cues),
        sound=AUDIO if creation.stat(AUDIO) else None,
    )


def _shots(media: Media, film: str) -> tuple[CutShot, ...]:
    rate = Fraction(media.frame_rate)
    end = max(1, round(Fraction(media.duration) * rate))
    inner = {round(Fraction(cut_s) * rate) for cut_s in media.cuts}
    bounds = [0, *sorted(frame for frame in inner if 0 < frame < end), end]
    return tuple(
        CutShot(kind="clip", shows=film, clip_from=start, clip_frames=end, frames=following - start)
        for start, following in pairwise(bounds)
    )


def _caption(cue: Cue, language: str, words: Sequence[Word]) -> CutCaption:
    first, end = cue.words
    return CutCaption(
        at_frame=cue.start_frame,
        frames=cue.end_frame - cue.start_frame,
        text="\n".join(cue.lines),
        language=language,
        words=tuple(
            CutWord(text=word.text, start_s=round(word.start, 3), end_s=round(word.end, 3))
            for word in words[first:end]
        ),
    )
