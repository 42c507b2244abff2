"""What narrate leaves for the stages after it: the timeline and the plan of segments."""

import json
from typing import Final

from shared.creation import Creation
from shared.video.segments import Segment
from shared.video.timeline import Timeline

TIMELINE_NAME: Final = "assets/timeline.json"
PLAN_NAME: Final = "cache/plan.json"


def read_timeline(creation: Creation) -> Timeline:
    return Timeline.model_validate_json(creation.read(TIMELINE_NAME)[0])


def read_plan(creation: Creation) -> list[Segment]:
    """All segments of the film, in order."""
    return [Segment(**segment) for segment in json.loads(creation.read(PLAN_NAME)[0])]
