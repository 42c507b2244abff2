"""How a text is read aloud: figures, money, units, dates, addresses and short forms become words, marks and
emoji are not read; and when the visible words are spoken.
"""

from shared.text.reading.pieces import Piece, Reading, Timed, times_as_written
from shared.text.reading.read import read_aloud, reading_version

__all__ = ["Piece", "Reading", "Timed", "read_aloud", "reading_version", "times_as_written"]
