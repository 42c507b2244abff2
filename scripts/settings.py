"""The list of all settings: README's table and the output of `reelwright settings`.

`python -m scripts.settings` writes the table into README.md; with `--check` it only compares.
"""

import argparse
import ast
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from jobs.ad.card import IMAGE
from jobs.ad.copy import TEXT
from jobs.ad.scenery import VIDEO
from jobs.presenter.skills import SKILLS
from scripts.platforms import PLATFORMS
from shared import settings as source
from shared.errors import BadRequest
from shared.providers.choice import Choice
from shared.providers.speech import SPEECH
from shared.settings import AUTO, SETTINGS, Settings

PROVIDERS: Final[tuple[Choice[Any], ...]] = (TEXT, SPEECH, VIDEO, IMAGE, SKILLS)
"""All kinds of providers."""
_BEGIN: Final = "<!-- The settings, written by `python -m scripts.settings` from shared/settings.py -->\n"
_END: Final = "<!-- End of the settings -->\n"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table, in Markdown."""

    variable: str
    sentence: str
    unset: str


def rows() -> list[Row]:
    """All settings, in the order of the record."""
    said = _sentences()
    return [
        Row(
            variable="`ENV`, `PLATFORM`" if name == "platform" else f"`{setting.variable}`",
            sentence=said[name].format(choices=_choices().get(name, "")),
            unset=setting.unset or f"`{_shown(getattr(Settings(), name))}`",
        )
        for name, setting in SETTINGS.items()
    ]


def table() -> str:
    lines = [f"| {row.variable} | {row.sentence} | {row.unset} |\n" for row in rows()]
    return "".join(["| variable | what it decides | unset |\n", "| --- | --- | --- |\n", *lines])


def with_table(page: str) -> str:
    """The page with the table between its marks; raises `BadRequest` if they are missing."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise BadRequest(f"there is no place for the settings: put {_BEGIN}{_END}into the page")
    return f"{before}{_BEGIN}{table()}{_END}{after}"


def provider_keys() -> set[str]:
    """The variables of all paid providers' keys."""
    fields_of_keys = {each.key for kind in PROVIDERS for each in kind.providers.values() if each.key}
    return {SETTINGS[field].variable for field in fields_of_keys}


def _sentences() -> dict[str, str]:
    """The docstring below each field, without its full stop."""
    record = next(
        node
        for node in ast.parse(inspect.getsource(source)).body
        if isinstance(node, ast.ClassDef) and node.name == Settings.__name__
    )
    known = {each.name for each in fields(Settings)}
    found: dict[str, str] = {}
    name = ""
    for node in record.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=field)) if field in known:
                name = field
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                found[name] = " ".join(text.split()).removesuffix(".")
    return found


def _choices() -> Mapping[str, str]:
    """By field, the names that are defined outside of the settings."""
    by_kind = {each.setting: [*each.providers, AUTO] for each in PROVIDERS}
    names = {"platform": list(PLATFORMS), **by_kind}
    return {
        field: f"{', '.join(f'`{name}`' for name in known[:-1])} or `{known[-1]}`"
        for field, known in names.items()
    }


def _shown(default: object) -> str:
    if isinstance(default, tuple):
        return " ".join(default)
    return f"{default:g}" if isinstance(default, float) else str(default)


def show_settings() -> None:
    """Print all settings as a table."""
    from rich.console import Console
    from rich.table import Column, Table

    page = Table(Column("variable", no_wrap=True), "what it decides", "unset", box=None, padding=(0, 2, 0, 0))
    for row in rows():
        page.add_row(*(text.replace("`", "") for text in (row.variable, row.sentence, row.unset)))
    Console(markup=False, highlight=False).print(page)


def main(arguments: Sequence[str] | None = None, page: Path = Path("README.md")) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.settings", description="README's table.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it is stale")
    asked = parser.parse_args(arguments)
    before = page.read_text(encoding="utf-8")
    after = with_table(before)
    if not asked.check:
        page.write_text(after, encoding="utf-8")
    elif before != after:
        sys.stderr.write(f"{page} is stale; write it: python -m scripts.settings\n")
    return int(asked.check and before != after)


if __name__ == "__main__":
    sys.exit(main())
