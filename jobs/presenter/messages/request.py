"""What a client asks for: text, voice, avatar and the options of a talk, checked completely."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from jobs.presenter.talk import Given, TalkOptions, write_talk
from shared.accepted import HEAD_BYTES, MOST_TEXT_BYTES, PICTURE_NAMES, picture_type_of
from shared.errors import BadRequest
from shared.machine.temporary import scratch
from shared.providers.speech import check_voice
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.settings import Settings
from shared.validation import noting

JOB: Final = "orchestrate-service"
"""Every platform's name of the job that composes."""
MOST_AVATAR_BYTES: Final = 5 << 20
MOST_BYTES: Final = MOST_TEXT_BYTES + MOST_AVATAR_BYTES * 4 // 3 + (64 << 10)
"""Of a whole request as JSON."""
ALIASES: Final = {"avatarId": "avatar", "voiceId": "voice", "script": "text"}
"""Other names of fields, and ours."""
_DATA_URI: Final = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL | re.ASCII)
_MOST_NAME_CHARS: Final = 100


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that can be done."""

    fields: Mapping[str, Any]
    """As it was sent, with our names of fields."""
    options: TalkOptions
    text: str
    avatar: bytes | None = None
    """A picture."""
    suffix: str = ""
    """Of the picture's file."""

    @property
    def avatar_name(self) -> str | None:
        """The picture's asset, or the presenter's name."""
        return f"{ASSETS}avatar{self.suffix}" if self.avatar else self.fields.get("avatar")


@dataclass(frozen=True, kw_only=True)
class _Avatar:
    """A name or a picture, or neither."""

    name: str = ""
    picture: bytes | None = None
    suffix: str = ""


def read_asked(fields: Mapping[str, Any], *, strict: bool = True, settings: Settings | None = None) -> Asked:
    """Check a request; raises `BadRequest` naming every problem. Unknown fields are refused if `strict`, and
    passed on otherwise; with `settings`, voices that nobody has are refused."""
    problems: list[str] = []
    named = _with_our_names(fields, problems)
    text = _text(named.get("text"), problems)
    avatar = _Avatar()
    with noting(problems):
        avatar = _avatar(named.get("avatar"))
    options = TalkOptions()
    with noting(problems):
        options = _options(named, avatar.name, strict=strict)
    with noting(problems):
        if settings:
            check_voice(settings, options.voice)
    if problems:
        raise BadRequest(*problems)
    return Asked(fields=named, options=options, text=text, avatar=avatar.picture, suffix=avatar.suffix)


def write_assets(creation: Creation, asked: Asked) -> None:
    """Make the request the creation's assets."""
    with scratch() as folder:
        avatar: Path | None = None
        if asked.avatar:
            avatar = folder / f"avatar{asked.suffix}"
            avatar.write_bytes(asked.avatar)
        write_talk(creation, Given(options=asked.options, text=asked.text.encode(), avatar=avatar))


def _with_our_names(fields: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for key, value in fields.items():
        ours = ALIASES.get(key, key)
        if ours in named and named[ours] != value:
            others = [alias for alias, name in ALIASES.items() if name == ours]
            problems.append(f"{ours}: given twice; leave {' or '.join(others)} out")
        if value is not None:
            named[ours] = value
    return named


def _text(text: object, problems: list[str]) -> str:
    if not isinstance(text, str) or not any(map(str.isalnum, text)):
        problems.append("text: is missing or holds no words; send what is to be said")
        return ""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        problems.append("text: holds half a character (a lone surrogate); send whole ones")
        return ""
    if size > MOST_TEXT_BYTES:
        problems.append(f"text: {size} bytes, more than the {MOST_TEXT_BYTES} that are taken; shorten it")
    return text


def _avatar(avatar: object) -> _Avatar:
    if avatar is None:
        return _Avatar()
    if not isinstance(avatar, str) or not avatar.strip():
        raise BadRequest("avatar: must be a name, or a picture as data:image/png;base64,…")
    if avatar.startswith("data:"):
        return _picture(avatar)
    if "://" in avatar:
        raise BadRequest("avatar: addresses are not fetched; send the picture as data:image/png;base64,…")
    if len(avatar) > _MOST_NAME_CHARS:
        raise BadRequest(f"avatar: a name has at most {_MOST_NAME_CHARS} characters")
    return _Avatar(name=avatar)


def _picture(uri: str) -> _Avatar:
    found = _DATA_URI.fullmatch(uri)
    if not found:
        raise BadRequest("avatar: write data:image/<type>;base64,<the picture>")
    if len(found[1]) > MOST_AVATAR_BYTES * 4 // 3 + 4:
        raise BadRequest(
            f"avatar: more than the {MOST_AVATAR_BYTES} bytes that are taken; send a smaller one"
        )
    try:
        data = base64.b64decode(found[1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"avatar: not base64 ({error}); encode the picture again") from error
    kind = picture_type_of(data[:HEAD_BYTES])
    if kind is None:
        raise BadRequest(f"avatar: not a picture that is taken here; send {PICTURE_NAMES}")
    return _Avatar(picture=data, suffix=next(iter(kind.suffixes)))


def _options(named: Mapping[str, Any], name: str, *, strict: bool) -> TalkOptions:
    own = {key: value for key, value in named.items() if key not in ("text", "avatar")}
    if not strict:
        own = {key: value for key, value in own.items() if key in TalkOptions.model_fields}
    if name and "name" not in own:
        own["name"] = name
    try:
        return TalkOptions.model_validate(own)
    except ValidationError as error:
        raise BadRequest(*(_said(problem) for problem in error.errors(include_url=False))) from error


def _said(problem: Mapping[str, Any]) -> str:
    name = ".".join(map(str, problem["loc"]))[:60]
    if problem["type"] == "extra_forbidden":
        known = ["text", "avatar", *TalkOptions.model_fields]
        return f"{name}: is unknown; leave it out or use one of {', '.join(known)}"
    return f"{name}: {problem['msg'].removeprefix('Value error, ')}"
