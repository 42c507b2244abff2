"""What a story costs at paid providers, before it is made."""

from collections.abc import Mapping
from typing import Any

from jobs.story.input.caption_text import as_shown, caption_text
from jobs.story.input.layout import read_layout, story_inputs
from jobs.story.input.options import read_options, with_parameters
from shared.providers.account import Account
from shared.providers.speech import speech_provider, unpaid
from shared.records.creation import Creation
from shared.records.names import ASSETS
from shared.settings import Settings


def estimate(creation: Creation, parameters: Mapping[str, Any], settings: Settings) -> dict[str, float]:
    """Of its captions, spoken; raises `InvalidAssets` for options or captions that can't be used."""
    layout = read_layout(story_inputs(creation), creation.key(ASSETS), [])  # the run says what else is wrong
    stored = creation.read(layout.options)[0] if layout.options else None
    options = with_parameters(read_options(stored, layout.options or ""), parameters)
    if not options.narration:
        return {}
    names = [name for part in layout.parts for name in part.captions]
    texts = (caption_text(creation.read(name)[0], name) for name in names)
    letters = sum(len(as_shown(text, options.captions.markup).text) for text in texts)
    provider = speech_provider(unpaid(settings), Account.closed())
    return {f"narration ({provider.name})": provider.estimate_usd(letters)}
