"""Which voices there can be, known without the packages that speak: a server may be without them."""

from typing import Final

from shared.errors import BadRequest
from shared.providers.speech.kokoro.vectors import OURS, blend_of
from shared.settings import Settings

ESPEAK_VARIANTS: Final = {
    **{f"m{n}": f"man {n}" for n in range(1, 9)},
    **{f"f{n}": f"woman {n}" for n in range(1, 6)},
}
"""espeak's timbres."""

_NAMES: Final = """
af am an ar as az ba be bg bn bpy bs ca ca-valencia ca-x-balear ca-x-nord chr cmn cmn-latn-pinyin cs cv cy
da de el en-029 en-gb en-gb-scotland en-gb-x-gbclan en-gb-x-gbcwmd en-gb-x-rp en-shaw en-us en-us-x-nyc eo
es es-419 et eu fa fa-latn fi fr fr-be fr-ch ga gd gn grc gu hak haw he hi hr ht hu hy hyw ia id io is it ja
jbo ka kk kl kn ko kok ku ky la lb lfn lt ltg lv mi mk ml mr ms mt mto my nb nci ne nl nog om or pa pap pl
pt pt-br qu quc qya ro ru ru-lv ru-x-classic sd shn si sjn sk sl smj sq sr sv sw ta te th ti tk tlh tn tr tt
ug uk ur uz vi vi-vn-x-central vi-vn-x-south x-belter x-pyash yue yue-latn-jyutping
"""
ESPEAK_VOICES: Final = frozenset(_NAMES.split())
"""In lower case; a test compares them with the library's."""


def check_voice(settings: Settings, voice: str | None) -> None:
    """Raise `BadRequest` for a voice that no installation has. One that is known may still have to be added
    where it is to speak; and which voices an account at ElevenLabs has is not known here."""
    if voice is None or settings.speech_provider == "elevenlabs":
        return
    if settings.speech_provider != "espeak" and blend_of(voice):
        return
    base, plus, variant = voice.lower().partition("+")
    is_base = base in ESPEAK_VOICES or (not base and bool(plus))
    if not is_base or (plus and variant not in ESPEAK_VARIANTS):
        names = ", ".join(OURS)
        raise BadRequest(f"voice: {voice!r} is unknown; `reelwright voices` lists all, such as {names}")
