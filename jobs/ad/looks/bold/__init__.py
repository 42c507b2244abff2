"""Bold: black, one colour and white; hard light, hard shadows, blocks that slam into place."""

from typing import Final

from jobs.ad.looks.bold.card import DEVICE, STAND, ground
from jobs.ad.looks.bold.scenes import SCENES, sculpture
from jobs.ad.looks.drawing import Drawing

BOLD: Final = Drawing(scenes=SCENES, sculpture=sculpture, ground=ground, stand=STAND, device=DEVICE)
