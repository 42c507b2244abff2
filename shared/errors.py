"""Every error that Reelwright raises on purpose.

    ReelwrightError
    ├── BadRequest (ValueError)             the caller can fix it; exit code 2, HTTP 422
    │   ├── InvalidCreationId
    │   ├── InvalidSettings
    │   ├── InvalidAssets                   objects under assets/ that can't become a video
    │   ├── NoFilm                          the creation has no finished film (yet); HTTP 404
    │   ├── UnknownName (LookupError)       a name that no backend has
    │   └── BeingDeleted                    a creation that is to be removed; HTTP 409
    ├── StoreError (OSError)
    │   ├── ObjectNotFound (FileNotFoundError)
    │   └── PreconditionFailed              another process wrote first
    ├── PlatformError (RuntimeError)        a platform refused to launch, find or cancel
    │   └── PlatformBusy                    it can't take more now, but can later
    ├── ToolFailed (RuntimeError)           ffmpeg failed
    ├── ProviderFailed (RuntimeError)       a voice, a model or its API failed
    │   ├── ProviderBusy                    it is overloaded or can't be reached; try later
    │   ├── ProviderDenied (BadRequest)     the key is missing or wrong, or its account is empty
    │   └── ProviderRefused (BadRequest)    it refuses the content
    ├── StaleAttempt (RuntimeError)         another attempt owns this stage now
    │   ├── CreationRemoved                 its creation was removed
    │   └── RunOvertaken                    its run is not the latest
    ├── Stopped (RuntimeError)              SIGTERM, Ctrl-C or a cancelled run
    ├── OutOfTime (TimeoutError)            the run took longer than its pipeline allows
    ├── StageFailed (RuntimeError)          a stage of the pipeline failed
    └── RunFailed (RuntimeError)            a run failed, but no stage did

The data is in the arguments and the text in ``__str__``, so that errors can be pickled.
"""

import shlex
from collections.abc import Sequence
from typing import Final

ABSENT: Final = "0"
"""The generation of an object that does not exist."""


class ReelwrightError(Exception):
    """Base of all errors raised on purpose."""


class BadRequest(ReelwrightError, ValueError):
    """The request can't be carried out: one or more problems, each a sentence with its remedy."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(str(problem) for problem in self.args)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return self.problems[0]
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        return f"{len(self.problems)} problems:{lines}"


class InvalidCreationId(BadRequest):
    """A creation ID that can't name a folder in the store."""

    def __init__(self, creation_id: str, reason: str) -> None:
        ReelwrightError.__init__(self, creation_id, reason)

    @property
    def problems(self) -> tuple[str, ...]:
        creation_id, reason = self.args
        shown = creation_id if len(creation_id) <= 60 else creation_id[:57] + "..."
        return (f"creation ID {shown!r} {reason}",)


class InvalidSettings(BadRequest):
    """Settings that can't be used; every problem names its variable and value."""


class InvalidAssets(BadRequest):
    """Objects under ``assets/`` that can't become a video; every problem names its object."""


class NoFilm(BadRequest):
    """The creation has no finished film (yet)."""


class UnknownName(BadRequest, LookupError):
    """A name that no known backend has."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        ReelwrightError.__init__(self, kind, name, tuple(known))

    @property
    def problems(self) -> tuple[str, ...]:
        kind, name, known = self.args
        return (f"unknown {kind} {name!r}; known: {', '.join(sorted(known))}",)


class BeingDeleted(BadRequest):
    """A creation that was deleted and can still be restored, or that is being removed just now."""

    def __init__(self, creation_id: str) -> None:
        ReelwrightError.__init__(self, creation_id)

    @property
    def problems(self) -> tuple[str, ...]:
        (creation_id,) = self.args
        remedy = f"restore it first (POST /me/creation/{creation_id}/restore)"
        return (f"creation {creation_id!r} is being deleted; {remedy}",)


class StoreError(ReelwrightError, OSError):
    """The object store could not do this: the action, the object's key, and the reason."""

    def __init__(self, action: str, key: str, reason: str) -> None:
        ReelwrightError.__init__(self, action, key, reason)  # OSError's own would drop the third argument

    def __str__(self) -> str:
        action, key, reason = self.args
        return f"could not {action} {key!r}: {reason}"


class ObjectNotFound(StoreError, FileNotFoundError):
    """No object has this key."""

    def __init__(self, key: str) -> None:
        ReelwrightError.__init__(self, key)

    def __str__(self) -> str:
        return f"no object {self.args[0]!r} in the store"


