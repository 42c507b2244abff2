"""The cut over HTTP: of a story told small and read whole, and what there is without a film."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.api.cuts import sound
from shared.cuts.finished import finished_film
from shared.errors import StoreError
from shared.records.names import REQUEST
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient
from tests.support.cuts import app_over
from tests.support.films import frames, psnr
from tests.support.shared import made_once
from tests.support.stories import ID, Hum, data, names, new_story, told, use_voice

CUT = f"/me/creation/{ID}/cut"
TRANSCRIPT = f"/me/creation/{ID}/transcript"
PARTS = (("One morning the sea was calm.",), (), ("A boat set out.", "Gulls followed it."))


def tell() -> dict[str, bytes]:
    """All objects of a told story, by key."""
    store = new_story(PARTS, captions="off", motion="none", transition="crossfade", transition_s=0.5)
    store.write(f"{ID}/assets/3/3.txt", b" \n")
    with pytest.MonkeyPatch.context() as patch:
        use_voice(patch, Hum())
        told(store)
    return {info.key: store.read(info.key)[0] for info in store.list("")}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return made_once(tmp_path_factory, "cut-story", tell)


@pytest.fixture
def store(film: dict[str, bytes]) -> MemoryStore:
    found = MemoryStore()
    for key, content in film.items():
        found.write(key, content)
    return found


@pytest.fixture
def client(store: MemoryStore) -> Iterator[TestClient]:
    with app_over(store) as client:
        yield client


@pytest.fixture
def cut(client: TestClient) -> dict[str, Any]:
    answer = client.get(CUT)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_it_says_which_film_it_is_of(cut: dict[str, Any], store: MemoryStore) -> None:
    shape = {name: cut[name] for name in ("creation_id", "run", "film", "frame_rate", "width", "height")}
    assert shape == {
        "creation_id": ID,
        "run": 1,
        "film": f"/me/creation/{ID}/assets/video.mp4",
        "frame_rate": "12",
        "width": 160,
        "height": 284,
    }
    assert round(cut["duration_s"] * 12) == len(frames(data(store, "assets/video.mp4")))


def test_each_shot_begins_with_the_first_frame_of_the_transition_into_it(
    cut: dict[str, Any], store: MemoryStore, client: TestClient
) -> None:
    seen = [frame[:284] for frame in frames(data(store, "assets/video.mp4"))]
    shots = cut["shots"]
    assert [shot["asset"] for shot in shots] == ["1/image.png", "2/image.png", "3/image.png"]
    assert [shot["kind"] for shot in shots] == ["picture"] * 3
    assert [shot["transition"] for shot in shots] == ["cut", "crossfade", "crossfade"]
    assert shots[0]["start_s"] == 0
    for before, shot in pairwise(shots):
        assert before["end_s"] == shot["start_s"]
        start, length = round(shot["start_s"] * 12), round(shot["transition_s"] * 12)
        assert length == 6
        assert psnr(seen[start - 1], seen[start - 3]) > 35
        assert psnr(seen[start - 1], seen[start + length // 2]) < 25
        assert psnr(seen[start + length], seen[start + length + 3]) > 35
        assert psnr(seen[start - 1], seen[start + length]) < 20
    assert shots[-1]["end_s"] == cut["duration_s"]
    assert client.get(shots[0]["url"]).content == data(store, "assets/1/image.png")


def test_captions_name_their_assets_and_their_words_are_heard_when_it_says(cut: dict[str, Any]) -> None:
    captions = cut["captions"]
    assert [(each["text"], each["asset"], each["language"]) for each in captions] == [
        ("One morning the sea was calm.", "1/1.txt", "en"),
        ("A boat set out.", "3/1.txt", "en"),
        ("Gulls followed it.", "3/2.txt", "en"),
    ]
    assert [word["text"] for word in captions[2]["words"]] == ["Gulls", "followed", "it."]
    levels = cut["loudness"]["values"]
    assert (cut["loudness"]["step_s"], len(levels)) == (0.1, -(-round(cut["duration_s"] * 1000) // 100))
    spans = [(each["words"][0]["start_s"], each["words"][-1]["end_s"]) for each in captions]
    for number, level in enumerate(levels):
        begins, ends = number / 10, (number + 1) / 10
        if any(start + 0.05 <= begins and ends <= end - 0.05 for start, end in spans):
            assert level > 0.5, begins
        elif all(ends < start - 0.05 or begins > end + 0.15 for start, end in spans):
            assert level == 0, begins
    assert any(level == 0 for level in levels)


def test_the_same_in_an_editors_form_has_the_same_shots(cut: dict[str, Any], client: TestClient) -> None:
    answer = client.get(f"{CUT}.otio")
    assert answer.headers["content-disposition"] == f'attachment; filename="{ID}.otio"'
    tracks = answer.json()["tracks"]
    clips = [each for each in tracks["children"][0]["children"] if each["OTIO_SCHEMA"] == "Clip.2"]
    lengths = [clip["source_range"]["duration"]["value"] / 12 for clip in clips]
    assert lengths == pytest.approx([shot["end_s"] - shot["start_s"] for shot in cut["shots"]], abs=1e-5)
    assert [each["comment"] for each in tracks["markers"]] == [each["text"] for each in cut["captions"]]


def test_what_is_said_can_be_read(client: TestClient) -> None:
    answer = client.get(TRANSCRIPT)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == "One morning the sea was calm.\n\nA boat set out.\nGulls followed it.\n"


@pytest.mark.parametrize("place", [CUT, f"{CUT}.otio", TRANSCRIPT])
def test_a_copy_that_is_current_is_not_sent_again(place: str, client: TestClient, store: MemoryStore) -> None:
    tag = client.get(place).headers["etag"]
    again = client.get(place, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    timeline = json.loads(data(store, "assets/timeline.json"))
    timeline["cues"][0]["text"] = "One evening the sea was calm."
    store.write(f"{ID}/assets/timeline.json", json.dumps(timeline).encode())
    assert client.get(place, headers={"If-None-Match": tag}).status_code == 200


def test_loudness_is_measured_once_a_film(
    client: TestClient, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(CUT).json()["loudness"]
    (kept,) = names(store, "cache/loudness/")
    with monkeypatch.context() as patch:
        patch.setattr(sound, "loudness", pytest.fail)
        assert client.get(CUT).json()["loudness"] == first
    store.write(f"{ID}/{kept}", b"spoilt")
    assert client.get(CUT).json()["loudness"] == first
    store.write(f"{ID}/assets/video.mp4", b"no film")
    assert client.get(CUT).json()["loudness"] is None
    assert names(store, "cache/loudness/") != [kept]
    assert len(names(store, "cache/loudness/")) == 1


@pytest.mark.parametrize("wants", ["ffmpeg", "room"])
def test_loudness_is_left_out_where_the_sound_can_not_be_read(
    wants: str, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    if wants == "ffmpeg":
        monkeypatch.setattr(sound, "find_spec", lambda _name: None)
    else:
        settings = Settings(max_upload_bytes=len(data(store, "assets/video.mp4")) - 1)
    answer = app_over(store, settings).get(CUT)
    assert (answer.status_code, answer.json()["loudness"]) == (200, None)
    assert names(store, "cache/loudness/") == []


def never_started(store: MemoryStore) -> None:
    store.delete(f"{ID}/{REQUEST}")


def under_way(store: MemoryStore) -> None:
    store.write(f"{ID}/assets/1/1.txt", b"One evening the sea was calm.")
    app_over(store).post(f"/me/creation/{ID}/generate_video")


def failed(store: MemoryStore) -> None:
    under_way(store)
    app_over(store).post(f"/me/creation/{ID}/generate_video/cancel")


def film_deleted(store: MemoryStore) -> None:
    store.delete(f"{ID}/assets/video.mp4")


def timeline_deleted(store: MemoryStore) -> None:
    store.delete(f"{ID}/assets/timeline.json")


def of_no_film(store: MemoryStore) -> None:
    request = json.loads(data(store, REQUEST))
    store.write(f"{ID}/{REQUEST}", json.dumps({**request, "pipeline": "blueprint"}).encode())


@pytest.mark.parametrize(
    ("spoil", "remedy"),
    [
        (never_started, "start it"),
        (under_way, "ask when its status is completed"),
        (failed, "mend that and start it again"),
        (film_deleted, "start it again"),
        (timeline_deleted, "timeline.json"),
        (of_no_film, "name one that does"),
    ],
)
def test_without_a_finished_film_there_is_no_cut_but_a_remedy(
    spoil: Callable[[MemoryStore], None], remedy: str, client: TestClient, store: MemoryStore
) -> None:
    spoil(store)
    for place in (CUT, f"{CUT}.otio"):
        answer = client.get(place)
        assert answer.status_code == 404
        assert remedy in answer.json()["detail"]


def test_a_run_that_begins_while_the_cut_is_read_is_noticed(
    client: TestClient, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = Trigger.status

    def status_and_start(trigger: Trigger, creation_id: str) -> Any:
        found = status(trigger, creation_id)
        under_way(store)
        return found

    monkeypatch.setattr(Trigger, "status", status_and_start)
    answer = client.get(CUT)
    assert (answer.status_code, "started again" in answer.json()["detail"]) == (404, True)


def test_what_is_removed_meanwhile_leaves_nothing_behind(
    client: TestClient, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove(*_: object) -> tuple[float, ...]:
        for info in list(store.list(f"{ID}/")):
            store.delete(info.key)
        return (0.5,)

    monkeypatch.setattr(sound, "loudness", remove)
    client.get(CUT)
    assert names(store) == []


def test_an_asset_called_cut_is_an_asset(store: MemoryStore) -> None:
    store.write(f"{ID}/assets/1/cut", b"mine")
    assert app_over(store).get(f"/me/creation/{ID}/assets/1/cut").content == b"mine"


def test_a_timeline_that_is_none_is_the_stores_failure(store: MemoryStore) -> None:
    store.write(f"{ID}/assets/timeline.json", b"{}")
    with pytest.raises(StoreError, match="start it again"):
        finished_film(Trigger(store, NotingPlatform(), pipelines()), ID)
