"""Which assets may be put, and what bytes look like: a name promises a kind that the content must be of."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import HTTPException
from pydantic_core import from_json

from shared.accepted import (
    FILM_TYPES,
    HEAD_BYTES,
    MOST_TEXT_BYTES,
    PICTURE_MEDIA_TYPES,
    PICTURE_NAMES,
    PICTURE_SUFFIXES,
    SOUND_TYPES,
    picture_type_of,
)
from shared.errors import BadRequest, InvalidAssets
from shared.pipelines.definition import Kind, Pipeline, Taken
from shared.text.plain_text import decode_text
from shared.video.encoding.film_files import check_film
from shared.video.sound.music_files import MUSIC_TYPES, music_type

_ENDINGS: Final[dict[Kind, tuple[str, ...]]] = {
    "image": PICTURE_SUFFIXES,
    "text": (".txt", "", ".text", ".md", ".markdown"),
    "audio": MUSIC_TYPES,
    "json": (".json",),
    "video": (".mp4", ".mov", ".m4v", ".webm", ".mkv"),
    "film": (*FILM_TYPES, *SOUND_TYPES),
    "document": (".pdf", ".pptx"),
}
"""In any case; the usual one first."""
_STANDS_FOR: Final = {
    "<part>": r"(?=[0-9]{1,6}/)0*[1-9][0-9]*",
    "<number>": "[0-9]{1,18}",
    "<any>": r"[^/\x00-\x1f]+",
}
_LIMITS: Final[dict[Kind, int]] = {"text": MOST_TEXT_BYTES, "json": MOST_TEXT_BYTES}
"""Smaller than the general limit, since these are held in memory by their readers."""

_MEDIA_TYPES: Final = {
    **{suffix.removeprefix("."): media_type for suffix, media_type in PICTURE_MEDIA_TYPES.items()},
    "aac": "audio/aac",
    "ass": "text/x-ssa; charset=utf-8",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "flac": "audio/flac",
    "json": "application/json",
    "m4a": "audio/mp4",
    "md": "text/markdown; charset=utf-8",
    "mka": "audio/matroska",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "srt": "application/x-subrip; charset=utf-8",
    "ttml": "application/ttml+xml",
    "txt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "wav": "audio/wav",
    "avi": "video/x-msvideo",
    "m2ts": "video/mp2t",
    "m4v": "video/x-m4v",
    "mkv": "video/matroska",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "ogv": "video/ogg",
    "ts": "video/mp2t",
    "webm": "audio/webm",
    "wma": "audio/x-ms-wma",
}
UNKNOWN_MEDIA_TYPE: Final = "application/octet-stream"
MEDIA_TYPES: Final = sorted({*_MEDIA_TYPES.values(), UNKNOWN_MEDIA_TYPE})


def kind_of(name: str, pipelines: Iterable[Pipeline]) -> Kind:
    """The kind of asset that a name below `assets/` means to one of these pipelines.

    Raises `BadRequest` for a name that none of them takes.
    """
    taken = [each for pipeline in pipelines for each in pipeline.takes]
    for each in taken:
        if _pattern(each).fullmatch(name):
            return each.kind
    shown = name if len(name) <= 60 else name[:57] + "..."
    raise BadRequest(
        f"asset {shown!r} can't be put here: use {' or '.join(map(_shown, taken)) or 'another server'}; "
        "parts are numbered from 1"
    )


def endings_of(kind: Kind) -> list[str]:
    """What the name of such an asset may end in, the usual ending first; empty text is no ending."""
    return list(_ENDINGS[kind])


@cache
def _pattern(taken: Taken) -> re.Pattern[str]:
    pieces = re.split("(<[a-z]+>)", taken.name)
    stem = "".join(_STANDS_FOR.get(piece, re.escape(piece)) for piece in pieces)
    endings = "|".join(map(re.escape, _ENDINGS[taken.kind]))
    return re.compile(f"{stem}(?:{endings})", re.IGNORECASE | re.ASCII)


def _shown(taken: Taken) -> str:
    usual, *others = [ending for ending in _ENDINGS[taken.kind] if ending]
    also = f" ({', '.join(others)})" if others else ""
    return f"{taken.name}{usual}{also}"


def limit_bytes(kind: Kind, most: int) -> int:
    return min(most, _LIMITS.get(kind, most))


def media_type(name: str) -> str:
    """The Content-Type for the name's ending, never one that a browser runs; text is UTF-8."""
    return _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), UNKNOWN_MEDIA_TYPE)


