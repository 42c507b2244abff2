"""How ads look: a folder for each look, with its scenes and its card. A style names its look.

To add a look:
1. write `jobs/ad/looks/<name>/__init__.py`, which makes a `Drawing` of scenes, sculpture, ground, stand and
   device,
2. add it to `LOOKS`; `tests/jobs/ad/test_styles.py` says what is missing,
3. name it in a style, e.g. in a new `jobs/ad/styles/<name>.yaml`.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from shared.errors import UnknownName

if TYPE_CHECKING:
    from jobs.ad.looks.drawing import Drawing


def _bold() -> "Drawing":
    from jobs.ad.looks.bold import BOLD

    return BOLD


def _energetic() -> "Drawing":
    from jobs.ad.looks.energetic import ENERGETIC

    return ENERGETIC


def _luxury() -> "Drawing":
    from jobs.ad.looks.luxury import LUXURY

    return LUXURY


def _minimal() -> "Drawing":
    from jobs.ad.looks.minimal import MINIMAL

    return MINIMAL


LOOKS: Final[Mapping[str, Callable[[], "Drawing"]]] = {
    "bold": _bold,
    "energetic": _energetic,
    "luxury": _luxury,
    "minimal": _minimal,
}


def drawing_named(look: str) -> "Drawing":
    """How the look with this name is drawn; raises `UnknownName`."""
    if look not in LOOKS:
        raise UnknownName("look", look, list(LOOKS))
    return LOOKS[look]()
