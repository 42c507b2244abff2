"""Films drawn by code: the product cut out and set into light, depth and movement, as its style wants it.

No key, no network, and the same bytes for the same order.
"""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs.ad.scenery.cinematographer import ClipOrder
from shared.errors import Stopped
from shared.machine.process import usable_cores

if TYPE_CHECKING:
    from jobs.ad.scenery.product.cutout import Cutout

_FRAMES_A_REPORT: Final = 15
_ON_A_CARD: Final = (
    "the product can't be told from its picture's background, so the whole picture is shown on a card: give "
    "one with a transparent background, or with a plain one that is darker or of another colour"
)


class MotionProvider:
    """Who films where nobody is paid."""

    name = "motion"
    version = "2"

    def __init__(self, *, cores: int | None = None) -> None:
        """`cores` is how many clips are made at once; without it as many as the machine has."""
        self.concurrency = cores or usable_cores()
        self._lock = threading.Lock()
        self._cutout: tuple[str, Cutout] | None = None
        self._cancelled = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Whether the product could not be cut out."""
        with self._lock:
            is_card = self._cutout is not None and self._cutout[1].kind == "card"
        return (_ON_A_CARD,) if is_card else ()

    def film(self, order: ClipOrder, target: Path, *, on_progress: Callable[[float], None]) -> None:
        """Write the ordered clip: H.264 without sound, a key frame at least every second.

        Raises `InvalidAssets` if the product's picture is none, and `Stopped` when cancelled meanwhile.
        """
        from jobs.ad.scenery.filming import film

        cancelled = self._cancelled

        def tick(frame: int) -> None:
            if self._cancelled != cancelled:
                raise Stopped("a cancelled run")
            if frame % _FRAMES_A_REPORT == 0:
                on_progress(frame / order.frames)

        unfinished = target.with_name(f"{target.name}.part")
        try:
            film(order, self._shown(order), unfinished, tick)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
        on_progress(1.0)

    def cancel(self) -> None:
        """End what is being filmed, at its next frame."""
        self._cancelled += 1

    def estimate_usd(self, seconds: float) -> float:  # noqa: ARG002 - costs nothing, however long
        return 0.0

    def _shown(self, order: ClipOrder) -> "Cutout":
        """The product, cut out once for all scenes of an ad."""
        from jobs.ad.scenery.filming import shown

        picture = order.product.read_bytes() if order.product else order.look.model_dump_json().encode()
        key = hashlib.sha256(picture).hexdigest()
        with self._lock:
            if self._cutout is None or self._cutout[0] != key:
                self._cutout = key, shown(order.product, order.look)
            return self._cutout[1]
