"""Text as people's editors save it."""

import codecs
from typing import Final

_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def decode_text(data: bytes) -> str:
    """UTF-8, or UTF-16 that says so by its mark, which is no part of the text; or `UnicodeDecodeError`."""
    return data.decode(_MARKS.get(data[:2], "utf-8-sig"))
