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


def _embedded(_settings: Settings, _account: Account) -> Skills:
    from jobs.presenter.skills.embedded.provider import EmbeddedSkills

    return EmbeddedSkills()


SKILLS: Final = Choice(setting="skills_provider", providers={"embedded": Provider(open=_embedded)})


def skills_provider(settings: Settings, account: Account) -> Skills:
    """The skills that the settings name."""
    return SKILLS.open(settings, account)
