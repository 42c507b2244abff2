"""The scenes' clips and the picture of the call to action, made by video_gen and cta_gen for compositing.

Every clip is H.264, in the size and rate of the script's frame, without sound. Its key frames are at most one
second apart, so seeking is fast. It is longer than its scene by `HANDLE_S`, for the transition into the next
scene and for a voice that takes longer than planned.
"""

from typing import Final

HANDLE_S: Final = 1.5
CTA_NAME: Final = "assets/cta.png"


def clip_name(scene: int) -> str:
    """The name of a scene's clip; scenes are 1 to 4."""
    return f"assets/scenes/scene_{scene}.mp4"
