"""The timeline and the plan of segments, which a stage that lays out a film writes for the later ones."""

import json
from typing import Final

from shared.errors import StoreError
from shared.records.creation import Creation
from shared.records.names import TIMELINE
from shared.stages.film_steps import missing_segments
from shared.video.rendering.segments import Segment
from shared.video.timeline import Timeline

PLAN_NAME: Final = "cache/plan.json"
SPEECH: Final = "cache/speech/"
"""The folder of speech, keyed by text and voice."""


def read_timeline(creation: Creation) -> Timeline:
    return Timeline.model_validate_json(creation.read(TIMELINE)[0])


def speech_stands(creation: Creation) -> bool:
    """Whether all speech of the timeline is in the store."""
    there = {name for name, _ in creation.list(SPEECH)}
    return all(spoken.key in there for spoken in read_timeline(creation).speech)


def segments_stand(creation: Creation) -> bool:
    """Whether all segments of the plan are in the store."""
    return not missing_segments(creation, read_plan(creation))


def read_plan(creation: Creation) -> list[Segment]:
    """All segments of the film, in order."""
    try:
        return [Segment(**segment) for segment in json.loads(creation.read(PLAN_NAME)[0])]
    except (ValueError, TypeError) as error:
        reason = f"not a plan ({error}); delete it and run again"
        raise StoreError("read", creation.key(PLAN_NAME), reason) from error
