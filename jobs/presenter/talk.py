"""What people put in: `assets/talk.json` (options), the text or a deck, an avatar, pictures and music.

assets/talk.md         the text, as Markdown; or talk.txt
assets/deck.pdf        instead of slides made from the text, or deck.pptx, whose notes are spoken
assets/avatar.png      optional: a picture or a clip of the presenter
assets/media/...       optional: the pictures that the text shows, by the names that it gives them
assets/music.mp3       optional
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from jobs.presenter.deck.slides import MEDIA
from jobs.presenter.drawing.themes import DEFAULT_THEME, theme_named, theme_names
from shared.accepted import PICTURE_SUFFIXES, demand_small_text
from shared.errors import InvalidAssets
from shared.records.creation import Creation, canonical_json
from shared.records.names import ASSETS
from shared.text.plain_text import decoded
from shared.validation import LANGUAGE, VOICE, problems_of
from shared.video.sizes import SIZES, parse_size
from shared.video.sound.music_files import MUSIC_TYPES
from shared.video.timeline import FrameRate

OPTIONS_NAME: Final = f"{ASSETS}talk.json"
TEXT_NAME: Final = f"{ASSETS}talk.md"
TEXT_TYPES: Final = (".md", ".txt", ".text", ".markdown", "")
DECK_TYPES: Final = (".pdf", ".pptx")
CLIP_TYPES: Final = (".mp4", ".mov", ".m4v", ".webm", ".mkv")
AVATAR_TYPES: Final = (*PICTURE_SUFFIXES, *CLIP_TYPES)
Place = Literal["bottom-right", "bottom-left", "top-right", "top-left", "beside", "off"]


def _known_size(size: str) -> str:
    parse_size(size)
    return size


def _known_theme(theme: str) -> str:
    theme_named(theme)
    return theme


class TalkOptions(BaseModel):
    """How the talk looks and sounds; every option has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field("", max_length=100)
    """The presenter's: shown on the title slide; its initials are the avatar if there is no picture."""
    voice: str | None = Field(None, min_length=1, max_length=100, json_schema_extra=VOICE)
    """A name that `reelwright voices` lists."""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = Field(
        None, json_schema_extra=LANGUAGE
    )
    """BCP 47; if unset, it is detected from the text."""
    speaking_rate: float = Field(1.0, ge=0.5, le=2)
    theme: Annotated[str, AfterValidator(_known_theme)] = Field(
        DEFAULT_THEME, json_schema_extra={"enum": list(theme_names())}
    )
    """A data file of `jobs/presenter/drawing/themes/`."""
    size: Annotated[str, AfterValidator(_known_size)] = Field("landscape", examples=list(SIZES))
    """`landscape`, `portrait`, `square` or `<width>x<height>`."""
    frame_rate: FrameRate = Fraction(30)
    """Frames per second, 10 to 60."""
    avatar_place: Place | None = None
    """A corner, `beside` the slide, or `off`; unset, the corner at the bottom where lines end."""
    avatar_size: float = Field(1.0, ge=0.5, le=2)
    """In multiples of the usual size."""
    captions: Literal["off", "highlight", "karaoke", "plain"] = "off"
    """Whether the spoken words are drawn into the film, and how; soft captions are always included."""
    music_volume: float = Field(0.2, ge=0, le=1)


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What people put in, found to be complete."""

    options: TalkOptions
    text: str | None
    """As written; None if the deck's own notes are spoken."""
    deck: str | None
    """Name of the given deck, or None."""
    avatar: str | None
    music: str | None
    media: tuple[str, ...]
    """Names of the pictures."""

    @property
    def size(self) -> tuple[int, int]:
        return parse_size(self.options.size)


def read_talk(creation: Creation, parameters: Mapping[str, Any], *, complete: bool = True) -> Talk:
    """The talk; `parameters` override its options. Raises `InvalidAssets` naming every problem at once.

    Unless it is to be `complete`, neither text nor deck need be there yet.
    """
    names = {name: info.size_bytes for name, info in creation.list(ASSETS)}
    problems: list[str] = []
    text = _only(names, "talk", TEXT_TYPES, problems)
    deck = _only(names, "deck", DECK_TYPES, problems)
    avatar = _only(names, "avatar", AVATAR_TYPES, problems)
    music = _only(names, "music", MUSIC_TYPES, problems)
    if complete and text is None and deck is None:
        where = creation.key(ASSETS)
        problems.append(
            f"{where}: nothing to present; put talk.md, deck.pptx, or deck.pdf with talk.md there"
        )
    if complete and deck and deck.endswith(".pdf") and text is None:
        problems.append(f"{deck}: a PDF has no notes; put what is spoken in talk.md, one section a page")
    try:
        options = _options(creation, names.get(OPTIONS_NAME), parameters)
    except InvalidAssets as error:
        raise InvalidAssets(*problems, *error.problems) from error
    if problems:
        raise InvalidAssets(*problems)
    return Talk(
        options=options,
        text=_read_text(creation, text, names) if text else None,
        deck=deck,
        avatar=avatar,
        music=music,
        media=tuple(sorted(name for name in names if name.startswith(MEDIA))),
    )


