"""Skills: what every provider of them does, the embedded and the paid."""

from collections.abc import Callable, Iterator

import pytest

from jobs.presenter.deck.notes import without_pauses
from jobs.presenter.skills import Skills, Wish, skills_provider
from jobs.presenter.skills.facts import lost_facts
from shared.errors import ProviderDenied, UnknownName
from shared.providers.account import Account
from shared.settings import Settings, read_settings
from shared.storage.memory import MemoryStore
from tests.emulators.claude import KEY as CLAUDE_KEY
from tests.emulators.claude import Claude
from tests.emulators.watsonx import KEY, Watsonx
from tests.jobs.presenter.skills.texts import ARTICLE, OTHERS, TIDES

Make = Callable[[], Skills]


@pytest.fixture(scope="module")
def watsonx() -> Iterator[Watsonx]:
    with Watsonx() as server:
        yield server


@pytest.fixture(scope="module")
def claude() -> Iterator[Claude]:
    with Claude() as server:
        yield server


@pytest.fixture(params=["embedded", "watsonx", "claude"])
def make(request: pytest.FixtureRequest, watsonx: Watsonx, claude: Claude) -> Make:
    """Makes the provider, with an account over a store of its own."""
    settings = Settings(
        skills_provider=request.param,
        orch_api=watsonx.api,
        orch_api_key=KEY,
        ibm_iam_url=watsonx.url,
        anthropic_api_key=CLAUDE_KEY,
        anthropic_url=claude.url,
    )
    return lambda: skills_provider(settings, Account(MemoryStore()))


@pytest.mark.parametrize(
    ("language", "text"), [("en", TIDES), ("en", ARTICLE), *OTHERS.items()], ids=["tides", "article", *OTHERS]
)
def test_the_notes_of_all_slides_are_the_script_and_facts_are_kept(
    make: Make, language: str, text: str
) -> None:
    skills, wish = make(), Wish(language=language, media={"bulges.png": "assets/media/bulges.png"})
    script = skills.rewrite_script(text, wish)
    deck = skills.generate_slides(script, text, wish)
    assert "".join("".join(slide.notes for slide in deck.slides).split()) == "".join(script.split())
    if skills.name != "watsonx":  # whose skills are IBM's own
        assert lost_facts(text, script, language) == []
    assert without_pauses(script)
    assert all(len(slide.bullets) <= 5 for slide in deck.slides)
    assert deck.language == language


def test_pictures_code_and_tables_of_the_text_are_shown_by_every_provider(make: Make) -> None:
    skills, wish = make(), Wish(language="en", media={"bulges.png": "assets/media/bulges.png"})
    slides = skills.generate_slides(skills.rewrite_script(TIDES, wish), TIDES, wish).slides
    for kind in ("picture", "code", "table"):
        assert sum(getattr(slide, kind) is not None for slide in slides) == 1, kind


def test_auto_costs_money_only_where_the_key_of_skills_is_set() -> None:
    def name_of(**environ: str) -> str:
        return skills_provider(read_settings(environ), Account(MemoryStore())).name

    assert name_of() == "embedded"
    assert name_of(ANTHROPIC_API_KEY=CLAUDE_KEY) == "embedded"
    assert name_of(ORCH_APIKEY=KEY, ANTHROPIC_API_KEY=CLAUDE_KEY) == "watsonx"
    assert name_of(ANTHROPIC_API_KEY=CLAUDE_KEY, SKILLS_PROVIDER="claude") == "claude"


def test_skills_that_there_are_not_are_named_with_those_there_are() -> None:
    with pytest.raises(UnknownName) as caught:
        skills_provider(Settings(skills_provider="magic"), Account(MemoryStore()))
    assert caught.value.args[1:] == ("magic", ("watsonx", "claude", "embedded"))


@pytest.mark.parametrize(("name", "variable"), [("watsonx", "ORCH_APIKEY"), ("claude", "ANTHROPIC_API_KEY")])
def test_a_paid_provider_without_a_key_names_the_variable(name: str, variable: str) -> None:
    skills = skills_provider(Settings(skills_provider=name), Account(MemoryStore()))
    with pytest.raises(ProviderDenied, match=variable):
        skills.rewrite_script("Hello world.", Wish(language="en"))
