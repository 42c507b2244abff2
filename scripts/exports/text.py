"""Documents as YAML that people read in diffs."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from shared.pipelines.deployed import Noted

MARK: Final = "# Written by `reelwright export"
"""How every written file starts."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write shared parts in full: anchors are hard to read."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent lists under their key."""
        super().increase_indent(flow, False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Quote what some version of YAML would not read as a string: `1e3`, `0o7`, `1:30`, `y`."""
    odd = text in ("y", "n", "Y", "N") or text[:1].isdigit() or text[:1] in "+-."
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if odd else None)


_Dumper.add_representer(str, _string)


def to_text(target: str, documents: Iterable[Mapping[str, Any]]) -> str:
    """The documents as one YAML file that says how it came to be."""
    head = f"{MARK} {target}` from jobs/*/pipeline.yaml: change that, and export again.\n"
    return head + "".join(_note(document) + _dumped(document) for document in documents)


def _note(document: Mapping[str, Any]) -> str:
    lines = document.note.splitlines() if isinstance(document, Noted) else []
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _dumped(document: Mapping[str, Any]) -> str:
    dumped: str = yaml.dump(
        dict(document),
        Dumper=_Dumper,
        explicit_start=True,  # so that files may be joined
        sort_keys=False,
        allow_unicode=True,
        width=1000,
    )
    return dumped
