"""Whole stories: fused and fanned out, the same bytes; edited, and only the edit is made again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.story import assemble, narrate, render
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import Claim, save, utc_now
from shared.storage import ABSENT, ObjectStore
from shared.storage.memory import MemoryStore
from shared.worker.box import run_task
from tests.support.films import frames, soft_captions, tracks
from tests.support.shards import in_turn
from tests.support.stories import (
    ID,
    PIPELINE,
    SETTINGS,
    Hum,
    already_told,
    command,
    data,
    here,
    names,
    new_story,
    outputs,
    picture,
    put,
    put_options,
    put_story,
    record,
    stage_command,
    told,
    use_voice,
    wav,
)

STORY = (
    ("One morning the sea was calm.",),
    ("A boat set out.", "Gulls followed it."),
    ("The wind came up.",),
    ("Then it came home.",),
)


def keys(store: ObjectStore) -> list[str]:
    """Of the plan's segments, in order."""
    return [segment["key"] for segment in json.loads(data(store, "cache/plan.json"))]


def rendered(store: ObjectStore) -> int:
    found = record(store, "render", 0)
    return 0 if found.reused else int(found.metadata["rendered"])


def durations(store: ObjectStore) -> tuple[float, int]:
    return tracks(data(store, "assets/video.mp4"))["video"].duration_s, len(keys(store))


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        use_voice(patch, Hum())
        return outputs(already_told(STORY, music=wav(1500)))


def test_a_story_told_twice_on_any_number_of_cores_is_the_same_bytes(whole: dict[str, bytes]) -> None:
    store = new_story(STORY, music=wav(1500))
    told(store, settings=replace(SETTINGS, cores=1))
    assert outputs(store) == whole


@pytest.mark.parametrize("tasks", in_turn([(1,), (2,), (3,), (7,)], kind=lambda case: case[0] > 2))
def test_a_story_fanned_out_is_the_same_bytes_as_fused(tasks: int, whole: dict[str, bytes]) -> None:
    store = new_story(STORY, music=wav(1500))
    run_task(narrate.STAGE, PIPELINE, Creation(store, ID), Task(), SETTINGS)
    claim = Claim(token="t", tasks=tasks, claimed_at=utc_now())
    save(Creation(store, ID), "claims/1/render", claim, expect=ABSENT)
    for index in reversed(range(tasks)):
        run_task(render.STAGE, PIPELINE, Creation(store, ID), Task(index=index, claim="t"), SETTINGS)
    run_task(assemble.STAGE, PIPELINE, Creation(store, ID), Task(), SETTINGS)
    assert outputs(store) == whole


