"""The cut as OpenTimelineIO, for editors: opentimelineio.readthedocs.io, "File Format Specification".

It is written here, since the package `opentimelineio` has no wheels for every Python that the server runs on;
tests read it back with that package. All times are whole frames at the film's rate. Media are named relative
to the creation's folder, so that the file opens beside `assets/`.

A picture is a clip of as many frames as it is in sight. A transition lies behind its cut (`in_offset` 0): the
clip before it goes on for as long. Dips and slides have no type of their own there, and are custom ones that
say so. The sound is the film's own, whole. Captions are markers on the timeline.
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from shared.cuts.cut import Cut, CutCaption, CutShot
from shared.cuts.finished import FinishedFilm
from shared.records.creation import canonical_json

_OURS: Final = "reelwright"
"""The name of our own metadata."""
_Node = dict[str, Any]


def otio_of(finished: FinishedFilm) -> bytes:
    """`Timeline.1`: a track of pictures, a track of sound, and markers."""
    cut = finished.cut
    facts = {
        "creation_id": finished.creation_id,
        "run": finished.run,
        "width": cut.width,
        "height": cut.height,
        "frame_rate": str(cut.frame_rate),
    }
    tracks = [
        _composed("Track.1", "Picture", list(_seen(cut))) | {"kind": "Video"},
        _composed("Track.1", "Sound", [_heard(finished)]) | {"kind": "Audio"},
    ]
    markers = [_marker(caption, cut) for caption in cut.captions]
    return canonical_json(
        {
            "OTIO_SCHEMA": "Timeline.1",
            "name": finished.creation_id,
            "metadata": {_OURS: facts},
            "global_start_time": _time(0, cut),
            "tracks": _composed("Stack.1", "tracks", tracks, markers),
        }
    )


def _seen(cut: Cut) -> Iterator[_Node]:
    for number, shot in enumerate(cut.shots):
        if shot.transition_frames:
            yield _transition(shot, cut)
        media = _media(shot, cut.visible_frames(number), cut)
        first = shot.clip_from if shot.kind == "clip" else 0
        yield _clip(f"shot {number + 1}", media, _span(first, shot.frames, cut))


def _transition(shot: CutShot, cut: Cut) -> _Node:
    return {
        "OTIO_SCHEMA": "Transition.1",
        "name": shot.transition,
        "metadata": {_OURS: {"kind": shot.transition}},
        "transition_type": "SMPTE_Dissolve" if shot.transition == "crossfade" else "Custom_Transition",
        "in_offset": _time(0, cut),
        "out_offset": _time(shot.transition_frames, cut),
    }


def _media(shot: CutShot, visible: int, cut: Cut) -> _Node:
    if shot.shows is None:
        return {
            "OTIO_SCHEMA": "GeneratorReference.1",
            "name": shot.colour,
            "metadata": {},
            "available_range": _span(0, visible, cut),
            "generator_kind": "SolidColor",
            "parameters": {"color": shot.colour},
        }
    if shot.kind == "picture":
        return _external(shot.shows, visible, cut)
    return _external(shot.shows, shot.clip_frames or shot.clip_from + visible, cut)


def _heard(finished: FinishedFilm) -> _Node:
    cut = finished.cut
    return _clip("the film's sound", _external(finished.film, cut.frames, cut), _span(0, cut.frames, cut))


def _external(key: str, frames: int, cut: Cut) -> _Node:
    return {
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": key.rpartition("/")[2],
        "metadata": {},
        "available_range": _span(0, frames, cut),
        "target_url": quote(key),
    }


def _clip(name: str, media: _Node, source_range: _Node) -> _Node:
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": name,
        "metadata": {},
        "source_range": source_range,
        "effects": [],
        "markers": [],
        "enabled": True,
        "media_references": {"DEFAULT_MEDIA": media},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _marker(caption: CutCaption, cut: Cut) -> _Node:
    words = [{"text": word.text, "start_s": word.start_s, "end_s": word.end_s} for word in caption.words]
    facts = {"text": caption.text, "language": caption.language, "asset": caption.asset, "words": words}
    return {
        "OTIO_SCHEMA": "Marker.2",
        "name": " ".join(caption.text.split()),
        "comment": caption.text,
        "color": "GREEN",
        "metadata": {_OURS: facts},
        "marked_range": _span(caption.at_frame, caption.frames, cut),
    }


def _composed(schema: str, name: str, children: list[_Node], markers: list[_Node] | None = None) -> _Node:
    return {
        "OTIO_SCHEMA": schema,
        "name": name,
        "metadata": {},
        "source_range": None,
        "effects": [],
        "markers": markers or [],
        "enabled": True,
        "children": children,
    }


def _span(first: int, frames: int, cut: Cut) -> _Node:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(first, cut),
        "duration": _time(frames, cut),
    }


def _time(frames: int, cut: Cut) -> _Node:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(frames), "rate": float(cut.frame_rate)}
