"""Writers: what every one of them does, the embedded and the paid."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.ad.copy import TextProvider, text_provider
from jobs.ad.copy.rules import problems_of_copy
from jobs.ad.styles import style_names
from shared.errors import ProviderDenied, UnknownName
from shared.providers.account import Account
from shared.settings import Settings, read_settings
from shared.storage.memory import MemoryStore
from tests.emulators.claude import KEY, Claude
from tests.jobs.ad.copy.briefs import NAMES, brief_of, watch_picture

Make = Callable[[], TextProvider]


@pytest.fixture(scope="module")
def claude() -> Iterator[Claude]:
    with Claude() as server:
        yield server


@pytest.fixture(params=["template", "claude"])
def make(request: pytest.FixtureRequest, claude: Claude) -> Make:
    """Makes the provider anew, with an account over a store of its own."""
    settings = Settings(
        text_provider=request.param,
        anthropic_api_key=KEY if request.param == "claude" else None,
        anthropic_url=claude.url,
    )
    return lambda: text_provider(settings, Account(MemoryStore()))


@pytest.fixture
def provider(make: Make) -> TextProvider:
    return make()


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_copy_keeps_to_the_rules_whatever_the_product_is_called(
    provider: TextProvider, name: str, style: str
) -> None:
    brief = brief_of(name, style)
    copy = provider.write(brief, provider.analyse(None, product_name=name))
    assert problems_of_copy(copy, brief) == []
    assert [scene.id for scene in copy.scenes] == [1, 2, 3, 4]
    for scene, asked in zip(copy.scenes, brief.scenes, strict=True):
        assert len(scene.voiceover_text.split()) <= asked.most_words
        assert name in scene.video_prompt


@pytest.mark.parametrize("name", ["ساعة الليل الفاخرة", "高級腕時計 プレミアム", "Frühstücksmüsli"])
def test_names_of_other_languages_are_spoken_unchanged(provider: TextProvider, name: str) -> None:
    copy = provider.write(brief_of(name), provider.analyse(None, product_name=name))
    assert name in copy.scenes[0].voiceover_text


@pytest.mark.parametrize("call", ["Shop Now", "Learn more", "Jetzt bestellen!", "تسوق الآن"])
def test_the_call_to_action_is_said_word_for_word(provider: TextProvider, call: str) -> None:
    brief = brief_of(cta_text=call, style="minimal")
    copy = provider.write(brief, provider.analyse(None, product_name=brief.product_name))
    assert copy.scenes[-1].voiceover_text.casefold().count(call.casefold()) >= 1


def test_the_same_brief_gets_the_same_copy_and_another_variation_another(make: Make) -> None:
    def written(variation: int) -> object:
        provider = make()
        analysis = provider.analyse(None, product_name="Premium Watch")
        return provider.write(brief_of(variation=variation), analysis)

    assert written(0) == written(0)
    assert written(0) != written(1)


def test_colours_are_those_of_the_picture(provider: TextProvider, tmp_path: Path) -> None:
    picture = watch_picture(tmp_path / "watch.png")
    assert provider.analyse(picture, product_name="Premium Watch").colours == ("#101010", "#D4AF37")
    assert provider.analyse(None, product_name="Premium Watch").colours == ()


def test_an_estimate_asks_nobody(make: Make, claude: Claude) -> None:
    before, provider = len(claude.calls), make()
    costs = [provider.estimate_usd(brief_of(), with_picture=shown) for shown in (False, True)]
    assert len(claude.calls) == before
    assert 0 <= costs[0] <= costs[1] < 0.2
    assert (costs[0] > 0) == (provider.name == "claude")


def test_the_paid_writer_is_chosen_where_its_key_is_set() -> None:
    def name_of(**environ: str) -> str:
        return text_provider(read_settings(environ), Account(MemoryStore())).name

    assert name_of() == "template"
    assert name_of(ANTHROPIC_API_KEY=KEY) == "claude"
    assert name_of(ANTHROPIC_API_KEY=KEY, TEXT_PROVIDER="template") == "template"


def test_a_writer_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownName) as caught:
        text_provider(Settings(text_provider="shakespeare"), Account(MemoryStore()))
    assert caught.value.args[1:] == ("shakespeare", ("claude", "template"))


def test_claude_without_a_key_can_estimate_but_not_write() -> None:
    provider = text_provider(Settings(text_provider="claude"), Account(MemoryStore()))
    assert provider.estimate_usd(brief_of(), with_picture=True) > 0
    with pytest.raises(ProviderDenied, match="ANTHROPIC_API_KEY"):
        provider.analyse(None, product_name="X")
