"""What is said of each block of a text.

Headings and items become sentences. Of code nothing is said, of a picture its alternative text, of a table
its header: all words are the text's own.
"""

from typing import Final

from jobs.presenter.deck.notes import pause_mark
from jobs.presenter.skills.embedded.blocks import Block
from jobs.presenter.skills.embedded.sentences import as_sentence, speakable
from shared.text.language import main_script

_PAUSES_S: Final = {"text": 0.4, "item": 0.3, "quote": 0.5, "picture": 0.4, "table": 0.4}
"""After a block."""
_HEADING_PAUSES_S: Final = {1: 1.2, 2: 1.0}
_OTHER_HEADING_S: Final = 0.8
_COMMAS: Final = {"Hani": "、", "Hira": "、", "Arab": "، "}


def said(block: Block, language: str) -> str:
    """The words and a pause after them; empty for what is only shown."""
    if block.kind in ("code", "break"):
        return ""
    words = _row(block.header) if block.kind == "table" else block.text
    if not any(map(str.isalnum, words)):
        return ""
    if block.kind == "quote" and block.name:
        return f"{_spoken(block, words, language)} {as_sentence(block.name)} {pause_mark(_pause_s(block))}"
    return f"{_spoken(block, words, language)} {pause_mark(_pause_s(block))}"


def script_of(blocks: tuple[Block, ...], language: str) -> str:
    """All that is said; without a pause at the end."""
    script = "\n\n".join(filter(None, (said(block, language) for block in blocks)))
    return script.rpartition(" [pause")[0] if script.endswith("]") else script


def _spoken(block: Block, words: str, language: str) -> str:
    sentence = words if words.rstrip().endswith((":", "：")) else as_sentence(words)
    return speakable(sentence, language, block.codes)


def _row(cells: tuple[str, ...]) -> str:
    """The cells as one sentence."""
    words = [cell for cell in cells if any(map(str.isalnum, cell))]
    return _COMMAS.get(main_script("".join(words)), ", ").join(words)


def _pause_s(block: Block) -> float:
    if block.kind == "heading":
        return _HEADING_PAUSES_S.get(block.level, _OTHER_HEADING_S)
    return _PAUSES_S[block.kind]
