"""What follows a stage that no platform started: a person, or a service of compose. Nobody looks at the run
then, so the stage itself brings the manifest up to date."""

from typing import Final

from shared.pipelines.definition import Pipeline
from shared.records.creation import Creation
from shared.records.documents import load_request, utc_now
from shared.runs.manifest import manifest_generation, rewrite_manifest
from shared.runs.observe import observe
from shared.settings import Settings
from shared.worker.inline import InlinePlatform

_TRIES: Final = 20


def refresh_manifest(creation: Creation, pipeline: Pipeline, settings: Settings) -> None:
    """Rewrite the manifest from the records; nothing for a creation without a request."""
    platform = InlinePlatform(creation.store, settings, {pipeline.name: pipeline}, {})
    for _ in range(_TRIES):
        noted = manifest_generation(creation)
        request, _generation = load_request(creation)
        if request is None:
            return
        stale_after_s = settings.stale_after_s
        status = observe(creation, request, pipeline, platform, now=utc_now(), stale_after_s=stale_after_s)
        if rewrite_manifest(creation, request, status, pipeline, over=noted):
            return
