"""How large decks may be that people bring."""

from typing import Final

from jobs.presenter.deck.slides import MOST_SLIDES
from shared.machine.answering import Limits

MOST_PAGES: Final = MOST_SLIDES
MOST_DECK_BYTES: Final = 500 << 20
LIMITS: Final = Limits(wall_s=60, cpu_s=30, memory_mib=3072)
"""Of one page, or of the text of a whole presentation."""
MOST_READERS: Final = 2
MOST_UNPACKED_BYTES: Final = 1 << 30
"""Of all parts of a PPTX together."""
MOST_XML_BYTES: Final = 32 << 20
"""Of one part of a PPTX that is not a picture, a sound or a film."""
MOST_PARTS: Final = 20_000
MOST_PICTURE_BYTES: Final = 50 << 20
OFFICE_S: Final = 240
"""For LibreOffice to draw a whole presentation."""
