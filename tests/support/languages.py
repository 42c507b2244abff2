"""The model that guesses languages, which takes longer to load than a small story takes to make."""

from collections.abc import Callable
from functools import cache
from typing import Any

from shared.text import guessing


def load_model_once(set_attribute: Callable[[Any, str, Any], object]) -> None:
    """Once in a process, not once a story."""
    set_attribute(guessing, "load_model", cache(guessing.load_model))
