"""`python -m benchmarks.stand_ins`: runs slow stand-ins of paid providers until stdin is closed.

Prints one line of JSON: the variables for a process that uses them.
"""

import json
import sys

from tests.emulators import elevenlabs, replicate

VOICE_S = 2.0
CLIP_S = 6.0
PICTURE_S = 1.0


class _Models(replicate.ReplicateServer):
    """Models that film take longer than those that paint."""

    def _go_on(self, prediction: replicate.Prediction) -> None:
        self.takes_s = PICTURE_S if "flux" in prediction.model else CLIP_S
        super()._go_on(prediction)


def main() -> None:
    with elevenlabs.ElevenLabs(takes_s=VOICE_S) as voices, _Models() as models:
        models.film = replicate.film(10.0, 768, 1364)
        models.picture = replicate.picture(768, 1344)
        variables = {
            "SPEECH_PROVIDER": "elevenlabs",
            "ELEVENLABS_API_KEY": elevenlabs.KEY,
            "ELEVENLABS_BASE_URL": voices.url,
            "VIDEO_PROVIDER": "replicate",
            "IMAGE_PROVIDER": "replicate",
            "REPLICATE_API_TOKEN": replicate.TOKEN,
            "REPLICATE_BASE_URL": models.url,
        }
        sys.stdout.write(json.dumps(variables) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