def test_stages_as_commands_of_their_own_make_the_film_that_the_fused_command_makes(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    environ = {"STORE_URL": (tmp_path / "store").as_uri(), "SPEECH_PROVIDER": "hum"}
    store = here(environ["STORE_URL"])
    put_story(store, STORY, music=wav(1500))
    for stage in (narrate.STAGE, render.STAGE, assemble.STAGE):
        assert stage_command(stage, environ) == 0
    assert outputs(store) == whole


def test_the_command_says_what_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    put_story(here("memory://says"), [["One."]])
    assert command("memory://says") == 0
    assert json.loads(capsys.readouterr().out) == {
        "captions_srt": "assets/captions.srt",
        "captions_vtt": "assets/captions.vtt",
        "plan": "cache/plan.json",
        "poster": "assets/poster.jpg",
        "timeline": "assets/timeline.json",
        "video": "assets/video.mp4",
    }


def test_an_unchanged_story_is_not_made_again(voice: Hum) -> None:
    store = already_told()
    before = {info.key: info.generation for info in store.list(f"{ID}/assets/")}
    voice.asked.clear()
    told(store)
    assert {info.key: info.generation for info in store.list(f"{ID}/assets/")} == before
    assert (voice.asked, rendered(store)) == ([], 0)
    assert record(store, "narrate").reused
    assert record(store, "assemble").reused


def test_editing_a_caption_speaks_it_and_renders_what_it_touches_and_nothing_else(voice: Hum) -> None:
    store = already_told(STORY)
    before = keys(store)
    voice.asked.clear()
    put(store, "2/2.txt", "Gulls and terns followed it.")
    told(store)
    after = keys(store)
    changed = [key for key in after if key not in before]
    assert voice.asked == ["Gulls and terns followed it."]
    assert rendered(store) == len(changed)
    assert 0 < len(changed) < len(after)
    plan = json.loads(data(store, "cache/plan.json"))
    assert {segment["shot"] for segment in plan if segment["key"] in changed} <= {1, 2}
    assert set(names(store, "cache/segments/")) == {f"cache/segments/{key}.mp4" for key in after}
    fresh = new_story(STORY)
    put(fresh, "2/2.txt", "Gulls and terns followed it.")
    told(fresh)
    assert outputs(store) == outputs(fresh), "the film that would have been made at once"


def test_mending_a_typo_that_changes_no_length_renders_only_where_it_is_seen() -> None:
    store = new_story(STORY)
    put(store, "2/2.txt", "Gills followed it.")
    told(store)
    before = keys(store)
    put(store, "2/2.txt", "Gulls followed it.")
    told(store)
    plan = json.loads(data(store, "cache/plan.json"))
    changed = [segment for segment in plan if segment["key"] not in before]
    second = json.loads(data(store, "assets/timeline.json"))["cues"][2]
    assert rendered(store) == len(changed) > 0
    assert all(segment["first_frame"] < second["at_frame"] + second["frames"] for segment in changed)
    assert all(segment["first_frame"] + segment["frames"] > second["at_frame"] for segment in changed)
    fresh = already_told(STORY)
    assert outputs(store) == outputs(fresh)


def test_a_part_that_is_deleted_leaves_no_trace() -> None:
    store = already_told(STORY)
    long_s, _ = durations(store)
    for name in names(store, "assets/4/"):
        store.delete(f"{ID}/{name}")
    told(store)
    fresh = already_told(STORY[:3])
    assert outputs(store) == outputs(fresh)
    assert names(store, "cache/") == names(fresh, "cache/")
    assert durations(store)[0] < long_s
    assert b"came home" not in b"".join(data(store, name) for name in names(store) if "/4/" not in name)


def test_a_part_that_is_added_leaves_the_others_as_they_are(voice: Hum) -> None:
    store = already_told(STORY)
    before, short_s = keys(store), durations(store)[0]
    voice.asked.clear()
    put(store, "5/image.png", picture(5))
    put(store, "5/1.txt", "The end.")
    told(store)
    assert voice.asked == ["The end."]
    assert keys(store)[:4] == before[:4]
    assert rendered(store) == len(set(keys(store)) - set(before))
    assert durations(store)[0] > short_s


def test_other_music_renders_nothing() -> None:
    store = already_told(STORY, music=wav(1500))
    before = tracks(data(store, "assets/video.mp4"))
    put(store, "music.wav", wav(1500, 440))
    told(store)
    after = tracks(data(store, "assets/video.mp4"))
    assert rendered(store) == 0
    assert after["video"].packets == before["video"].packets
    assert after["audio"].packets != before["audio"].packets


def test_another_picture_renders_its_own_segments_and_the_transition_out_of_it() -> None:
    store = already_told(STORY)
    put(store, "2/image.png", picture(9))
    told(store)
    plan = json.loads(data(store, "cache/plan.json"))
    own = [segment for segment in plan if segment["shot"] == 1]
    into_the_next = [segment for segment in plan if segment["shot"] == 2 and segment["offset"] == 0]
    assert rendered(store) == len(own) + len(into_the_next) < len(plan)


def test_parts_that_change_places_are_spoken_only_once(voice: Hum) -> None:
    store = new_story([["One."], ["Two."]])
    told(store)
    voice.asked.clear()
    for number, text in ((1, "Two."), (2, "One.")):
        put(store, f"{number}/image.png", picture(3 - number))
        put(store, f"{number}/1.txt", text)
    told(store)
    assert voice.asked == []
    assert [text for *_, text in soft_captions(data(store, "assets/video.mp4"))] == ["Two.", "One."]
    fresh = MemoryStore()
    put_story(fresh, [["Two."], ["One."]])
    put(fresh, "1/image.png", picture(2))
    put(fresh, "2/image.png", picture(1))
    told(fresh)
    assert outputs(store) == outputs(fresh)


def test_the_same_speech_under_a_louder_music_is_not_spoken_again(voice: Hum) -> None:
    store = already_told(music=wav(1500))
    voice.asked.clear()
    put_options(store, music_volume=0.9)
    told(store)
    assert (voice.asked, rendered(store)) == ([], 0)


@pytest.mark.soak
def test_a_long_story_of_60_parts_is_the_same_bytes_fused_and_with_the_real_voice() -> None:
    settings = replace(SETTINGS, speech_provider="espeak")
    stores = [
        new_story([[f"This is part {n}.", "It goes on."] for n in range(1, 61)], music=wav(4000))
        for _ in range(2)
    ]
    for store in stores:
        told(store, settings=settings)
    assert outputs(stores[0]) == outputs(stores[1])
    film = data(stores[0], "assets/video.mp4")
    video = tracks(film)["video"]
    assert len(frames(film)) == record(stores[0], "narrate").metadata["frames"]
    assert len(video.steps) == 1


def test_the_real_voice_tells_the_same_story_twice() -> None:
    settings = replace(SETTINGS, speech_provider="espeak")
    stores = [new_story([["One morning."], ["A boat set out."]]) for _ in range(2)]
    for store in stores:
        told(store, settings=settings)
    assert outputs(stores[0]) == outputs(stores[1])
    assert record(stores[0], "assemble").metadata["loudness_lufs"] == pytest.approx(-14, abs=1)


@pytest.mark.parametrize("folder", ["cache/speech/", "cache/segments/", "cache/"])
def test_a_cache_that_was_thrown_away_is_filled_again(folder: str) -> None:
    store = already_told()
    film = data(store, "assets/video.mp4")
    for info in list(store.list(f"{ID}/{folder}")):
        store.delete(info.key)
    store.delete(f"{ID}/assets/video.mp4")
    told(store)
    assert data(store, "assets/video.mp4") == film


def test_spoilt_notes_of_what_was_spoken_are_made_again(voice: Hum) -> None:
    store = already_told()
    film = data(store, "assets/video.mp4")
    for info in list(store.list(f"{ID}/cache/speech/")):
        if info.key.endswith(".json"):
            store.write(info.key, b"{")
    put_options(store, captions="plain")
    told(store)
    put_options(store)
    told(store)
    assert data(store, "assets/video.mp4") == film
