"""Texts of talks, in several languages and of every form."""

from typing import Final

TIDES: Final = """\
# Tides

Twice a day, the sea climbs the harbour wall. This talk shows why.

## The moon's pull

The near side of the Earth is about 12,700 km closer, so it is **pulled** harder; the far side is not.

- Water near the moon is drawn *towards* it
- Water on the far side is left behind
  - This is why most coasts have two high tides

![The two bulges](bulges.png)

## Predicting

In `numpy`, a tide is a sum of waves:

```python
height = sum(wave(t) for wave in waves)
```

| Port | Range |
|------|-------|
| Brest | 4.2 m |
| Naples | 0.2 m |

> Time and tide wait for no man.
> — Geoffrey Chaucer

---

1. One
2. Two
3. Three
4. Four
5. Five
6. Six
"""

ARTICLE: Final = (
    """\
Sheep were first kept for milk and wool in the hills of Anatolia. A flock of 300 sheep needs one shepherd
and two dogs. The wool of a Merino sheep is finer than 20 micrometres. Shepherds shear the sheep once a
year, never in winter.

Rockets burn fuel and an oxidiser in a chamber. The hot gas leaves the nozzle at 3,000 metres a second. A
rocket needs no air, because it carries its oxygen. The Saturn V rocket had five engines and lifted 140
tonnes. Rockets do not steer with wings in space, but with small engines.

Bread is made from flour, water, salt and yeast. The dough rests for 12 hours at 5 degrees. Bakers do not
add sugar to this dough. The oven must be very hot, 250 degrees at the start, and the bread is done after
45 minutes.

"""
    * 3
)

OTHERS: Final = {
    "de": "# Das Brot\n\nOhne Salz schmeckt Brot nicht; das weiß man seit 1895. Am 3. Tag ist es „altbacken“."
    "\n\n- 800 g Mehl\n- kein Zucker\n",
    "es": "# Las mareas\n\nEl mar sube 2 veces al día. ¿Por qué no siempre igual? La Luna nunca para.\n",
    "ja": "# 潮\n\n海は一日に2回満ちます。潮は消えませんが、小さくなります。\n\n- 近い側の水は引かれる\n",
    "ar": "# المد والجزر\n\nيرتفع البحر 2 مرة في اليوم. لا يتوقف القمر أبدا.\n\n- الماء البعيد لا يرتفع\n",
    "hi": "# ज्वार\n\nसमुद्र दिन में 2 बार उठता है। चंद्रमा कभी नहीं रुकता।\n",
}
