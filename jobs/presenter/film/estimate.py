"""What a talk costs at paid providers, before it is made."""

from collections.abc import Mapping
from typing import Any

from jobs.presenter.talk import read_talk
from shared.providers.account import Account
from shared.providers.speech import speech_provider, unpaid
from shared.records.creation import Creation
from shared.settings import Settings


def estimate(creation: Creation, parameters: Mapping[str, Any], settings: Settings) -> dict[str, float]:
    """Of its text, spoken; a deck's own notes are not counted. Raises `InvalidAssets` for what can't be used.

    The embedded skills are free, and what watsonx charges is not known here.
    """
    talk = read_talk(creation, parameters, complete=False)
    provider = speech_provider(unpaid(settings), Account.closed())
    return {f"narration ({provider.name})": provider.estimate_usd(len(talk.text or ""))}
