"""`job.env`: the variables of one job, at its creation's root. Secrets are never in it."""

import re
from collections.abc import Mapping
from typing import Final

from shared.accepted import demand_small_text
from shared.records.creation import Creation
from shared.records.names import JOB_ENV
from shared.text.plain_text import decoded

_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*\Z")


def job_variables(creation: Creation) -> Mapping[str, str]:
    """The job's variables; none for a creation without the file."""
    info = creation.stat(JOB_ENV)
    if info is None:
        return {}
    demand_small_text(JOB_ENV, info.size_bytes)
    return parse_variables(decoded(creation.read(JOB_ENV)[0], JOB_ENV))


def parse_variables(text: str) -> dict[str, str]:
    """The variables of a file of `NAME=value` lines. A value may be in quotes; an unquoted one ends before
    ` #`."""
    found = {}
    for line in text.splitlines():
        part = _LINE.match(line)
        if part:
            found[part[1]] = _value(part[2])
    return found


def _value(text: str) -> str:
    if text[:1] in {"'", '"'} and (end := text.find(text[0], 1)) > 0:
        return text[1:end]
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].rstrip()
