"""Writing: what a product is, and the words of its ad.

To add a provider of text:
1. write `jobs/ad/copy/<name>.py` with a class that has `TextProvider`'s methods,
2. add its name to the dict in `text_provider`,
3. add it to the `provider` fixture of `tests/jobs/ad/copy/test_choice.py`.
"""

from collections.abc import Callable, Mapping

from jobs.ad.copy.writer import AdBrief, AdCopy, ProductAnalysis, SceneBrief, SceneCopy, TextProvider
from shared.providers.account import Account
from shared.providers.choice import chosen, opened
from shared.settings import Settings

__all__ = [
    "AdBrief",
    "AdCopy",
    "ProductAnalysis",
    "SceneBrief",
    "SceneCopy",
    "TextProvider",
    "text_provider",
    "text_provider_name",
]


def text_provider(settings: Settings, account: Account) -> TextProvider:
    """The writer that the settings name."""

    def claude() -> TextProvider:
        from jobs.ad.copy.claude import ClaudeProvider

        return ClaudeProvider(settings, account)

    def template() -> TextProvider:
        from jobs.ad.copy.template import TemplateProvider

        return TemplateProvider()

    providers: Mapping[str, Callable[[], TextProvider]] = {"claude": claude, "template": template}
    return opened("TEXT_PROVIDER", text_provider_name(settings), providers)


def text_provider_name(settings: Settings) -> str:
    return chosen(settings.text_provider, paid="claude", key=settings.anthropic_api_key, embedded="template")
