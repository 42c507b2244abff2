"""Presenter: avatar, voice and text (or a deck) become slides and a narrated video."""

from pathlib import Path
from typing import Final

PIPELINE_FILE: Final = Path(__file__).with_name("pipeline.yaml")
