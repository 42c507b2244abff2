"""Ad: product, style and call to action become a 30-second vertical film."""

from pathlib import Path
from typing import Final

from shared.records.names import FILM, POSTER, TIMELINE, captions_name

PIPELINE_FILE: Final = Path(__file__).with_name("pipeline.yaml")
WIDTH: Final = 1080
HEIGHT: Final = 1920
FRAME_RATE: Final = 30
OUTPUTS: Final = frozenset(
    {
        *(
            "assets/script.json",
            "assets/voiceovers/voiceovers.json",
            "assets/cta.png",
            TIMELINE,
        ),
        *(f"assets/voiceovers/scene_{number}.mp3" for number in range(1, 5)),
        *(f"assets/scenes/scene_{number}.mp4" for number in range(1, 5)),
        *(FILM, POSTER, captions_name("srt"), captions_name("vtt")),
    }
)
"""What the stages publish under `assets/`."""
