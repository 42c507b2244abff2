"""Skills: a text becomes the script of a talk, and the script its slides.

To add a provider of skills:
1. write `jobs/presenter/skills/<name>.py` with a class that has `Skills`' methods,
2. add it to `SKILLS`, and its key, if it has one, to `shared/settings.py`,
3. give the `make` fixture of `tests/jobs/presenter/skills/test_choice.py` what opens it.
"""

from typing import Final

from jobs.presenter.skills.wish import Skills, Wish
from shared.providers.account import Account
from shared.providers.choice import Choice, Provider
from shared.settings import Settings

__all__ = ["SKILLS", "Skills", "Wish", "skills_provider"]


def _watsonx(settings: Settings, account: Account) -> Skills:
    from jobs.presenter.skills.watsonx import WatsonxSkills

    return WatsonxSkills(settings, account)


def _claude(settings: Settings, account: Account) -> Skills:
    from jobs.presenter.skills.claude import ClaudeSkills

    return ClaudeSkills(settings, account)


def _embedded(_settings: Settings, _account: Account) -> Skills:
    from jobs.presenter.skills.embedded.provider import EmbeddedSkills

    return EmbeddedSkills()


SKILLS: Final = Choice(
    setting="skills_provider",
    providers={
        "watsonx": Provider(open=_watsonx, key="orch_api_key"),
        "claude": Provider(open=_claude, key="anthropic_api_key", by_name=True),
        "embedded": Provider(open=_embedded),
    },
)
"""A key of Claude that is set for ads makes no talk cost money."""


def skills_provider(settings: Settings, account: Account) -> Skills:
    """The skills that the settings name."""
    return SKILLS.open(settings, account)
