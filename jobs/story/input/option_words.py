"""Reads options as people write them, and describes what is wrong with them."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SHORT_COLOUR: Final = re.compile(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_WRONG_COLOUR: Final = "use #RRGGBB or the English name of a colour, e.g. #FFD23F or red"
_MEANT: Final = {
    **dict.fromkeys(("color", "colors", "text_color"), "colour"),
    **dict.fromkeys(("fps", "framerate"), "frame_rate"),
    **dict.fromkeys(("rate", "speed"), "speaking_rate"),
    **dict.fromkeys(("resolution", "format", "aspect_ratio"), "size"),
    **dict.fromkeys(("object_fit", "object-fit", "crop", "fill"), "fit"),
    **dict.fromkeys(("object_position", "object-position", "focal_point", "focal-point"), "focus"),
    **{"lang": "language", "subtitles": "captions", "volume": "music_volume", "style": "look"},
}
"""Keys that people expect, and the valid ones for them."""


def as_language(value: object) -> object:
    """`en_US` and `en_US.UTF-8` become `en-US`, `auto` becomes None; raises `ValueError` with the remedy."""
    if not isinstance(value, str):
        return value
    tag = value.strip().partition(".")[0].replace("_", "-")
    if tag.lower() == "auto":
        return None
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError("use a language's tag, e.g. en, de, pt-BR or zh-Hant, or leave it out to be guessed")
    return tag


def as_colour(value: object) -> object:
    """`red` and `#f00` become `#FF0000`; raises `ValueError` with the remedy."""
    if not isinstance(value, str) or _COLOUR.fullmatch(value):
        return value
    short = _SHORT_COLOUR.fullmatch(value)
    if short:
        return "#" + "".join(2 * digit for digit in short.groups())
    from PIL import ImageColor

    name = re.sub(r"[\s_-]", "", value.lower())
    if name not in ImageColor.colormap:
        raise ValueError(_WRONG_COLOUR)
    red, green, blue, *_ = ImageColor.getrgb(name)
    return f"#{red:02X}{green:02X}{blue:02X}"


def as_captions(value: object) -> object:
    """A look, on or off, or an object whose colours may be names."""
    if isinstance(value, bool):
        return {"look": "highlight" if value else "off"}
    if isinstance(value, str):
        switched = {"on": "highlight", "true": "highlight", "none": "off", "false": "off", "no": "off"}
        return {"look": switched.get(value.strip().lower(), value)}
    return value


def as_focus(value: object) -> object:
    """Two numbers; raises `ValueError` with the remedy."""
    numbers = value if isinstance(value, list | tuple) else ()
    right = [each for each in numbers if isinstance(each, int | float) and not isinstance(each, bool)]
    if value is None or (len(right) == len(numbers) == 2 and all(0 <= each <= 1 for each in right)):
        return value
    raise ValueError("use two numbers from 0 to 1, from the left and from the top, e.g. [0.5, 0.3]")


def as_parts(value: object) -> object:
    """An object by the numbers of parts; raises `ValueError` with the remedy."""
    if isinstance(value, Mapping) and all(
        re.fullmatch("0*[1-9][0-9]{0,8}", str(number)) and isinstance(own, Mapping)
        for number, own in value.items()
    ):
        return value
    raise ValueError('use an object by the numbers of parts, e.g. {"2": {"fit": "contain"}}')


def as_choice(choices: Iterable[str], value: object) -> object:
    """One of the choices, ignoring case, spaces and hyphens: `Ken Burns`, `zoom_in`."""
    if not isinstance(value, str):
        return value
    return {_bare(choice): choice for choice in choices}.get(_bare(value), value)


def _bare(text: str) -> str:
    return re.sub(r"[\s_-]", "", text.lower())


def wrong_option(name: str, problem: Mapping[str, Any], options: type[BaseModel]) -> str:
    """A sentence for one of pydantic's problems with `options`, which `name` holds."""
    place = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return f"{name}: unknown key {_shortened(repr(place))}{_unknown(problem['loc'], options)}"
    field = _field(options, problem["loc"])
    message = _message(problem, field)
    if not place:
        return f"{name}: {message}"
    return f"{name}: {place} = {_shortened(_as_written(problem['input']))}: {message}"


def _as_written(value: object) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)


def _unknown(place: tuple[int | str, ...], options: type[BaseModel]) -> str:
    """The key that was probably meant, if one is similar, and all valid keys here."""
    *outer, key = place
    at = _model(options, outer)
    known = sorted(at.model_fields)
    inner = {each: name for name, field in options.model_fields.items() for each in _keys(field)}
    meant = _MEANT.get(str(key).lower(), str(key))
    if not outer and meant not in known and meant in inner:
        home = inner[meant]
        return f'; write {{"{home}": {{"{meant}": …}}}}; known here: {", ".join(known)}'
    near = [meant] if meant in known else difflib.get_close_matches(meant.lower(), known, n=1)
    did_you_mean = f", did you mean {near[0]!r}?" if near else ";"
    return f"{did_you_mean} known: {', '.join(known)}"


def _keys(field: FieldInfo) -> Iterable[str]:
    kind = field.annotation
    return kind.model_fields if isinstance(kind, type) and issubclass(kind, BaseModel) else ()


def _model(options: type[BaseModel], place: Iterable[int | str]) -> type[BaseModel]:
    for key in place:
        field = options.model_fields.get(str(key))
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        models = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
        options = next(models, options)
    return options


def _field(options: type[BaseModel], place: tuple[int | str, ...]) -> FieldInfo | None:
    return _model(options, place[:-1]).model_fields.get(str(place[-1])) if place else None


def _message(problem: Mapping[str, Any], field: FieldInfo | None) -> str:
    kind = str(problem["type"])
    said = str(problem["msg"]).removeprefix("Value error, ")
    least, most = _bound(field, "ge"), _bound(field, "le")
    longest = _bound(field, "max_length")
    words = {
        "bool": "use true or false",
        "literal": f"use one of {', '.join(_choices(field))}",
        "model": 'use an object such as {"look": "highlight"}, or one of highlight, karaoke, plain, off',
        "string": f"use text of 1 to {longest} characters" if longest else "use text between quotes",
        "value": said,
    }
    number = f"use a number from {least:g} to {most:g}" if least is not None and most is not None else said
    return words.get(kind.partition("_")[0], number)


def _choices(field: FieldInfo | None) -> Iterable[str]:
    return map(str, get_args(field.annotation)) if field else ()


def _bound(field: FieldInfo | None, name: str) -> float | None:
    bounds = (getattr(each, name, None) for each in (field.metadata if field else ()))
    return next((bound for bound in bounds if bound is not None), None)


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
