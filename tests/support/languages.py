"""The model that detects languages; loading it takes longer than making a small story."""

from collections.abc import Callable
from functools import cache
from typing import Any

from shared.text import guessing


def load_model_once(set_attribute: Callable[[Any, str, Any], object]) -> None:
    """Once in a process instead of once a story."""
    set_attribute(guessing, "load_model", cache(guessing.load_model))
