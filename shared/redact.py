"""Hides absolute paths from error messages that leave the server."""

import re
from typing import Final

_PATH: Final = re.compile(r"""(?:file://|(?<![\w:/.]))/(?:[^\s/'",:;]+/)+""")


def without_paths(text: str) -> str:
    """The text with absolute paths cut down to their last name: `/srv/a/b.png` becomes `b.png`."""
    return _PATH.sub("", text)
