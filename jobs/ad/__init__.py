"""Ad: product, style and call to action become a 30-second film."""

from pathlib import Path
from typing import Final

PIPELINE_FILE: Final = Path(__file__).with_name("pipeline.yaml")
