"""What of an error's words is nothing to those who ask from outside."""

import re
from typing import Final

_PATH: Final = re.compile(r"""(?:file://|(?<![\w:/.]))/(?:[^\s/'",:;]+/)+""")


def without_paths(text: str) -> str:
    """The text with absolute paths cut down to their last name: `/srv/a/b.png` becomes `b.png`."""
    return _PATH.sub("", text)
