"""Why a deck can't be read."""

from typing import Final

PROTECTED: Final = "is protected by a password; save it without one and upload it again"
BROKEN: Final = "is damaged or incomplete ({}); export it again from its source and upload it again"


class Unreadable(Exception):
    """The deck is to blame: a sentence that goes on after its name, with the remedy."""
