"""The brief of an ad: its fields and assets.

assets/ad.json          product_name, style, cta_text; optional: variation, captions, proof, aspect_ratio
assets/product.jpg      optional: the product's picture, of a type in `shared/accepted.py`, up to 10 MB
assets/music.mp3        optional: mp3, wav, m4a, ogg, flac, opus, aac, aiff, wma, mka or webm
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from jobs.ad.styles import DEFAULT_STYLE, style_names
from shared.accepted import HEAD_BYTES, PICTURE_SUFFIXES, demand_small_text, picture_type_of
from shared.errors import InvalidAssets, ObjectNotFound
from shared.records.creation import Creation, canonical_json
from shared.records.names import ASSETS
from shared.text.plain_text import decode_text
from shared.validation import problems_of
from shared.video.sound.music_files import MUSIC_TYPES, music_type

ASPECT_RATIOS: Final = ("9:16", "1:1", "4:5", "16:9")
BRIEF_NAME: Final = "assets/ad.json"
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that are invisible."""
_STACKED: Final = re.compile("M{9,}")
"""More marks on one letter than any script uses."""
MOST_PICTURE_BYTES: Final = 10 * 1024 * 1024


def _line(most: int) -> Callable[[object], str]:
    """A check for one line of visible text with up to `most` characters."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"must be text of 1 to {most} characters")
        line = " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in value).split())
        if not any(_is_seen(c) for c in line):
            raise ValueError(f"is empty; write 1 to {most} characters")
        if any(unicodedata.category(c) == "Cs" for c in line) or _STACKED.search(_kinds(line)):
            raise ValueError("holds characters that are not text; write it again")
        if len(line) > most:
            raise ValueError(f"has {len(line)} characters; at most {most} are allowed: shorten it")
        return line

    return check


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK


def _kinds(line: str) -> str:
    """One letter for each character: M for combining marks."""
    return "".join(unicodedata.category(c)[0] for c in line)


def _schema(most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": most})


def _known_style(name: str) -> str:
    if name not in style_names():
        raise ValueError(f"unknown style; use one of {', '.join(style_names())}")
    return name


def _known_ratio(ratio: str) -> str:
    if ratio not in ASPECT_RATIOS:
        raise ValueError(f"unknown aspect ratio; use one of {', '.join(ASPECT_RATIOS)}")
    return ratio


class Brief(BaseModel):
    """What the ad is for."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    product_name: Annotated[str, BeforeValidator(_line(100)), _schema(100)]
    style: Annotated[str, AfterValidator(_known_style)] = Field(
        json_schema_extra={"enum": list(style_names())}
    )
    cta_text: Annotated[str, BeforeValidator(_line(50)), _schema(50)]
    variation: int = Field(0, ge=0, le=1_000_000)
    """Another number makes another ad from the same brief."""
    captions: bool = False
    """Whether the spoken words are also drawn into the film; soft captions are always included."""
    proof: Annotated[str, BeforeValidator(_line(100)), _schema(100)] | None = None
    """What others say about it, e.g. `4.8 stars from 2,100 reviews`: shown and spoken word for word."""
    aspect_ratio: Annotated[str, AfterValidator(_known_ratio)] = Field(
        "9:16", json_schema_extra={"enum": list(ASPECT_RATIOS)}
    )
    """Width to height."""

    @property
    def as_json(self) -> dict[str, Any]:
        """As it is stored; fields that were not given are left out."""
        usual = self.aspect_ratio == type(self).model_fields["aspect_ratio"].default
        return self.model_dump(mode="json", exclude_none=True, exclude={"aspect_ratio"} if usual else None)


def read_brief(creation: Creation, parameters: Mapping[str, Any]) -> Brief:
    """The brief, overridden by `parameters`; raises `InvalidAssets` naming the object and the field."""
    found = _stored(creation)
    if found is None and not parameters:
        raise InvalidAssets(f"{BRIEF_NAME}: missing; put product_name, style and cta_text there as JSON")
    return _validated({**(found or {}), **parameters})


def read_draft(creation: Creation, parameters: Mapping[str, Any]) -> Brief:
    """The same of a brief that is not complete yet: what is missing has a stand-in."""
    stand_ins = {"product_name": "Your Product", "style": DEFAULT_STYLE, "cta_text": "Learn more"}
    return _validated({**stand_ins, **(_stored(creation) or {}), **parameters})


