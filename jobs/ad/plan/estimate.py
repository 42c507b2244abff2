"""What an ad costs at paid providers, before it is made."""

from collections.abc import Mapping
from typing import Any

from jobs.ad.brief import Brief, product_picture, read_draft
from jobs.ad.card import image_provider
from jobs.ad.copy import text_provider
from jobs.ad.plan.pace import windows_of
from jobs.ad.scenery import video_provider
from jobs.ad.script_gen import ad_brief
from jobs.ad.styles import style_named
from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.records.creation import Creation
from shared.settings import Settings

_LETTERS_A_WORD = 6


def estimate(creation: Creation, parameters: Mapping[str, Any], settings: Settings) -> dict[str, float]:
    """Of a creation with these parameters; what is missing in its brief has a stand-in.

    Raises `InvalidAssets` for what can't be used.
    """
    brief = read_draft(creation, parameters)
    return prices(settings, brief, with_picture=product_picture(creation) is not None)


def prices(settings: Settings, brief: Brief, *, with_picture: bool) -> dict[str, float]:
    """US dollars at list prices, by component; uses no network and makes nothing."""
    style = style_named(brief.style)
    nothing = Account.closed()
    letters = _LETTERS_A_WORD * sum(window.words for window in windows_of(style))
    text = text_provider(settings, nothing)
    speech = speech_provider(settings, nothing)
    video = video_provider(settings, nothing)
    image = image_provider(settings, nothing)
    filming = sum(video.estimate_usd(scene.seconds) for scene in style.scenes)
    return {
        f"script ({text.name})": text.estimate_usd(ad_brief(brief, style), with_picture=with_picture),
        f"4 voice-overs ({speech.name})": speech.estimate_usd(letters),
        f"4 scenes ({video.name})": filming,
        f"call to action ({image.name})": image.estimate_usd(),
    }
