"""watsonx: what was paid for is kept, results have several shapes, and every fault has its own error."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs.presenter.deck.slides import Slides
from jobs.presenter.skills.watsonx import WatsonxSkills
from jobs.presenter.skills.wish import Wish
from shared.errors import (
    InvalidSettings,
    ProviderBusy,
    ProviderDenied,
    ProviderFailed,
    ProviderRefused,
    Stopped,
)
from shared.providers.account import Account
from shared.settings import Settings, read_settings
from shared.storage.memory import MemoryStore
from tests.emulators.paid import Fault
from tests.emulators.watsonx import GENERATE, KEY, REWRITE, TOKEN, Watsonx, segments

TEXT = "# Tides\n\nThe sea rises 2 times a day. It never stops.\n\n- Brest has 4.2 m\n- Naples has none\n"
WISH = Wish(language="en")


@pytest.fixture(scope="module")
def server() -> Iterator[Watsonx]:
    with Watsonx() as watsonx:
        yield watsonx


@pytest.fixture
def api(server: Watsonx) -> Watsonx:
    """The stand-in, as good as new."""
    for kept in (server.calls, server.faults, server.paid):
        kept.clear()
    server.bearer = False
    return server


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def account(store: MemoryStore, naps: list[float]) -> Account:
    return Account(store, sleep=naps.append)


def skills(api: Watsonx, account: Account, **more: Any) -> WatsonxSkills:
    known = {"orch_api": api.api, "orch_api_key": KEY, "ibm_iam_url": api.url} | more
    return WatsonxSkills(Settings(**known), account)


def script(api: Watsonx, account: Account, **more: Any) -> str:
    return skills(api, account, **more).rewrite_script(TEXT, WISH)


def deck(api: Watsonx, account: Account, said: str = "Tides. [pause]\n\nThe sea rises. It falls.") -> Slides:
    return skills(api, account).generate_slides(said, said, WISH)


def test_each_skill_is_bought_once_for_all_creations(api: Watsonx, store: MemoryStore) -> None:
    for _ in range(2):
        made = skills(api, Account(store))
        made.generate_slides(made.rewrite_script(TEXT, WISH), TEXT, WISH)
    assert api.paid == {"rewrite-script": 1, "generate-slides": 1}
    assert api.calls_of(REWRITE)[0].json == {"params": {"text": TEXT}}


def test_a_token_is_fetched_once_and_the_key_itself_is_sent_only_to_iam(
    api: Watsonx, store: MemoryStore
) -> None:
    made = skills(api, Account(store))
    made.generate_slides(made.rewrite_script(TEXT, WISH), TEXT, WISH)
    assert len(api.calls_of(TOKEN)) == 1
    assert all(KEY not in str(call.headers) + call.data.decode() for call in api.calls if call.line != TOKEN)


def test_the_key_is_the_bearer_where_the_setting_says_so(api: Watsonx, account: Account) -> None:
    api.bearer = True
    assert "The sea rises 2 times a day." in script(api, account, orch_auth="bearer")
    assert api.calls_of(TOKEN) == []


def test_the_endpoint_is_a_template(api: Watsonx, account: Account) -> None:
    endpoint = f"{api.url}/api/skills/{{skill}}:invoke"
    assert script(api, account, orch_api="http://127.0.0.1:9", orch_endpoint=endpoint)
    with pytest.raises(ProviderRefused, match="404"):
        script(api, account, orch_endpoint="{api}/v2/{skill}")
    with pytest.raises(InvalidSettings, match="ORCH_ENDPOINT"):
        read_settings({"ORCH_ENDPOINT": "{api}/skills"})


SHAPES: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda slides: slides,
    "segments": segments,
    "an object with slides": lambda slides: {"slides": slides},
    "texts": lambda slides: [each["notes"] for each in slides],
    "other words": lambda slides: [
        {"heading": s["title"], "points": [{"text": s["bullets"][0]}]} for s in slides
    ],
    "bullets in lines": lambda slides: [{**s, "bullets": "- One\n- Two", "notes": None} for s in slides],
}


@pytest.mark.parametrize("bend", SHAPES.values(), ids=list(SHAPES))
def test_slides_are_read_in_several_shapes_and_keep_the_script(
    api: Watsonx, account: Account, bend: Callable[[Any], Any]
) -> None:
    api.faults.append(Fault(kind="result", match=GENERATE, body=bend))
    said = (
        "The sea rises twice a day. It never stops. [pause]\n\nBrest has a range of 4.2 m. Naples has none."
    )
    made = deck(api, account, said)
    assert "".join("".join(slide.notes for slide in made.slides).split()) == "".join(said.split())
    assert len(made.slides) == 2
    assert all(slide.title for slide in made.slides)
    for slide in made.slides:
        assert all(bullet.at is None or bullet.at < len(slide.notes) for bullet in slide.bullets)


def test_a_bullet_appears_where_its_sentence_begins(api: Watsonx, account: Account) -> None:
    slides = [{"title": "Sea", "bullets": ["It rises", "Naples has no tide"]}]
    api.faults.append(Fault(kind="result", match=GENERATE, body=lambda _: slides))
    (slide,) = deck(api, account, "The sea: it rises. Then it falls. In Naples there is no tide.").slides
    assert [bullet.at for bullet in slide.bullets] == [0, 34]


WRONG: dict[str, tuple[str, Any, str]] = {
    "no result": (REWRITE, None, "without a result"),
    "an object": (REWRITE, {"text": "hm"}, "dict where words were due"),
    "nothing": (REWRITE, "", "nothing where words were due"),
    "too long": (REWRITE, "word " * 2000, "too long"),
    "no list": (GENERATE, {"pictures": []}, "no list of slides"),
    "no slides": (GENERATE, [], "0 slides"),
    "numbers": (GENERATE, [1, 2], "slide 1"),
    "a title that is none": (GENERATE, [{"title": ["x"], "notes": "y"}], "slide 1: title"),
    "bullets that are none": (GENERATE, [{"bullets": 7, "notes": "y"}], "slide 1: bullets"),
    "too many": (GENERATE, ["word"] * 401, "401 slides"),
}


@pytest.mark.parametrize(("match", "result", "said"), WRONG.values(), ids=list(WRONG))
def test_a_result_that_cant_be_used_fails_and_is_not_kept(
    api: Watsonx, account: Account, match: str, result: Any, said: str
) -> None:
    act = script if match == REWRITE else deck
    api.faults.append(Fault(kind="result", match=match, body=lambda _: result))
    with pytest.raises(ProviderFailed, match=said):
        act(api, account)
    assert act(api, account)


def test_a_script_that_changes_facts_is_warned_about(
    api: Watsonx, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    api.faults.append(Fault(kind="result", match=REWRITE, body=lambda _: "The sea rises 3 times a day."))
    with caplog.at_level(logging.WARNING):
        script(api, account)
    assert "the number 2 is missing" in caplog.text


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, ProviderDenied, "ORCH_APIKEY"),
        (403, ProviderDenied, "ORCH_APIKEY"),
        (402, ProviderDenied, "top it up"),
        (400, ProviderRefused, "against our rules"),
        (413, ProviderRefused, "against our rules"),
    ],
)
def test_what_asking_again_can_not_mend_is_asked_once(
    api: Watsonx, account: Account, status: int, error: type[Exception], said: str
) -> None:
    api.faults.append(Fault(kind="status", match=REWRITE, status=status, message="against our rules"))
    with pytest.raises(error, match=said):
        script(api, account)
    assert len(api.calls_of(REWRITE)) == 1


def test_a_key_that_iam_does_not_know_is_denied(api: Watsonx, account: Account) -> None:
    with pytest.raises(ProviderDenied, match=r"could not be found.*ORCH_APIKEY"):
        script(api, account, orch_api_key="another-key")
    assert api.calls_of(REWRITE) == []


@pytest.mark.parametrize("kind", ["status", "reset", "truncated", "malformed"])
def test_iam_is_asked_again_when_it_fails(api: Watsonx, account: Account, kind: str) -> None:
    api.faults.append(Fault(kind=kind, match=TOKEN, status=503))
    assert script(api, account)
    assert (len(api.calls_of(TOKEN)), api.paid["rewrite-script"]) == (2, 1)


def test_iam_that_fails_for_good_is_busy(api: Watsonx, account: Account) -> None:
    api.faults.append(Fault(kind="status", match=TOKEN, status=500, times=99))
    with pytest.raises(ProviderBusy, match="IAM gave no token"):
        script(api, account)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "7"}])
def test_a_rate_limit_is_waited_out(
    api: Watsonx, account: Account, naps: list[float], headers: dict[str, str]
) -> None:
    api.faults.append(Fault(kind="status", match=REWRITE, status=429, headers=headers, times=2))
    assert script(api, account)
    assert api.paid["rewrite-script"] == 1
    assert sum(naps) >= (14 if headers else 0.5)


@pytest.mark.parametrize("kind", ["status", "reset", "truncated", "malformed", "wrong_type", "slow_drip"])
def test_a_lost_answer_is_asked_for_once_more_and_not_a_third_time(
    api: Watsonx, account: Account, kind: str
) -> None:
    fault = Fault(kind=kind, match=REWRITE, status=500, after_work=True)
    api.faults.append(fault)
    assert script(api, account, orch_timeout_s=0.3)
    assert api.paid["rewrite-script"] == 2
    fault.times = 99
    with pytest.raises(ProviderBusy):
        skills(api, account, orch_timeout_s=0.3).rewrite_script("Another text.", WISH)
    assert api.paid["rewrite-script"] == 4


def test_a_stage_that_ends_waits_no_longer(api: Watsonx, store: MemoryStore) -> None:
    ended: list[bool] = []

    def check() -> None:
        if ended:
            raise Stopped("SIGTERM")

    api.faults.append(
        Fault(kind="status", match=REWRITE, status=429, headers={"Retry-After": "30"}, times=99)
    )
    with pytest.raises(Stopped):
        script(api, Account(store, check=check, sleep=lambda _: ended.append(True)))
    assert len(api.calls_of(REWRITE)) == 1
