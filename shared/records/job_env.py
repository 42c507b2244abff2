"""`job.env`: the variables of one job, at its creation's root. Secrets are never in it."""

import re
from collections.abc import Mapping
from typing import Final

from shared.accepted import demand_small_text
from shared.records.creation import Creation
from shared.records.names import JOB_ENV
from shared.settings import SECRET
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


_SECRET: Final = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_LOGIN: Final = re.compile(r"://[^/\s@]*:[^/\s@]*@")
_ANY_LINE: Final = re.compile(r"\s*#?\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*\Z")
"""Also one that is commented out."""


def with_variables(text: str, values: Mapping[str, str]) -> str:
    """The text with these variables' lines replaced, or added at its end."""
    lines, left = [], dict(values)
    for line in text.splitlines():
        part = _LINE.match(line)
        name = part[1] if part else ""
        if name not in values:
            lines.append(line)
        elif name in left:
            lines.append(f"{name}={left.pop(name)}")
    return "".join(f"{line}\n" for line in (*lines, *(f"{name}={value}" for name, value in left.items())))


def without_secrets(text: str) -> str:
    """The text with a comment in place of each variable that is, or looks like, a secret."""
    kept, quote = [], ""
    for line in text.splitlines():
        if quote:  # of a secret that goes on over several lines
            quote = "" if quote in line else quote
            continue
        part = _ANY_LINE.match(line)
        if part and part[2] and _is_secret(part[1], part[2]):
            kept.append(f"# {part[1]}: left out, since it may be a secret")
            quote = part[2][0] if _is_open(part[2]) else ""
        else:
            kept.append(line)
    return "".join(f"{line}\n" for line in kept)


def _is_secret(name: str, value: str) -> bool:
    return name in SECRET or bool(_SECRET.search(name) or _LOGIN.search(value))


def _is_open(value: str) -> bool:
    return value[0] in {"'", '"'} and value.find(value[0], 1) < 0
