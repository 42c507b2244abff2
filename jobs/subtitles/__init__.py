"""Subtitles: a film gets timed, named and checked subtitles, in ten stages."""

from pathlib import Path
from typing import Final

PIPELINE_FILE: Final = Path(__file__).with_name("pipeline.yaml")