class PreconditionFailed(StoreError):
    """The object is not at the generation that the write required (HTTP 412)."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        ReelwrightError.__init__(self, key, expected, found)

    def __str__(self) -> str:
        key, expected, found = self.args
        if expected == found == ABSENT:
            return f"{key!r} existed when it was to be created, but was deleted since"
        if expected == found:
            return f"{key!r} was changed and changed back: other processes write it; read it again"
        if expected == ABSENT:
            return f"{key!r} exists already, at generation {found!r}: another process wrote it first"
        if found == ABSENT:
            return f"{key!r} was deleted by another process; expected at generation {expected!r}"
        return f"{key!r} is at generation {found!r}, not {expected!r}: another process wrote it first"


class PlatformError(ReelwrightError, RuntimeError):
    """A platform could not do this: its name, the action, and the reason with its remedy."""

    def __init__(self, platform: str, action: str, reason: str) -> None:
        super().__init__(platform, action, reason)

    def __str__(self) -> str:
        platform, action, reason = self.args
        return f"{platform} could not {action}: {reason}"


class PlatformBusy(PlatformError):
    """The platform takes no more for now, or does not answer; a later attempt can help."""


class ToolFailed(ReelwrightError, RuntimeError):
    """A tool exited non-zero; holds its command, exit code and the last lines of its stderr."""

    def __init__(self, command: Sequence[str], exit_code: int, stderr: str) -> None:
        super().__init__(tuple(command), exit_code, stderr)

    def __str__(self) -> str:
        command, exit_code, stderr = self.args
        tail = "\n".join(stderr.strip().splitlines()[-12:])
        return f"exit code {exit_code} from: {shlex.join(command)}\n{tail}"


class ProviderFailed(ReelwrightError, RuntimeError):
    """A provider failed: its name, and the reason with its remedy."""

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(provider, reason)

    def __str__(self) -> str:
        provider, reason = self.args
        return f"{provider}: {reason}"


class ProviderBusy(ProviderFailed):
    """The provider is overloaded or can't be reached, even after several tries."""


class ProviderDenied(ProviderFailed, BadRequest):
    """The provider denies access: a key is missing or wrong, or its account is empty."""

    @property
    def problems(self) -> tuple[str, ...]:
        return (str(self),)

    __str__ = ProviderFailed.__str__


class ProviderRefused(ProviderFailed, BadRequest):
    """The provider refuses this for every caller: the content is against its rules."""

    @property
    def problems(self) -> tuple[str, ...]:
        return (str(self),)

    __str__ = ProviderFailed.__str__


class StaleAttempt(ReelwrightError, RuntimeError):
    """Another attempt has taken this stage over; this one must not publish."""

    def __init__(self, stage: str, attempt: int) -> None:
        super().__init__(stage, attempt)

    def __str__(self) -> str:
        stage, attempt = self.args
        return f"attempt {attempt} of stage {stage!r} was taken over by another; nothing was published"


class CreationRemoved(StaleAttempt):
    """The creation was removed while this attempt worked on it; no object of it is left behind."""

    def __init__(self, creation_id: str) -> None:
        ReelwrightError.__init__(self, creation_id)

    def __str__(self) -> str:
        return f"creation {self.args[0]!r} was removed meanwhile; nothing was published"


class RunOvertaken(StaleAttempt):
    """This process was started for a run that is not, or no longer, the creation's latest."""

    def __init__(self, creation_id: str) -> None:
        ReelwrightError.__init__(self, creation_id)

    def __str__(self) -> str:
        return (
            f"creation {self.args[0]!r}: the run that this was started for is not the latest one; "
            "nothing was published"
        )


class Stopped(ReelwrightError, RuntimeError):
    """Work was stopped by a signal or a cancelled run. Running again resumes."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)

    def __str__(self) -> str:
        return f"stopped by {self.args[0]}; run again to resume"


class OutOfTime(ReelwrightError, TimeoutError):
    """A run took longer than its pipeline allows."""

    def __init__(self, pipeline: str, limit_s: float) -> None:
        ReelwrightError.__init__(self, pipeline, limit_s)

    def __str__(self) -> str:
        pipeline, limit_s = self.args
        return (
            f"took longer than the {limit_s:g} s that pipeline {pipeline!r} allows; "
            "run it again to resume, or raise JOB_TIMEOUT"
        )


class StageFailed(ReelwrightError, RuntimeError):
    """A pipeline ended because a stage failed."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(stage, reason)

    def __str__(self) -> str:
        stage, reason = self.args
        return f"stage {stage!r} failed: {reason}"


class RunFailed(ReelwrightError, RuntimeError):
    """A run failed although no stage did, e.g. because it was cancelled or exceeded its time limit."""

    def __init__(self, creation_id: str, reason: str) -> None:
        super().__init__(creation_id, reason)

    def __str__(self) -> str:
        creation_id, reason = self.args
        return f"{creation_id}: {reason}"
