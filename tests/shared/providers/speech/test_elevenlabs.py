"""elevenlabs: what was paid for is kept, what was lost is looked for, what is broken is never kept."""

import json
import threading
import time
from collections.abc import Iterator

import pytest

from shared.errors import BadRequest, ProviderBusy, ProviderDenied, ProviderFailed, ProviderRefused, Stopped
from shared.providers.account import Account
from shared.providers.speech import Speech
from shared.providers.speech.elevenlabs import ElevenLabsProvider
from shared.providers.speech.elevenlabs_catalogue import DEFAULT_MODELS, MODELS, VOICES
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.emulators.elevenlabs import KEY, SPOKEN, ElevenLabs
from tests.emulators.paid import Fault

TEXT = "This is Nightwatch. Take action now."
SPEAK = "POST /v1/text-to-speech"
HISTORY = "GET /v1/history"


@pytest.fixture
def api() -> Iterator[ElevenLabs]:
    with ElevenLabs() as server:
        yield server


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def account(store: MemoryStore, naps: list[float]) -> Account:
    return Account(store, sleep=naps.append)


def voice(
    api: ElevenLabs, account: Account, *, key: str = KEY, model: str | None = None
) -> ElevenLabsProvider:
    settings = Settings(elevenlabs_api_key=key, elevenlabs_url=api.url, elevenlabs_model=model)
    return ElevenLabsProvider(settings, account)


def say(
    provider: ElevenLabsProvider,
    text: str = TEXT,
    *,
    language: str = "en",
    by: str | None = None,
    rate: float = 1.0,
) -> Speech:
    return provider.speak(text, language=language, voice=by, rate=rate)


def kept(store: MemoryStore) -> list[str]:
    return [info.key for info in store.list("_paid/")]


def test_what_was_said_once_is_never_paid_for_again_by_any_creation(
    api: ElevenLabs, store: MemoryStore
) -> None:
    first, second = Account(store), Account(store)
    assert say(voice(api, first)) == say(voice(api, second))
    assert api.paid[SPOKEN] == 1
    assert first.spent == {"elevenlabs": pytest.approx(len(TEXT) / 1000 * 0.10)}
    assert second.spent == {}


@pytest.mark.parametrize(
    "other", [{"text": TEXT + " Now!"}, {"by": "Adam"}, {"rate": 1.1}, {"language": "vi"}], ids=str
)
def test_what_would_sound_different_is_made_anew(
    api: ElevenLabs, account: Account, other: dict[str, str | float]
) -> None:
    provider = voice(api, account)
    say(provider)
    say(provider, **other)  # type: ignore[arg-type] # one of its arguments
    assert api.paid[SPOKEN] == 2


