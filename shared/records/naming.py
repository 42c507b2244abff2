"""Creation IDs made of names that people gave: a name that can be an ID is one, any other is spelt out in
plain letters and told apart from its like by a hash."""

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Final

from shared.records.creation import check_creation_id
from shared.records.names import RESERVED

_PLAIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PLAIN_WORDS: Final = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
_LONGEST: Final = 100
_LONGEST_PRODUCT: Final = 60
_HASH_DIGITS: Final = 8


def creation_id_for(folder: Path, otherwise: str) -> str:
    """A creation ID made of the folder's name, or of its parent's for one that is just called `assets`; it
    begins with `otherwise` where the name has no letters that can be spelt."""
    place = folder.resolve()
    while place.name in RESERVED:
        place = place.parent
    name = place.name
    is_plain = _PLAIN.fullmatch(name) and len(name) <= _LONGEST
    return check_creation_id(name if is_plain else _spelt_out(name, otherwise, _LONGEST))


def creation_id_of_product(name: str, style: str, otherwise: str) -> str:
    """Made of the product's name and the style, so that the same command goes on with the same creation."""
    words = product_words(name)
    is_plain = _PLAIN_WORDS.fullmatch(words) and len(words) <= _LONGEST_PRODUCT
    base = words.replace(" ", "-") if is_plain else _spelt_out(words, otherwise, _LONGEST_PRODUCT)
    return check_creation_id(f"{base}-{style}")


def product_words(name: str) -> str:
    """A product's name as far as it tells products apart, which case and spaces don't."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _spelt_out(name: str, otherwise: str, longest: int) -> str:
    """The name in plain letters, and a hash of it as it was; names that look alike have the same."""
    from anyascii import anyascii

    name = unicodedata.normalize("NFC", name)
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH_DIGITS]
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", anyascii(name)).strip("-._")
    start = plain[: longest - len(digest) - 1].rstrip("-._")
    return f"{start or otherwise}-{digest}"
