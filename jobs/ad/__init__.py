"""Ad: product, style and call to action become a 30-second vertical film."""

from pathlib import Path
from typing import Final

PIPELINE_FILE: Final = Path(__file__).with_name("pipeline.yaml")
WIDTH: Final = 1080
HEIGHT: Final = 1920
FRAME_RATE: Final = 30