def check_content(path: Path, name: str, kind: Kind) -> None:
    """Raise 415 when the file is not of the kind that its name requires."""
    if kind in ("audio", "film"):
        _check_sound(path, name, kind)
        return
    looks, found = _as_text(path, kind) if kind in _LIMITS else looks_like(path)
    if found != kind and not (kind == "video" and looks in _ALSO_FILMS):
        raise HTTPException(415, f"asset {name!r} must be {_WANTED[kind]}, but it looks like {looks}")


def _check_sound(path: Path, name: str, kind: Kind) -> None:
    """By decoding its beginning: a file's first bytes need not show what it is."""
    check = music_type if kind == "audio" else check_film
    try:
        check(path, what=f"asset {name!r}")
    except InvalidAssets as error:
        raise HTTPException(415, f"{error}; it looks like {looks_like(path)[0]}") from error


def looks_like(path: Path) -> tuple[str, str]:
    """What the file looks like in words, and its kind, by its first bytes or by whether it is text."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    picture = picture_type_of(head)
    if picture:
        return f"a {picture.name} picture", "image"
    for looks, kind, matches in _SIGNATURES:
        if matches(head):
            return looks, kind
    return ("data of an unknown type", "unknown") if _text_of(path) is None else ("text", "text")


def _as_text(path: Path, kind: Kind) -> tuple[str, str]:
    """Text first: a caption may begin with the letters that some file format begins with."""
    text = _text_of(path)
    if text is None:
        return looks_like(path)
    return _as_json(text) if kind == "json" else ("text", "text")


def _text_of(path: Path) -> str | None:
    """The file's text, if it is text and no larger than texts may be."""
    if path.stat().st_size > max(_LIMITS.values()):
        return None
    try:
        text = decode_text(path.read_bytes())
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _as_json(text: str) -> tuple[str, str]:
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError:
        return "text that is not valid JSON", "text"
    return ("a JSON object", "json") if isinstance(value, dict) else ("JSON, but not an object", "text")


def _starts(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magics)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _ftyp(*brands: bytes) -> Callable[[bytes], bool]:
    """ISO base media (ISO/IEC 14496-12, 4.3) of one of these major brands; of any if none is given."""
    return lambda head: head[4:8] == b"ftyp" and (not brands or head[8:12] in brands)


def _is_mp3_frame(head: bytes) -> bool:
    """A frame header of MPEG audio layer III (ISO/IEC 11172-3, 2.4.1.3) without forbidden field values."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bitrate != 15 and rate != 3


_SIGNATURES: Final[tuple[tuple[str, str, Callable[[bytes], bool]], ...]] = (
    ("WAV sound", "audio", _riff(b"WAVE")),
    ("FLAC sound", "audio", _starts(b"fLaC")),
    ("Ogg sound", "audio", _starts(b"OggS")),
    ("MP3 sound", "audio", _starts(b"ID3\2", b"ID3\3", b"ID3\4")),
    ("MP3 sound", "audio", _is_mp3_frame),
    (
        "MPEG-4 sound",
        "audio",
        _ftyp(b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6"),
    ),
    ("an MPEG-4 or QuickTime film", "video", _ftyp()),
    ("an AVI film", "other", _riff(b"AVI ")),
    ("a Matroska or WebM film", "video", _starts(b"\x1aE\xdf\xa3")),
    ("a PDF document", "document", _starts(b"%PDF-")),
    ("a ZIP archive", "document", _starts(b"PK\x03\x04")),
    ("an empty ZIP archive", "other", _starts(b"PK\x05\x06")),
    ("a gzip archive", "other", _starts(b"\x1f\x8b")),
    ("an empty file", "other", lambda head: not head),
)
_ALSO_FILMS: Final = {"MPEG-4 sound"}
"""By their first bytes alone these may also hold pictures."""
_WANTED: Final[dict[Kind, str]] = {
    "image": f"a picture: {PICTURE_NAMES}",
    "text": "UTF-8 text without NUL (or UTF-16 with its mark)",
    "audio": "sound",
    "json": "a JSON object",
    "film": "a film or a recording with sound",
    "video": "a film: MP4, QuickTime, WebM or Matroska",
    "document": "a deck: PDF or PPTX",
}
