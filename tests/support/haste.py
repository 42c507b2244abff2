"""What takes longer than the small films of tests is done once in a process, instead of once a story."""

import gc
import os
import pickle
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from jobs.ad.music import composer
from jobs.story import narrate
from shared.machine import memory
from shared.machine.workers import Workers
from shared.text import guessing
from shared.video.lettering import font_copies
from shared.video.lettering.fonts import Face
from shared.video.subjects.subjects import what_matters
from shared.worker import meter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.subjects.boxes import Box

SetAttribute = Callable[[Any, str, Any], object]
save_instance: Final = font_copies._save_instance
"""What `instance_once` replaces."""


def load_model_once(set_attribute: SetAttribute) -> None:
    """The model that detects languages."""
    set_attribute(guessing, "load_model", cache(guessing.load_model))


def look_once(set_attribute: SetAttribute) -> None:
    """For what matters in a picture: narrate remembers it for equal pixels."""

    @cache
    def seen(pixels: bytes, shape: tuple[int, ...]) -> "tuple[Box, ...]":
        import numpy as np

        return what_matters(np.frombuffer(pixels, np.uint8).reshape(shape))

    def look(picture: "NDArray[np.uint8]") -> "tuple[Box, ...]":
        return seen(picture.tobytes(), picture.shape)

    set_attribute(narrate, "what_matters", look)


def compose_once(set_attribute: SetAttribute) -> None:
    """The same music; its own tests compose it each time."""
    compose = lru_cache(maxsize=8)(composer.compose)

    def composed(*, cuts_s: Sequence[float], **asked: Any) -> "NDArray[np.float32]":
        return compose(cuts_s=tuple(cuts_s), **asked)

    set_attribute(composer, "compose", composed)


def keep_decoders(set_attribute: SetAttribute) -> None:
    """The processes that decode pictures live on when a stage has ended."""
    set_attribute(meter, "DECODERS", Workers("unused", most=1))


def parse_once(set_attribute: SetAttribute) -> None:
    """YAML, such as the pipelines that every run and every app reads; each call has its own copy."""
    load = yaml.load

    @cache
    def parsed(text: str | bytes, loader: Any) -> bytes:
        return pickle.dumps(load(text, loader))

    def load_kept(source: Any, Loader: Any) -> Any:  # noqa: N803 - PyYAML's own name
        kept = isinstance(source, str | bytes)
        return pickle.loads(parsed(source, Loader)) if kept else load(source, Loader)

    set_attribute(yaml, "load", load_kept)


def keep_frozen(set_attribute: SetAttribute) -> None:
    """What `tests/conftest.py` froze: rendering would thaw it, and every film's end would scan it all."""
    for name in ("freeze", "unfreeze"):
        set_attribute(gc, name, lambda: None)


def measure_roughly(set_attribute: SetAttribute) -> None:
    """A process's memory: the kernel walks all pages of this large one to tell which of them are shared."""

    def resident_kib(pid: int) -> int:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024

    set_attribute(memory, "_share_kib", resident_kib)


def instance_once(set_attribute: SetAttribute) -> None:
    """A variable font at the same places of its axes."""
    made: dict[Any, bytes] = {}

    def save(face: Face, places: dict[str, float], target: Path, text: str) -> None:
        letters = text if face.path.suffix.lower().endswith("c") else ""
        key = face.path, face.number, tuple(places.items()), letters
        if key not in made:
            save_instance(face, places, target, text)
            made[key] = target.read_bytes()
        target.write_bytes(made[key])

    set_attribute(font_copies, "_save_instance", save)


EVERYTHING: Final = (
    *(instance_once, load_model_once, look_once, parse_once, keep_decoders, keep_frozen),
    *(compose_once, measure_roughly),
)
