from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import ProviderDenied
from shared.providers.account import Account
from shared.providers.http import AnswerLost
from shared.providers.lost_answers import asked_for
from shared.records.documents import utc_now
from shared.storage.memory import MemoryStore

NOTE = "shop/asked/a.json"
LOST = AnswerLost("shop", "the connection broke")


class Shop:
    """Answers as it is told to, and remembers since when it was searched."""

    def __init__(self, *answers: str | Exception, found: str | None = None) -> None:
        self.account = Account(MemoryStore())
        self.answers = list(answers)
        self.found = found
        self.searched: list[datetime] = []

    def buy(self) -> tuple[str, datetime]:
        return asked_for(self.account, NOTE, {"text": "Hello."}, send=self._send, look=self._look, tries=2)

    def _send(self) -> str:
        assert self.account.recall(NOTE), "what is sent is noted first"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _look(self, since: datetime, _noted: Mapping[str, object]) -> str | None:
        self.searched.append(since)
        return self.found


def test_what_is_answered_is_not_searched_for() -> None:
    shop = Shop("bought")
    assert shop.buy()[0] == "bought"
    assert shop.searched == []


def test_what_may_have_been_done_is_searched_for_and_asked_for_again_where_it_was_not() -> None:
    assert Shop(LOST, found="found").buy()[0] == "found"
    shop = Shop(LOST, "bought")
    assert shop.buy()[0] == "bought"
    assert len(shop.searched) == 1


@pytest.mark.parametrize("key", ["asked_at", "at"])
@pytest.mark.parametrize("found", ["found", None])
def test_what_an_earlier_call_asked_for_is_searched_for_since_then(key: str, found: str | None) -> None:
    before = datetime(2025, 10, 30, 12, tzinfo=UTC)
    as_noted: dict[str, Callable[[], object]] = {"asked_at": before.isoformat, "at": before.timestamp}
    shop = Shop(LOST, "bought", found=found)
    shop.account.remember(NOTE, {key: as_noted[key]()})
    answer, asked_at = shop.buy()
    assert set(shop.searched) == {before}
    if found:
        assert (answer, asked_at) == ("found", before)
    else:
        assert answer == "bought"
        assert utc_now() - asked_at < timedelta(hours=1)


def test_a_refusal_leaves_no_note_unless_an_earlier_answer_was_lost() -> None:
    denied = ProviderDenied("shop", "the account has nothing left")
    for answers, is_noted in (([denied], False), ([LOST, denied], True)):
        shop = Shop(*answers)
        with pytest.raises(ProviderDenied):
            shop.buy()
        assert (shop.account.recall(NOTE) is not None) == is_noted


def test_an_answer_that_is_lost_every_time_is_an_error_and_stays_noted() -> None:
    shop = Shop(LOST, LOST)
    with pytest.raises(AnswerLost):
        shop.buy()
    assert len(shop.searched) == 2
    assert shop.account.recall(NOTE)
