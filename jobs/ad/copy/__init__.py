"""Writing: what a product is, and the words of its ad.

To add a provider of text:
1. write `jobs/ad/copy/<name>.py` with a class that has `TextProvider`'s methods,
2. add it to `TEXT`, and its key, if it has one, to `shared/settings.py`,
3. give the `make` fixture of `tests/jobs/ad/copy/test_choice.py` what opens it.
"""

from typing import Final

from jobs.ad.copy.writer import AdBrief, AdCopy, ProductAnalysis, SceneBrief, SceneCopy, TextProvider
from shared.providers.account import Account
from shared.providers.choice import Choice, Provider
from shared.settings import Settings

__all__ = [
    "TEXT",
    "AdBrief",
    "AdCopy",
    "ProductAnalysis",
    "SceneBrief",
    "SceneCopy",
    "TextProvider",
    "text_provider",
]


def _claude(settings: Settings, account: Account) -> TextProvider:
    from jobs.ad.copy.claude import ClaudeProvider

    return ClaudeProvider(settings, account)


def _template(_settings: Settings, _account: Account) -> TextProvider:
    from jobs.ad.copy.template import TemplateProvider

    return TemplateProvider()


TEXT: Final = Choice(
    setting="text_provider",
    providers={
        "claude": Provider(open=_claude, key="anthropic_api_key"),
        "template": Provider(open=_template),
    },
)


def text_provider(settings: Settings, account: Account) -> TextProvider:
    """The writer that the settings name."""
    return TEXT.open(settings, account)
