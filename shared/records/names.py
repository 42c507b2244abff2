"""The names below `<creation_id>/` of everything that a creation holds, and the keys of marks.

Names that only one pipeline uses are in its folder; names that two of them share are here.
"""

from datetime import date
from typing import Final

REQUEST: Final = "request.json"
MANIFEST: Final = "manifest.json"
ASSETS: Final = "assets/"
CACHE: Final = "cache/"
CLAIMS: Final = "claims/"
RECORDS: Final = "stages/"
DELIVERIES: Final = "webhooks/"
FOLDERS: Final = (ASSETS, CACHE, CLAIMS, RECORDS, DELIVERIES)
"""Folders of a creation. Beside these its folder may hold other creations."""
JOB_ENV: Final = "job.env"
JOB_INFO: Final = "job_info.json"
"""Variables and facts of a job whose ID and folder are made by date (`shared.job_manager`)."""
RESERVED: Final = frozenset(
    {*(folder.removesuffix("/") for folder in FOLDERS), REQUEST, MANIFEST, JOB_ENV, JOB_INFO}
)

BLUEPRINTS: Final = "blueprint"
"""In the request of a blueprint's run, in place of a pipeline's name: its graph is the creation's own."""
KEPT_EXPORT: Final = f"{ASSETS}export/"
"""The export of a blueprint's run."""
KEPT_INPUTS: Final = f"{ASSETS}inputs/"
"""What each of its RPCs is given, beside what is passed on."""
CALLING: Final = f"{CLAIMS}calling.json"
"""Where its services are, and how they are called (`shared.driving.kept`)."""

FILM: Final = "assets/video.mp4"
POSTER: Final = "assets/poster.jpg"
TIMELINE: Final = "assets/timeline.json"
SEGMENTS: Final = "cache/segments/"
POSTED: Final = "claims/posted.json"
"""Records who got the ID over HTTP (`shared.records.removal`)."""
PREPARATION: Final = "claims/preparation.json"
"""Records the job that works on a creation before its run is asked for (`shared.preparing`)."""
SOURCE: Final = "claims/source.json"
"""Records what the command line made the assets from (`Source`)."""

MARKS: Final = "_active/"
"""A key: holds the mark of each run under way. No creation ID can be equal to it."""


PREPARED: Final = "_preparing/"
"""A key: holds the mark of each creation that a job prepares. No creation ID can be equal to it."""


REMOVING: Final = "_removing/"
"""A key: holds the mark of each creation that was deleted and can still be restored. No creation ID can be
equal to it."""
_REMOVAL: Final = "/_removal"
"""Ends the key of such a mark: no segment of a creation ID can be equal to it."""


DATED: Final = "_jobs/"
"""A key: holds the numbers of jobs that are in use, by date. No creation ID can be equal to it."""


def dated_key(day: date, number: int) -> str:
    """The key that reserves a number of a job; its name is none that a job's folder has."""
    return f"{DATED}{day:%Y%m%d}/{number}"


def removal_key(creation_id: str) -> str:
    """The key of the mark of a creation that was deleted."""
    return f"{REMOVING}{creation_id}{_REMOVAL}"


def removed_creation(mark: str) -> str:
    """The ID of the creation that has this mark."""
    return mark.removeprefix(REMOVING).removesuffix(_REMOVAL)


def captions_name(kind: str) -> str:
    """The name of the captions as a file, `srt` or `vtt`."""
    return f"assets/captions.{kind}"


def claims_of(run: int) -> str:
    """The folder of a run's claims."""
    return f"{CLAIMS}{run}/"


def claim_name(run: int, stage: str) -> str:
    """The name of the claim of a stage, or of `FUSED`."""
    return f"{claims_of(run)}{stage}"


def record_name(stage: str, index: int | None) -> str:
    """The name of a stage's record; `index` is None for a stage that doesn't fan out."""
    return f"{RECORDS}{stage}.json" if index is None else f"{RECORDS}{stage}/{index}.json"


def delivery_name(run: int) -> str:
    """The name of the note of what a webhook was sent about a run."""
    return f"{DELIVERIES}{run}.json"


def marks_of(creation_id: str) -> str:
    """The folder of a creation's marks; marks of creations below it are in it too."""
    return f"{MARKS}{creation_id}/"


def mark_key(creation_id: str, run: int) -> str:
    """The key of a run's mark."""
    return f"{marks_of(creation_id)}{run}"


def marked_run(mark: str) -> tuple[str, str]:
    """The creation's ID and the run's number, as found in the key of a mark."""
    creation_id, _, run = mark.removeprefix(MARKS).rpartition("/")
    return creation_id, run


def payload_name(digest: str) -> str:
    """The name of a large request that was posted, which is named after its content."""
    return f"{CLAIMS}payload-{digest[:16]}.json"