def test_the_same_line_asked_for_by_many_threads_is_paid_once(store: MemoryStore) -> None:
    with ElevenLabs(takes_s=0.1) as api:
        provider = voice(api, Account(store))
        threads = [threading.Thread(target=say, args=(provider,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert api.paid[SPOKEN] == 1


@pytest.mark.parametrize("kind", ["reset", "truncated", "malformed", "wrong_type", "status"])
def test_an_answer_that_was_lost_is_found_in_the_history(
    api: ElevenLabs, account: Account, store: MemoryStore, kind: str
) -> None:
    api.faults.append(Fault(kind=kind, match=SPEAK, after_work=True))
    speech = say(voice(api, account))
    assert api.paid[SPOKEN] == 1
    assert len(speech.words) == 6
    assert speech.words[-1].end_ms == speech.duration_ms > 2000
    assert say(voice(api, Account(store))) == speech
    assert not [name for name in kept(store) if "/asked/" in name]


def test_an_answer_that_never_came_because_nothing_was_done_is_asked_for_again(
    api: ElevenLabs, account: Account
) -> None:
    api.faults.append(Fault(kind="reset", match=SPEAK))
    say(voice(api, account))
    assert (api.paid[SPOKEN], len(api.calls_of(SPEAK))) == (1, 2)


def test_a_call_still_at_work_when_its_answer_is_lost_is_waited_for(
    api: ElevenLabs, account: Account, naps: list[float]
) -> None:
    """The sound comes into the history only once somebody has napped."""
    api.faults.append(Fault(kind="reset", match=SPEAK, after_work=True))
    listed = api._listed
    api._listed = lambda call: listed(call) if naps else []  # type: ignore[method-assign]
    say(voice(api, account))
    assert api.paid[SPOKEN] == 1


def test_a_stage_killed_while_it_waited_takes_what_was_paid_for_when_it_comes_back(
    api: ElevenLabs, store: MemoryStore
) -> None:
    killed = Account(store, check=Ending(after=2))
    api.faults.append(Fault(kind="reset", match=SPEAK, after_work=True))
    with pytest.raises(Stopped):
        say(voice(api, killed))
    assert api.paid[SPOKEN] == 1
    back = Account(store, sleep=lambda _s: None)
    assert say(voice(api, back)).duration_ms > 2000
    assert api.paid[SPOKEN] == 1
    assert back.spent == {"elevenlabs": pytest.approx(len(TEXT) / 1000 * 0.10)}


class Ending:
    """Nothing at first, then the end."""

    def __init__(self, *, after: int) -> None:
        self.left = after

    def __call__(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped("a signal")


def test_older_or_other_sounds_in_the_history_are_not_taken_for_it(
    api: ElevenLabs, account: Account, store: MemoryStore
) -> None:
    api.clock = lambda: time.time() - 7200
    say(voice(api, Account(MemoryStore())))
    api.clock = time.time
    say(voice(api, Account(MemoryStore())), by="Adam")
    say(voice(api, Account(MemoryStore())), "Something else entirely.")
    say(voice(api, Account(MemoryStore())), rate=1.2)
    api.faults.append(Fault(kind="reset", match=SPEAK))
    say(voice(api, account))
    assert api.paid[SPOKEN] == 5


def test_where_the_key_may_not_look_into_the_history_it_is_paid_for_again(
    api: ElevenLabs, account: Account
) -> None:
    denied = {"detail": {"status": "missing_permissions", "message": "missing speech_history_read"}}
    api.faults.append(Fault(kind="status", status=401, body=denied, match=HISTORY))
    api.faults.append(Fault(kind="reset", match=SPEAK, after_work=True))
    say(voice(api, account))
    assert api.paid[SPOKEN] == 2


@pytest.mark.parametrize("kind", ["broken_sound", "half_sound"])
def test_sound_that_came_broken_is_fetched_whole_from_the_history(
    api: ElevenLabs, account: Account, kind: str
) -> None:
    api.faults.append(Fault(kind=kind, match=SPEAK))
    assert say(voice(api, account)).duration_ms > 2000
    assert api.paid[SPOKEN] == 1


def test_sound_that_is_broken_everywhere_is_an_error_and_is_not_kept(
    api: ElevenLabs, account: Account, store: MemoryStore
) -> None:
    api.faults.append(Fault(kind="broken_sound", match=SPEAK))
    api.faults.append(Fault(kind="status", status=404, match=HISTORY))
    with pytest.raises(ProviderFailed, match="Nightwatch"):
        say(voice(api, account))
    assert [name for name in kept(store) if "/asked/" not in name] == []
    say(voice(api, account))
    assert [name for name in kept(store) if name.endswith(".bin")]


def test_a_voice_that_says_nothing_is_an_error(api: ElevenLabs, account: Account) -> None:
    api.faults.append(Fault(kind="no_sound", match=SPEAK))
    with pytest.raises(ProviderFailed, match="said nothing"):
        say(voice(api, account))


def test_times_for_other_letters_are_replaced_by_an_estimate(api: ElevenLabs, account: Account) -> None:
    api.faults.append(Fault(kind="other_letters", match=SPEAK))
    estimated = say(voice(api, account)).words
    told = say(voice(api, Account(MemoryStore()))).words
    assert [(word.start, word.end) for word in estimated] == [(word.start, word.end) for word in told]
    assert all(abs(one.start_ms - other.start_ms) < 500 for one, other in zip(estimated, told, strict=True))


def test_a_wrong_key_is_denied_at_once_and_names_the_variable(api: ElevenLabs, account: Account) -> None:
    with pytest.raises(ProviderDenied, match="ELEVENLABS_API_KEY"):
        say(voice(api, account, key="stolen"))
    assert len(api.calls) == 1


@pytest.mark.parametrize(("status", "code"), [(401, "quota_exceeded"), (402, "insufficient_credits")])
def test_a_quota_that_is_used_up_says_so_and_what_to_do(
    api: ElevenLabs, account: Account, store: MemoryStore, status: int, code: str
) -> None:
    body = {"detail": {"status": code, "message": "You have 3 credits left, 36 are required"}}
    api.faults.append(Fault(kind="status", status=status, body=body))
    with pytest.raises(ProviderDenied, match=r"quota exceeded .*3 credits.*buy"):
        say(voice(api, account))
    assert (len(api.calls), kept(store)) == (1, [])


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["without", "with"])
def test_a_busy_service_is_asked_again_and_then_paid_once(
    api: ElevenLabs, account: Account, naps: list[float], headers: dict[str, str]
) -> None:
    api.faults.append(Fault(kind="status", status=429, headers=headers, times=2))
    say(voice(api, account))
    assert (len(api.calls), api.paid[SPOKEN]) == (3, 1)
    assert sum(naps) >= (2.0 if headers else 1.0)


def test_a_service_that_stays_busy_is_an_error_that_may_pass(api: ElevenLabs, account: Account) -> None:
    api.faults.append(Fault(kind="status", status=429, times=99))
    with pytest.raises(ProviderBusy):
        say(voice(api, account))
    assert api.paid[SPOKEN] == 0


def test_a_voice_that_the_account_lacks_is_refused(api: ElevenLabs, account: Account) -> None:
    body = {"detail": {"status": "voice_not_found", "message": "not found"}}
    api.faults.append(Fault(kind="status", status=404, body=body))
    with pytest.raises(ProviderRefused, match="reelwright voices"):
        say(voice(api, account), by="A" * 20)


@pytest.mark.parametrize("name", ["Sara", "../../v1/user", "a" * 19, "a" * 21, "é" * 20, "Rachel?x=1", "\n"])
def test_what_is_no_voice_never_reaches_the_network(api: ElevenLabs, account: Account, name: str) -> None:
    with pytest.raises(BadRequest, match="Sarah"):
        say(voice(api, account), by=name)
    assert api.calls == []


@pytest.mark.parametrize("by", ["rachel", "RACHEL", VOICES["Rachel"][0]])
def test_a_voice_is_known_by_its_name_and_its_id(api: ElevenLabs, account: Account, by: str) -> None:
    say(voice(api, account), by=by)
    assert VOICES["Rachel"][0] in api.calls[0].path


@pytest.mark.parametrize(
    ("language", "chosen", "model", "code"),
    [
        ("en-GB", None, "eleven_multilingual_v2", None),
        ("zh-Hant", None, "eleven_multilingual_v2", None),
        ("th", None, "eleven_v3", "th"),
        ("nb", None, "eleven_v3", "no"),
        ("de", "eleven_flash_v2_5", "eleven_flash_v2_5", "de"),
        ("eo", "eleven_next", "eleven_next", "eo"),
    ],
)
def test_a_model_is_chosen_that_speaks_the_language(
    api: ElevenLabs, account: Account, language: str, chosen: str | None, model: str, code: str | None
) -> None:
    say(voice(api, account, model=chosen), language=language)
    assert (api.calls[0].json["model_id"], api.calls[0].json.get("language_code")) == (model, code)


@pytest.mark.parametrize(("language", "model"), [("tlh", None), ("th", "eleven_multilingual_v2")])
def test_a_language_that_no_model_speaks_is_refused_before_anything_is_paid(
    api: ElevenLabs, account: Account, language: str, model: str | None
) -> None:
    with pytest.raises(BadRequest, match=language):
        say(voice(api, account, model=model), language=language)
    assert api.calls == []


def test_control_characters_and_emoji_are_not_sent(api: ElevenLabs, account: Account) -> None:
    say(voice(api, account), "Hi \x00\x1b[0m \ud800 😀 there, 20 °C")
    assert api.calls[0].json["text"] == "Hi   [0m       there, 20 °C".replace(
        "       there", " " * 5 + "there"
    )


def test_nothing_to_say_costs_nothing(api: ElevenLabs, account: Account) -> None:
    assert say(voice(api, account), "… 😀").duration_ms == 400
    assert (api.calls, account.spent) == ([], {})


def test_the_version_tells_the_model(api: ElevenLabs, account: Account) -> None:
    assert voice(api, account).version != voice(api, account, model="eleven_v3").version


def test_every_price_has_a_date_and_a_source_and_estimates_go_by_the_first_model(
    api: ElevenLabs, account: Account
) -> None:
    for model in MODELS.values():
        assert model.price.source.startswith("https://")
        assert model.price.as_of.year >= 2026
    price = MODELS[DEFAULT_MODELS[0]].price.usd_per_1000_characters
    assert voice(api, account).estimate_usd(2500) == pytest.approx(2.5 * price)
    assert api.calls == []


def test_the_key_goes_into_no_object_of_the_store(
    api: ElevenLabs, account: Account, store: MemoryStore
) -> None:
    say(voice(api, account))
    for name in kept(store):
        assert KEY.encode() not in store.read(name)[0]
    notes = [json.loads(store.read(name)[0]) for name in kept(store) if name.endswith(".json")]
    assert [note["what"]["text"] for note in notes] == [TEXT]
