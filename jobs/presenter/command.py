"""`reelwright run presenter`: makes a talk from a text or a deck."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from jobs.desk import Desk
from jobs.presenter.drawing.themes import theme_names
from jobs.presenter.skills.pictures import pictures_in
from jobs.presenter.talk import Given, TalkOptions, assets_of, write_talk
from shared.errors import BadRequest, StageFailed
from shared.providers.speech import check_voice
from shared.records.creation import Creation, check_creation_id
from shared.records.naming import creation_id_for
from shared.text.plain_text import decoded


@dataclass(frozen=True, kw_only=True)
class TalkFiles:
    """The files that the command names."""

    text: Path | None = None
    deck: Path | None = None
    avatar: Path | None = None
    music: Path | None = None

    @property
    def words(self) -> list[str]:
        """The options as one types them."""
        named = {
            "--text-file": self.text,
            "--deck": self.deck,
            "--avatar": self.avatar,
            "--music": self.music,
        }
        return [word for name, path in named.items() if path for word in (name, str(path))]


def run_presenter(  # noqa: PLR0917 - each is an option
    context: typer.Context,
    creation_id: Annotated[
        str | None, typer.Argument(help="Its creation ID; made from the file's name if left out.")
    ] = None,
    text_file: Annotated[
        Path | None, typer.Option(help="What is said, as Markdown; its pictures are looked up beside it.")
    ] = None,
    deck: Annotated[
        Path | None,
        typer.Option(help="Slides to show: PPTX, whose notes are spoken, or PDF, with --text-file."),
    ] = None,
    avatar: Annotated[
        Path | None, typer.Option(help="A picture or a clip of the presenter; initials if left out.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The presenter's name, on the title slide.")] = None,
    voice: Annotated[str | None, typer.Option(help="A name that [bold]reelwright voices[/] lists.")] = None,
    language: Annotated[str | None, typer.Option(help="BCP 47, e.g. de; detected if left out.")] = None,
    speaking_rate: Annotated[float | None, typer.Option(help="0.5 to 2; 1 is the voice's own.")] = None,
    theme: Annotated[str | None, typer.Option(help=f"One of {', '.join(theme_names())}.")] = None,
    size: Annotated[str | None, typer.Option(help="landscape, portrait, square or <width>x<height>.")] = None,
    avatar_place: Annotated[
        str | None,
        typer.Option(
            help="bottom-right, bottom-left, top-right, top-left, beside or off; where lines end if left out."
        ),
    ] = None,
    avatar_size: Annotated[float | None, typer.Option(help="0.5 to 2; 1 is usual.")] = None,
    captions: Annotated[
        str | None, typer.Option(help="Draw the spoken words: highlight, karaoke, plain or off.")
    ] = None,
    music: Annotated[Path | None, typer.Option(help="Music under the talk.")] = None,
    assets_dir: Annotated[
        Path | None,
        typer.Option("--assets-dir", help="A folder with talk.md and talk.json, instead of these."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the other talk that has this creation ID.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show everything that the stages log.")
    ] = False,
) -> None:
    desk: Desk = context.obj
    files = TalkFiles(text=text_file, deck=deck, avatar=avatar, music=music)
    options = {
        "name": name,
        "voice": voice,
        "language": language,
        "speaking_rate": speaking_rate,
        "theme": theme,
        "size": size,
        "avatar_place": avatar_place,
        "avatar_size": avatar_size,
        "captions": captions,
    }
    given = {option: value for option, value in options.items() if value is not None}
    if assets_dir is not None or (files == TalkFiles() and creation_id is not None):
        _check_alone([*files.words[::2], *map(_flag, given)])
        desk.make_of_folder("presenter", creation_id, assets_dir, replace=replace, verbose=verbose)
        return
    make_talk(desk, creation_id, files, given, replace=replace, verbose=verbose)


def _check_alone(flags: Sequence[str]) -> None:
    """Raise `BadRequest` for options that a talk in a folder or in the store would not follow."""
    if flags:
        raise BadRequest(
            f"{', '.join(flags)}: can't be changed for assets that are complete; name the text or the deck "
            f"with --text-file or --deck and leave --assets-dir out, or edit talk.json"
        )


def make_talk(
    desk: Desk,
    creation_id: str | None,
    files: TalkFiles,
    options: dict[str, Any],
    *,
    replace: bool = False,
    verbose: bool = False,
) -> None:
    """Make the talk and show its progress; raises `StageFailed` or `BadRequest` if it fails."""
    source = files.deck or files.text
    if source is None:
        raise BadRequest("name what to present: --text-file <Markdown>, or --deck <PPTX or PDF>")
    given = Given(
        options=_checked(options),
        text=files.text,
        deck=files.deck,
        avatar=files.avatar,
        music=files.music,
        media=_media_of(files.text) if files.text else {},
    )
    check_voice(desk.settings, given.options.voice)
    found = check_creation_id(creation_id or creation_id_for(source.with_suffix(""), "talk"))

    def bring(creation: Creation) -> None:
        write_talk(creation, given)

    words = [word for option, value in options.items() for word in (_flag(option), str(value))]
    with _naming(assets_of(given)):
        desk.make(
            "presenter",
            found,
            source,
            bring,
            again=shlex.join([found, *files.words, *words]),
            replace=replace,
            verbose=verbose,
        )


@contextmanager
def _naming(files: Mapping[str, Path]) -> Iterator[None]:
    """Errors name the user's own files and not the assets that they became."""

    def named(text: object) -> str:
        found = str(text)
        for asset, path in files.items():
            found = found.replace(asset, str(path))
        return found.replace("upload it again", "run again")

    try:
        yield
    except BadRequest as error:
        raise BadRequest(*map(named, error.problems)) from error.__cause__
    except StageFailed as error:
        raise StageFailed(error.args[0], named(error.args[1])) from error.__cause__


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _checked(options: dict[str, Any]) -> TalkOptions:
    try:
        return TalkOptions.model_validate(options)
    except ValidationError as error:
        problems = [(_flag(str(each["loc"][0])), each["msg"]) for each in error.errors(include_url=False)]
        raise BadRequest(
            *(f"{flag}: {message.removeprefix('Value error, ')}" for flag, message in problems)
        ) from None


def _media_of(text_file: Path) -> dict[str, Path]:
    """The pictures that a Markdown file shows, by their names without folders.

    Raises `BadRequest` for one that is outside of the text's own folder, and for two of one name.
    """
    if not text_file.is_file():
        raise BadRequest(f"{text_file}: no such file; name the text")
    folder = text_file.resolve().parent
    found: dict[str, Path] = {}
    problems = []
    for place in pictures_in(decoded(text_file.read_bytes(), text_file.name)):
        path = (folder / place).resolve()
        if not path.is_relative_to(folder):
            problems.append(f"{text_file}: picture {place!r} is not in the text's folder; copy it there")
        elif found.get(path.name, path) != path:
            problems.append(f"{text_file}: two pictures are called {path.name!r}; rename one of them")
        found.setdefault(path.name, path)
    if problems:
        raise BadRequest(*problems)
    return found
