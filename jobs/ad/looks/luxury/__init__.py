"""Luxury: a dark room, a golden light that passes slowly, dust, polished stone."""

from typing import Final

from jobs.ad.looks.drawing import Drawing
from jobs.ad.looks.luxury.card import DEVICE, STAND, ground
from jobs.ad.looks.luxury.scenes import SCENES, sculpture

LUXURY: Final = Drawing(scenes=SCENES, sculpture=sculpture, ground=ground, stand=STAND, device=DEVICE)
