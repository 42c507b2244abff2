"""The scenes' clips and the picture of the call to action: what video_gen and cta_gen leave for compositing.

Every clip is H.264, in the size and rate of the script's frame, without sound, its key frames at most one
second apart (so that any part of it is found quickly), and longer than its scene by `HANDLE_S`: room for the
transition into the next scene and for a voice that takes longer than planned.
"""

from typing import Final

HANDLE_S: Final = 1.5
CTA_NAME: Final = "assets/cta.png"


def clip_name(scene: int) -> str:
    """Where the clip of a scene (1 to 4) lies."""
    return f"assets/scenes/scene_{scene}.mp4"
