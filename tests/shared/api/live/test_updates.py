import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.live.redis_news import parse
from shared.api.live.updates import Mailbox, Sieve, Update


def update(stage: str = "video_gen", progress: int = 10, *, at: int = 0, **fields: Any) -> Update:
    usual = {
        **{"job_id": "j", "stage": stage, "progress": progress, "message": f"{stage} {progress}", "run": 1},
        **{"timestamp": f"2025-10-30T12:00:{at:02}.000Z", "overall": 0, "status": "processing"},
    }
    return Update.model_validate(usual | fields)


def test_what_was_told_is_not_told_again() -> None:
    sieve = Sieve()
    first, second = update(progress=10, at=1), update(progress=20, at=2)
    assert sieve.sift([first, second]) == [first, second]
    assert sieve.sift([first, second]) == []
    assert sieve.sift([second, update(progress=30, at=3)]) == [update(progress=30, at=3)]


def test_the_store_lags_behind_and_is_not_listened_to_then() -> None:
    sieve = Sieve()
    sieve.sift([update(progress=60, at=6)])
    assert sieve.sift([update(progress=40, at=4)]) == []
    assert len(sieve.sift([update("voice_gen", 40, at=4)])) == 1


def test_an_attempt_that_begins_anew_is_told() -> None:
    sieve = Sieve()
    sieve.sift([update(progress=60, at=6)])
    assert len(sieve.sift([update(progress=5, at=9)])) == 1


def test_a_stage_that_is_done_stays_done() -> None:
    sieve = Sieve()
    sieve.sift([update(progress=100, status="completed", at=5)])
    assert sieve.sift([update(progress=99, at=9), update(progress=50, at=9)]) == []


def test_the_next_run_is_told_from_its_beginning() -> None:
    sieve = Sieve()
    sieve.sift([update(progress=100, status="completed", at=5, overall=90)])
    (told,) = sieve.sift([update(progress=1, at=6, run=2, overall=1)])
    assert told.overall == 1
    assert sieve.sift([update(progress=50, at=7, run=1)]) == []


@given(
    st.lists(
        st.builds(
            update,
            st.sampled_from(["a", "b", "pipeline"]),
            st.integers(0, 100),
            at=st.integers(0, 59),
            overall=st.integers(0, 100),
            run=st.integers(1, 3),
            status=st.sampled_from(["pending", "processing", "completed", "failed"]),
        ),
        max_size=30,
    )
)
def test_overall_never_falls_within_a_run(updates: list[Update]) -> None:
    told = Sieve().sift(updates)
    assert [each.run for each in told] == sorted(each.run for each in told)
    for run in (1, 2, 3):
        overall = [each.overall for each in told if each.run == run]
        assert overall == sorted(overall)
    contents = [(each.run, each.stage, each.status, each.progress, each.message) for each in told]
    assert len(set(contents)) == len(contents)


def drained(mailbox: Mailbox) -> list[Update]:
    async def drain() -> list[Update]:
        mailbox.end()
        found = []
        while (each := await mailbox.take()) is not None:
            found.append(each)
        return found

    return asyncio.run(drain())


def test_a_slow_client_misses_the_middle_and_never_the_ends() -> None:
    mailbox = Mailbox(most=5)
    first = update("pipeline", 0, status="pending")
    begun = update("video_gen", 0, at=1)
    middles = [update(progress=number, at=2, message=str(number)) for number in range(1, 90)]
    done = update(progress=100, status="completed", at=3)
    last = update("pipeline", 100, status="completed", at=4)
    mailbox.put([first, begun, *middles, done, last])
    assert drained(mailbox) == [first, begun, middles[-1], done, last]


def test_the_ends_stay_even_if_nothing_else_is_there_to_miss() -> None:
    mailbox = Mailbox(most=3)
    beginnings = [update(f"stage{number}", 0) for number in range(9)]
    last = update("error", 0, status="failed")
    mailbox.put([*beginnings, last])
    assert drained(mailbox) == [beginnings[0], beginnings[-1], last]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        update().model_dump_json().replace('"progress":10', '"progress":101'),
        update().model_dump_json().replace("processing", "confused"),
        update().model_dump_json().replace("2025", "yesterday"),
        b"1",
    ],
)
def test_what_others_publish_is_passed_over(data: bytes | str) -> None:
    assert parse(data) is None


def test_an_update_from_redis_tells_no_path() -> None:
    told = parse(update(message="no /srv/secret/x.png").model_dump_json().encode())
    assert told
    assert told.message == "no x.png"
