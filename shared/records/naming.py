"""Creation IDs made from names that people give. A name that is a valid ID stays as it is; any other is spelt
out in plain letters, with a hash that keeps similar names apart."""

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
    """A creation ID made of the folder's name, or of its parent's for a folder that is just called `assets`;
    it begins with `otherwise` where the name has no letters that can be spelt out."""
    place = folder.resolve()
    while place.name in RESERVED:
        place = place.parent
    name = place.name
    is_plain = _PLAIN.fullmatch(name) and len(name) <= _LONGEST
    return check_creation_id(name if is_plain else _spelt_out(name, otherwise, _LONGEST))


def creation_id_of_product(name: str, style: str, otherwise: str) -> str:
    """A creation ID made of product and style, so that the same command continues the same creation."""
    words = product_words(name)
    is_plain = _PLAIN_WORDS.fullmatch(words) and len(words) <= _LONGEST_PRODUCT
    base = words.replace(" ", "-") if is_plain else _spelt_out(words, otherwise, _LONGEST_PRODUCT)
    return check_creation_id(f"{base}-{style}")


def product_words(name: str) -> str:
    """A product's name without the differences in case and spaces, which don't distinguish products."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _spelt_out(name: str, otherwise: str, longest: int) -> str:
    """The name in plain letters, and a hash of the original; names that look alike have the same hash."""
    from anyascii import anyascii

    name = unicodedata.normalize("NFC", name)
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH_DIGITS]
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", anyascii(name)).strip("-._")
    start = plain[: longest - len(digest) - 1].rstrip("-._")
    return f"{start or otherwise}-{digest}"
