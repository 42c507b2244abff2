"""The cut as the HTTP API answers it; the fields are also its documentation."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.api.routes.models import creation_url
from shared.cuts.cut import Cut, CutCaption, CutShot
from shared.cuts.finished import FinishedFilm
from shared.cuts.loudness import STEP_S
from shared.records.names import ASSETS

Start = Annotated[float, Field(description="Seconds from the film's start.", examples=[4.5])]
End = Annotated[float, Field(description="Seconds from the film's start; exclusive.", examples=[9.25])]
AssetName = Annotated[str | None, Field(examples=["1/image.png"])]
Url = Annotated[str | None, Field(examples=["/me/creation/spring/assets/1/image.png"])]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class CutShotBody(_Body):
    """A shot. It begins with the first frame of the transition into it (of a dip, where the shot before
    begins to darken), and ends where the next one begins, although it stays in sight until the transition
    into that is over."""

    start_s: Start
    end_s: End
    asset: AssetName = Field(description="What is seen, below the creation's assets; null for a colour.")
    url: Url = Field(description="Where that is.")
    kind: Literal["picture", "clip", "colour"]
    clip_from_s: float = Field(description="Of a clip, how far into it the shot begins.", examples=[0.0])
    transition: Literal["cut", "crossfade", "dip", "slide"] = Field(description="Into this shot.")
    transition_s: float = Field(description="How long that takes; 0 for a cut.", examples=[0.6])


class CutWordBody(_Body):
    """A word and when it is heard; where nothing is spoken, when it is read."""

    text: str = Field(examples=["morning"])
    start_s: Start
    end_s: End


class CutCaptionBody(_Body):
    """A caption and when it is on screen."""

    start_s: Start
    end_s: End
    text: str = Field(description="As it is shown; lines end in a line feed.")
    language: str = Field(description="BCP 47.", examples=["en"])
    asset: str | None = Field(
        description="The asset whose text it is, below the creation's; null where there is none.",
        examples=["1/1.txt"],
    )
    words: list[CutWordBody]


class LoudnessBody(_Body):
    """How loud the film is all along."""

    step_s: float = Field(examples=[STEP_S])
    values: list[float] = Field(
        description="The root mean square of each step, even in decibels: 0 for -60 dBFS or quieter, "
        "1 for 0 dBFS.",
        examples=[[0.0, 0.412, 0.688]],
    )


class CutBody(_Body):
    """The cut of a finished film. All times are those of the film as it is played."""

    creation_id: str = Field(examples=["spring"])
    run: int = Field(description="The run that made the film.", examples=[1])
    film: str = Field(
        description="Where the film is, relative to the server.",
        examples=["/me/creation/spring/assets/video.mp4"],
    )
    frame_rate: str = Field(description="Frames a second.", examples=["30", "30000/1001"])
    duration_s: float
    width: int
    height: int
    shots: list[CutShotBody]
    captions: list[CutCaptionBody]
    loudness: LoudnessBody | None = Field(description="null where this server can't read the film's sound.")


def cut_body(finished: FinishedFilm, levels: Sequence[float] | None) -> CutBody:
    """`levels` are those of `loudness`, as far as the film goes, or None where they are unknown."""
    cut = finished.cut
    duration_s = cut.seconds(cut.frames)
    steps = math.ceil(duration_s / STEP_S)
    heard = LoudnessBody(step_s=STEP_S, values=list(levels[:steps])) if levels is not None else None
    return CutBody(
        creation_id=finished.creation_id,
        run=finished.run,
        film=creation_url(finished.creation_id, finished.film),
        frame_rate=str(cut.frame_rate),
        duration_s=duration_s,
        width=cut.width,
        height=cut.height,
        shots=[
            _shot(finished.creation_id, cut, shot, start)
            for shot, start in zip(cut.shots, cut.starts(), strict=True)
        ],
        captions=[_caption(caption, cut) for caption in cut.captions],
        loudness=heard,
    )


def _shot(creation_id: str, cut: Cut, shot: CutShot, start: int) -> CutShotBody:
    asset = _asset(shot.shows)
    return CutShotBody(
        start_s=cut.seconds(start),
        end_s=cut.seconds(start + shot.frames),
        asset=asset,
        url=creation_url(creation_id, f"{ASSETS}{asset}") if asset else None,
        kind=shot.kind,
        clip_from_s=cut.seconds(shot.clip_from),
        transition=shot.transition,
        transition_s=cut.seconds(shot.transition_frames),
    )


def _caption(caption: CutCaption, cut: Cut) -> CutCaptionBody:
    return CutCaptionBody(
        start_s=cut.seconds(caption.at_frame),
        end_s=cut.seconds(caption.at_frame + caption.frames),
        text=caption.text,
        language=caption.language,
        asset=_asset(caption.asset),
        words=[CutWordBody(text=word.text, start_s=word.start_s, end_s=word.end_s) for word in caption.words],
    )


def _asset(key: str | None) -> str | None:
    """The name below `assets/` of a key below the creation; None for what is no asset."""
    return key.removeprefix(ASSETS) if key and key.startswith(ASSETS) else None