def _stored(creation: Creation) -> dict[str, Any] | None:
    """The brief's object; None if there is none."""
    info = creation.stat(BRIEF_NAME)
    demand_small_text(BRIEF_NAME, info.size_bytes if info else 0)
    try:
        found = json.loads(decode_text(creation.read(BRIEF_NAME)[0]))
    except ObjectNotFound:
        return None
    except (ValueError, RecursionError) as error:
        raise InvalidAssets(f"{BRIEF_NAME}: not JSON ({error}); write it again") from error
    if not isinstance(found, dict):
        raise InvalidAssets(f"{BRIEF_NAME}: must be a JSON object with product_name, style and cta_text")
    return found


def _validated(found: Mapping[str, Any]) -> Brief:
    try:
        return Brief.model_validate(found)
    except ValidationError as error:
        raise InvalidAssets(f"{BRIEF_NAME}: {problems_of(error)}") from error


def product_picture(creation: Creation) -> str | None:
    """The name of the product's picture, if any; raises `InvalidAssets` if there are several."""
    return _only(creation, "product", PICTURE_SUFFIXES)


def music(creation: Creation) -> str | None:
    """The name of the music that came with the brief, if any."""
    return _only(creation, "music", MUSIC_TYPES)


def _only(creation: Creation, stem: str, types: tuple[str, ...]) -> str | None:
    names = _named(creation, stem, types)
    if len(names) > 1:
        raise InvalidAssets(f"{', '.join(sorted(names))}: keep one of them")
    return names[0] if names else None


def _named(creation: Creation, stem: str, types: tuple[str, ...]) -> list[str]:
    """The assets `assets/<stem>.<type>`."""
    names = [name for name, _ in creation.list(ASSETS)]
    return [name for name in names if name.lower() in {f"{ASSETS}{stem}{suffix}" for suffix in types}]


@dataclass(frozen=True, kw_only=True)
class Product:
    """A picture of the product that was decoded and is usable."""

    path: Path
    suffix: str
    """According to its content, e.g. `.jpg`."""


def write_brief(
    creation: Creation, brief: Brief, *, picture: Path | Product | None = None, music: Path | None = None
) -> None:
    """Write the brief's assets and delete those of an earlier brief.

    Raises `InvalidAssets`, before anything is written, for a picture that is too large or can't be decoded,
    and for music that can't be played.
    """
    files = check_files(picture=picture, music=music)
    for name, path in files.items():
        creation.bring(path, name)
    for found in (*_named(creation, "product", PICTURE_SUFFIXES), *_named(creation, "music", MUSIC_TYPES)):
        if found not in files:
            creation.delete(found)
    creation.bring_bytes(canonical_json(brief.as_json), BRIEF_NAME)


def check_files(*, picture: Path | Product | None, music: Path | None) -> dict[str, Path]:
    """The files by the names of their assets; raises `InvalidAssets` for unusable ones."""
    files = {}
    if picture:
        product = check_product(picture) if isinstance(picture, Path) else picture
        files[f"assets/product{product.suffix}"] = product.path
    if music:
        files[f"assets/music{check_music(music)}"] = music
    return files


def check_product(picture: Path, *, name: str = "the product's picture") -> Product:
    """Decode the picture and return it.

    Raises `InvalidAssets` if it is over 10 MB, of another type, or can't be decoded.
    """
    from shared.video.frames.pictures import check_picture

    if not picture.is_file():
        raise InvalidAssets(f"{name}: {picture.name!r} is not a file; name the picture")
    size = picture.stat().st_size
    if size > MOST_PICTURE_BYTES:
        most = MOST_PICTURE_BYTES // 1024 // 1024
        raise InvalidAssets(
            f"{name}: {size / 1024 / 1024:.1f} MB; at most {most} MB are allowed: make it smaller"
        )
    check_picture(picture, name=name)
    with picture.open("rb") as file:
        kind = picture_type_of(file.read(HEAD_BYTES))
    assert kind is not None  # since it was decoded
    return Product(path=picture, suffix=kind.suffix)


def check_music(music: Path, *, name: str = "the music") -> str:
    """The suffix that fits the music's content; raises `InvalidAssets` if it can't be played."""
    if not music.is_file():
        raise InvalidAssets(f"{name} {music.name!r} is not a file; name the piece")
    return music_type(music, what=name)
