"""The presenter in the film: the avatar, made ready once, and the figure that follows the voice."""

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, Final

from jobs.presenter.film.direction import Directed
from jobs.presenter.film.drawn import Deck
from jobs.presenter.film.stand import Stand
from jobs.presenter.talk import CLIP_TYPES, Talk
from shared.stages.film_steps import fetch_assets
from shared.stages.stage import Context
from shared.video.timeline import Figure

AVATARS: Final = "cache/avatar/"
"""The folder of the avatar as the film shows it, by its content."""


@dataclass(frozen=True, kw_only=True)
class Presenter:
    """The avatar and where it stands."""

    figure: Figure
    """Without levels."""
    name: str
    """Of the avatar's object."""


def presenter_of(context: Context, deck: Deck, talk: Talk) -> Presenter | None:
    """Make the avatar ready and store it; None if there is none.

    Raises `InvalidAssets` for a picture or a clip that can't be used.
    """
    stand = deck.stand
    if stand is None:
        return None
    if talk.avatar and PurePosixPath(talk.avatar).suffix.lower() in CLIP_TYPES:
        path, frames = _clip(context, talk.avatar, talk.options.frame_rate, round(stand.diameter))
        name, content_hash = _stored(context, path)
        figure = figure_at(stand, deck, clip=name, clip_hash=content_hash, clip_frames=frames)
    else:
        name, content_hash = _stored(context, _picture(context, deck, talk))
        figure = figure_at(stand, deck, picture=name, picture_hash=content_hash)
    return Presenter(figure=figure, name=name)


def figure_at(stand: Stand, deck: Deck, **shown: Any) -> Figure:
    """The figure in its place and in the theme's colours; `shown` are its fields that say what is seen."""
    width, height = deck.canvas.width, deck.canvas.height
    return Figure(
        x=stand.x / width,
        y=stand.y / height,
        diameter=stand.diameter / min(width, height),
        ring=deck.theme.content.accent,
        edge=deck.theme.content.colour,
        **shown,
    )


def _picture(context: Context, deck: Deck, talk: Talk) -> Path:
    from jobs.presenter.film.avatar import SIDE_PX, as_png, prepare_avatar
    from jobs.presenter.film.initials import draw_initials

    path = context.scratch / "avatar.png"
    if talk.avatar:
        given = context.creation.download(talk.avatar, context.scratch / PurePosixPath(talk.avatar).name)
        path.write_bytes(prepare_avatar(given, name=talk.avatar))
    else:
        path.write_bytes(
            as_png(draw_initials(talk.options.name, SIDE_PX, colours=[deck.theme.content.accent]))
        )
    return path


def _clip(context: Context, avatar: str, frame_rate: Fraction, diameter: int) -> tuple[Path, int]:
    """The clip as the film needs it, and its length in frames."""
    from jobs.presenter.film.avatar import prepare_clip

    given = context.creation.download(avatar, context.scratch / f"given{PurePosixPath(avatar).suffix}")
    path = context.scratch / "avatar.mp4"
    side_px = diameter + diameter % 2
    facts = prepare_clip(given, path, name=avatar, frame_rate=frame_rate, side_px=side_px)
    return path, facts.frames


def _stored(context: Context, path: Path) -> tuple[str, str]:
    """The object's name and its content's hash."""
    content_hash = hashlib.sha256(path.read_bytes()).hexdigest()
    name = f"{AVATARS}{content_hash[:32]}{path.suffix}"
    context.creation.upload_once(path, name)
    return name, content_hash


def standing(context: Context, directed: Directed, presenter: Presenter | None) -> Directed:
    """The film with the presenter, whose ring and clip follow the speech."""
    from jobs.presenter.film.avatar import plays_of
    from shared.video.sound.levels import levels_of

    if presenter is None:
        return directed
    timeline = directed.timeline
    files = fetch_assets(context, [spoken.key for spoken in timeline.speech])
    speech = [(spoken.at_frame, files[spoken.key]) for spoken in timeline.speech]
    levels = levels_of(speech, timeline.frames, timeline.frame_rate)
    moving = presenter.figure.clip is not None
    plays = plays_of(levels, directed.starts, timeline.frame_rate) if moving else ()
    figure = presenter.figure.model_copy(update={"levels": levels, "plays": plays})
    return replace(directed, timeline=timeline.model_copy(update={"figure": figure}))