def _only(names: Mapping[str, int], stem: str, types: tuple[str, ...], problems: list[str]) -> str | None:
    """The one asset `assets/<stem>.<type>`, if there is one."""
    found = sorted(name for name in names if _is(PurePosixPath(name), stem, types))
    if len(found) > 1:
        problems.append(f"{', '.join(found)}: keep one of them")
    return found[0] if found else None


def _is(name: PurePosixPath, stem: str, types: tuple[str, ...]) -> bool:
    named = name.stem.lower() == stem and name.suffix.lower() in types
    return named and str(name.parent) == ASSETS.rstrip("/")


def _options(creation: Creation, size_bytes: int | None, parameters: Mapping[str, Any]) -> TalkOptions:
    found: Any = {}
    if size_bytes is not None:
        demand_small_text(OPTIONS_NAME, size_bytes)
        try:
            found = json.loads(decoded(creation.read(OPTIONS_NAME)[0], OPTIONS_NAME))
        except (ValueError, RecursionError) as error:
            raise InvalidAssets(f"{OPTIONS_NAME}: not JSON ({error}); write it again") from error
    if not isinstance(found, dict):
        raise InvalidAssets(f'{OPTIONS_NAME}: must be an object such as {{"theme": "paper"}}')
    try:
        return TalkOptions.model_validate({**found, **parameters})
    except ValidationError as error:
        raise InvalidAssets(f"{OPTIONS_NAME}: {problems_of(error)}") from error


def _read_text(creation: Creation, name: str, sizes: Mapping[str, int]) -> str:
    demand_small_text(name, sizes[name])
    text = decoded(creation.read(name)[0], name)
    if not any(map(str.isalnum, text)):
        raise InvalidAssets(f"{name}: holds no words; write what is to be said")
    return text


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a person gives for a talk, as files on this machine."""

    options: TalkOptions
    text: Path | bytes | None = None
    """Markdown."""
    deck: Path | None = None
    avatar: Path | None = None
    music: Path | None = None
    media: Mapping[str, Path] = field(default_factory=dict)
    """Pictures, by the names that the text gives them, without folders."""


def write_talk(creation: Creation, given: Given) -> None:
    """Make these the creation's assets and delete those of an earlier talk.

    Raises `InvalidAssets`, before anything is written, for a file of another type or that is not there.
    """
    files = _files(given)
    options = canonical_json(given.options.model_dump(mode="json", exclude_unset=True))
    for name, path in files.items():
        creation.bring(path, name)
    if isinstance(given.text, bytes):
        creation.bring_bytes(given.text, TEXT_NAME)
    for name in talk_inputs(creation):
        if name not in {*files, OPTIONS_NAME, *([TEXT_NAME] if given.text else [])}:
            creation.delete(name)
    creation.bring_bytes(options, OPTIONS_NAME)


def _files(given: Given) -> dict[str, Path]:
    """The files by the names of their assets; raises `InvalidAssets` for those that can't be that."""
    problems: list[str] = []
    text = given.text if isinstance(given.text, Path) else None
    wanted = (
        ("text", text, None),
        ("deck", given.deck, DECK_TYPES),
        ("avatar", given.avatar, AVATAR_TYPES),
        ("music", given.music, MUSIC_TYPES),
        *(("picture", path, PICTURE_SUFFIXES) for path in given.media.values()),
    )
    for what, path, types in wanted:
        if path is not None and not path.is_file():
            problems.append(f"{path}: no such file; name the {what}")
        elif path is not None and types and path.suffix.lower() not in types:
            problems.append(f"{path}: can't be the {what}; use {', '.join(types)}")
    if problems:
        raise InvalidAssets(*problems)
    return assets_of(given)


def assets_of(given: Given) -> dict[str, Path]:
    """The files by the names of the assets that they become."""
    files: dict[str, Path] = {}
    for stem, path in (("deck", given.deck), ("avatar", given.avatar), ("music", given.music)):
        if path:
            files[f"{ASSETS}{stem}{path.suffix.lower()}"] = path
    if isinstance(given.text, Path):
        files[TEXT_NAME] = given.text
    return files | {f"{MEDIA}{name}": path for name, path in given.media.items()}


def check_talk(creation: Creation, parameters: Mapping[str, Any]) -> None:
    """Raise `InvalidAssets` for what the stages would refuse, as far as it can be known without work."""
    read_talk(creation, parameters)


def talk_inputs(creation: Creation) -> list[str]:
    """Names of all assets that people put in."""
    loose = (
        ("talk", (*TEXT_TYPES, ".json")),
        ("deck", DECK_TYPES),
        ("avatar", AVATAR_TYPES),
        ("music", MUSIC_TYPES),
    )
    return [
        name
        for name, _ in creation.list(ASSETS)
        if name.startswith(MEDIA) or any(_is(PurePosixPath(name), stem, types) for stem, types in loose)
    ]
