"""Ad: product, style and call to action become a 30-second film."""

from pathlib import Path
from typing import Final

PIPELINE_FILE: Final = Path(__file__).with_name("pipeline.yaml")
OUTPUTS: Final = frozenset(
    {
        *(
            "assets/script.json",
            "assets/voiceovers/voiceovers.json",
            "assets/cta.png",
            "assets/timeline.json",
        ),
        *(f"assets/voiceovers/scene_{number}.mp3" for number in range(1, 5)),
        *(f"assets/scenes/scene_{number}.mp4" for number in range(1, 5)),
        *("assets/video.mp4", "assets/poster.jpg", "assets/captions.srt", "assets/captions.vtt"),
    }
)
"""What the stages publish under `assets/`."""
