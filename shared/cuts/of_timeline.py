"""The cut of a film that was rendered from a timeline."""

from shared.cuts.cut import Cut, CutCaption, CutShot, CutWord, Kind
from shared.video.timeline import Cue, Shot, Timeline


def cut_of_timeline(timeline: Timeline) -> Cut:
    """Its shots, cues and words; words over the picture and a figure are no part of a cut."""
    return Cut(
        frame_rate=timeline.frame_rate,
        width=timeline.width,
        height=timeline.height,
        shots=tuple(_shot(shot) for shot in timeline.shots),
        captions=tuple(_caption(cue, timeline) for cue in timeline.cues),
    )


def _shot(shot: Shot) -> CutShot:
    return CutShot(
        kind=_kind(shot),
        frames=shot.frames,
        shows=shot.picture or shot.clip,
        clip_from=shot.clip_from,
        colour=shot.colour,
        transition=shot.transition.kind,
        transition_frames=shot.transition.frames,
    )


def _kind(shot: Shot) -> Kind:
    if shot.picture:
        return "picture"
    return "clip" if shot.clip else "colour"


def _caption(cue: Cue, timeline: Timeline) -> CutCaption:
    start_s = cue.at_frame / timeline.frame_rate

    def heard_s(at_ms: int) -> float:
        return round(float(start_s) + at_ms / 1000, 6)

    return CutCaption(
        at_frame=cue.at_frame,
        frames=cue.frames,
        text=cue.text,
        language=cue.language,
        asset=cue.asset,
        words=tuple(
            CutWord(
                text=cue.text[word.start : word.end],
                start_s=heard_s(word.start_ms),
                end_s=heard_s(word.end_ms),
            )
            for word in cue.words
        ),
    )
