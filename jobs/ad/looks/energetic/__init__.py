"""Energetic: flat bright colours, everything on the beat, whips, bursts, confetti."""

from typing import Final

from jobs.ad.looks.drawing import Drawing
from jobs.ad.looks.energetic.card import DEVICE, STAND, ground
from jobs.ad.looks.energetic.scenes import SCENES, sculpture

ENERGETIC: Final = Drawing(scenes=SCENES, sculpture=sculpture, ground=ground, stand=STAND, device=DEVICE)
