"""Each stage killed in the middle of its work and while it publishes: run again, it makes the same bytes."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.catalogue import pipelines
from scripts.known_film.picture import write_sound
from scripts.known_film.screenplay import Line, Screenplay, Shot
from scripts.known_film.sound import perform
from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.storage.file import FileStore
from tests.jobs.subtitles.film.making import H264, make, picture
from tests.support.nursery import Nursery
from tests.support.subtitles_process import ID, SubtitlesNursery
from tests.support.toys import contents

STAGES = tuple(pipelines()["subtitles"].stages)
FERRY = Screenplay(
    shots=(
        Shot(
            picture="lake",
            bed="music",
            lines=(
                Line(speaker="Odalys Merrin", text="Good evening. My name is Odalys Merrin."),
                Line(speaker="Teodor Kvasnik", text="Then I am just in time. I am Teodor Kvasnik."),
            ),
        ),
        Shot(
            picture="river",
            bed="noise",
            lines=(Line(speaker="Odalys Merrin", text="In Lumeria they have never seen the tide."),),
        ),
    ),
    voices={"Odalys Merrin": "mia", "Teodor Kvasnik": "hugo"},
    facts={
        "title": "The Last Ferry",
        "year": 2024,
        "cast": [
            {"name": "Mia", "character": "Odalys Merrin"},
            {"name": "Hugo", "character": "Teodor Kvasnik"},
        ],
        "places": ["Lumeria"],
    },
)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with SubtitlesNursery() as found:
        yield found


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a film of some ten seconds, and what is known of it."""
    folder = tmp_path_factory.mktemp("given")
    sound = perform(FERRY, speech_provider(Settings(speech_provider="kokoro"), Account.closed()))
    wav = write_sound(folder / "sound.wav", sound)
    seen = picture(sound.duration_s, rate="24000/1001", size="320x180")
    film = make(folder / "film.mp4", *seen, "-i", str(wav), *H264, "-c:a", "aac")
    creation = Creation(FileStore(folder / "store"), ID)
    creation.bring(film, "assets/film.mp4")
    creation.bring_bytes(canonical_json(FERRY.facts), "assets/tmdb.json")
    creation.bring_bytes(json.dumps({"file": "The Last Ferry (2024).mp4"}).encode(), "assets/film.json")
    return folder / "store"


@pytest.fixture(scope="module")
def whole(given: Path, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> "Undisturbed":
    return Undisturbed(given, nursery, tmp_path_factory.mktemp("whole"))


class Undisturbed:
    """A run in which nobody is killed."""

    def __init__(self, given: Path, nursery: Nursery, folder: Path) -> None:
        root = shutil.copytree(given, folder / "store")
        self.steps: dict[str, int] = {}
        for stage in STAGES:
            steps = folder / f"{stage}.steps"
            assert nursery.run("subtitles", root, stage=stage, steps=str(steps)) == 0, stage
            self.steps[stage] = int(steps.read_text())
        self.files = files(root)


def files(root: Path) -> dict[str, bytes]:
    return contents(FileStore(root), f"{ID}/assets/")


@pytest.mark.soak
def test_a_film_is_long_enough_and_its_stages_are_made_of_steps(whole: Undisturbed) -> None:
    assert len(STAGES) == 10
    assert b"Kvasnik" in whole.files[f"{ID}/assets/subtitles/subtitles.srt"]
    assert len(whole.files) >= 20
    assert [stage for stage, steps in whole.steps.items() if steps < 1] == ["tmdb", "pre_ner"]
    assert whole.steps["asr"] >= 4


@pytest.mark.soak
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_a_stage_killed_in_its_work_and_run_again_makes_the_same_bytes(
    part: float, whole: Undisturbed, given: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """Each stage is killed at its first, middle or last step; those without steps before they publish."""
    root = shutil.copytree(given, tmp_path / "store")
    for stage in STAGES:
        steps = whole.steps[stage]
        how = {"step": 1 + round((steps - 1) * part)} if steps else {"upload": 1}
        killed_and_run_again(nursery, root, stage, how)
    assert differing(files(root), whole.files) == []


@pytest.mark.soak
@pytest.mark.parametrize("upload", [1, 2])
def test_a_stage_killed_while_it_publishes_and_run_again_makes_the_same_bytes(
    upload: int, whole: Undisturbed, given: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """Before the first object and between the first two, where there are two."""
    root = shutil.copytree(given, tmp_path / "store")
    ended = [killed_and_run_again(nursery, root, stage, {"upload": upload}) for stage in STAGES]
    assert ended.count(-signal.SIGKILL) == {1: 10, 2: 6}[upload]
    assert differing(files(root), whole.files) == []


def killed_and_run_again(nursery: Nursery, root: Path, stage: str, how: dict[str, int]) -> int:
    end = nursery.run("subtitles", root, stage=stage, **how)
    assert end == -signal.SIGKILL or how.get("upload", 0) > 1, (stage, how)
    assert nursery.run("subtitles", root, stage=stage) == 0, stage
    return end


def differing(found: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    return sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
