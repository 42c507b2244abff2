"""Markdown as a row of blocks: headings, paragraphs, items, quotes, code, tables, pictures and breaks.

CommonMark with tables, except for what people do not mean in a talk: indented lines are prose, and a long
paragraph above `---` is not a heading but the end of a slide.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

import yaml

from jobs.presenter.skills.embedded.flat import code_words, flat, html_text, one_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_NO_DEFINITION: Final = re.compile(r"^( {0,3})(\[[^\[\]\n]+\]:[ \t]*[^\s/.#:@]+(?=\s|$))", re.MULTILINE)
"""`[Note]: Never` is no address."""
_QUOTE_SIGNS: Final = re.compile(r"^((?:[ \t]*>){3})(?:[ \t]*>)+", re.MULTILINE)
_TASK: Final = re.compile(r"^\[[ xX]\]\s+")
_BY: Final = re.compile(r"\s+(?:[—―]|--)\s*(?P<by>[^\s—―-][^—―]{0,80})$")
_MOST_TITLE_WORDS: Final = 12
_MOST_NESTED: Final = 90


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a text."""

    kind: Literal["heading", "text", "item", "quote", "code", "table", "picture", "break"]
    text: str = ""
    """Plain; a picture's alternative text, a block's code as it is."""
    level: int = 0
    """1 to 6 of a heading; of an item how deep it is, from 0."""
    name: str = ""
    """Of a picture's file as written; the language of code; who said a quote."""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    codes: frozenset[str] = frozenset()
    """Words set as code."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text, read."""

    title: str
    """Of its front matter; empty without one."""
    blocks: tuple[Block, ...]


def read_markdown(text: str) -> Document:
    """The text's blocks in order. Every text is Markdown, so nothing is refused."""
    from markdown_it.tree import SyntaxTreeNode

    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    title, body = _front_matter(text)
    body = _NO_DEFINITION.sub(r"\1\\\2", _QUOTE_SIGNS.sub(r"\1", body))
    root = SyntaxTreeNode(_parser().parse(body))
    return Document(title=title, blocks=tuple(_of_all(root, 0)))


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": _MOST_NESTED})
    return parser.enable(["table", "strikethrough"]).disable("code")


def _front_matter(text: str) -> tuple[str, str]:
    """The title of the YAML at the start, and the rest; all of the text where there is no such YAML."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return "", text
    try:
        facts = yaml.safe_load(found[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return "", text
    if not isinstance(facts, dict):
        return "", text
    return one_line(str(facts.get("title") or "")), text[found.end() :]


def _of_all(parent: "SyntaxTreeNode", depth: int) -> Iterator[Block]:
    for node in parent.children:
        yield from _READERS.get(node.type, _of_all)(node, depth)


def _heading(node: "SyntaxTreeNode", depth: int) -> Iterator[Block]:
    text = flat(node)
    underlined = node.markup in ("-", "=")
    if underlined and ("\n" in node.children[0].content or len(text.split()) > _MOST_TITLE_WORDS):
        yield from _paragraph(node, depth)
        yield Block(kind="break")
    elif text:
        yield Block(kind="heading", text=text, level=int(node.tag[1:]), codes=code_words([node]))


def _paragraph(node: "SyntaxTreeNode", _depth: int) -> Iterator[Block]:
    """Its text, and the pictures in it."""
    pictures = [
        Block(kind="picture", name=str(each.attrs["src"]), text=_alternative(each))
        for each in node.walk()
        if each.type == "image"
    ]
    inline = node.children[0].children if node.children else []
    if not all(each.type in ("image", "softbreak") or not _words(each) for each in inline):
        yield Block(kind="text", text=flat(node), codes=code_words([node]))
        pictures = [Block(kind="picture", name=each.name) for each in pictures]
    yield from pictures


def _words(node: "SyntaxTreeNode") -> str:
    return (
        node.content.strip() if node.type in ("text", "code_inline") else "".join(map(_words, node.children))
    )


def _alternative(image: "SyntaxTreeNode") -> str:
    return flat(image) or one_line(str(image.attrs.get("title") or ""))


def _list(node: "SyntaxTreeNode", depth: int) -> Iterator[Block]:
    if _is_a_sentence(node):
        yield from _numbered_sentence(node, depth)
        return
    for item in node.children:
        for number, part in enumerate(item.children):
            if number == 0 and part.type == "paragraph":
                yield from (_as_item(block, depth) for block in _paragraph(part, depth))
            else:
                yield from _READERS.get(part.type, _of_all)(part, depth + 1)


def _is_a_sentence(node: "SyntaxTreeNode") -> bool:
    """`1986. What a year!` alone in its list."""
    return node.type == "ordered_list" and len(node.children) == 1 and _start(node) > 1


def _start(node: "SyntaxTreeNode") -> int:
    return int(node.attrs.get("start", 1))


def _numbered_sentence(node: "SyntaxTreeNode", depth: int) -> Iterator[Block]:
    lead = f"{_start(node)}{node.children[0].markup}"
    for number, block in enumerate(_of_all(node.children[0], depth)):
        text = f"{lead} {block.text}" if number == 0 else block.text
        yield Block(**{**vars(block), "text": text})


def _as_item(block: Block, depth: int) -> Block:
    if block.kind != "text":
        return block
    return Block(kind="item", text=_TASK.sub("", block.text), level=depth, codes=block.codes)


def _quote(node: "SyntaxTreeNode", depth: int) -> Iterator[Block]:
    """One block, however many paragraphs it has; what can't be quoted (tables, code) follows it."""
    parts = list(_of_all(node, depth))
    text = " ".join(part.text for part in parts if part.kind in ("heading", "text", "item", "quote"))
    codes = frozenset().union(*(part.codes for part in parts))
    by = _BY.search(text)
    if text:
        said = text[: by.start()] if by else text
        yield Block(kind="quote", text=said, name=by["by"] if by else "", codes=codes)
    yield from (part for part in parts if part.kind in ("code", "table", "picture"))


def _code(node: "SyntaxTreeNode", _depth: int) -> Iterator[Block]:
    text = node.content.rstrip("\n")
    if text.strip():
        yield Block(kind="code", text=text, name=(node.info.split() or [""])[0])


def _table(node: "SyntaxTreeNode", _depth: int) -> Iterator[Block]:
    rows = [tuple(map(flat, row.children)) for part in node.children for row in part.children]
    yield Block(kind="table", header=rows[0], rows=tuple(rows[1:]))


def _html(node: "SyntaxTreeNode", _depth: int) -> Iterator[Block]:
    text = html_text(node.content)
    if text:
        yield Block(kind="text", text=text)


def _break(_node: "SyntaxTreeNode", _depth: int) -> Iterator[Block]:
    yield Block(kind="break")


_READERS: Final[dict[str, Callable[["SyntaxTreeNode", int], Iterator[Block]]]] = {
    "heading": _heading,
    "paragraph": _paragraph,
    "bullet_list": _list,
    "ordered_list": _list,
    "blockquote": _quote,
    "fence": _code,
    "table": _table,
    "html_block": _html,
    "hr": _break,
}
