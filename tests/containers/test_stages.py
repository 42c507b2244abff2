"""The story pipeline, each stage in a container of its own."""

import subprocess
import time
from pathlib import Path

import pytest

from shared.records.creation import Creation
from shared.records.documents import Record, load
from shared.settings import Settings
from shared.storage.file import FileStore
from tests.containers.podman import Podman
from tests.support.stories import ID, OUTPUTS, put_story, told, wav

STAGES = ("narrate", "render", "assemble")
SCRIPTS = (
    ("A quiet sea.", "Тихое море.", "Ήρεμη θάλασσα.", "ים שקט", "بحر هادئ", "शांत समुद्र", "শান্ত সমুদ্র"),
    ("静かな海", "平静的海", "고요한 바다", "ทะเลสงบ", "அமைதியான கடல்", "ప్రశాంత సముద్రం", "សមុទ្រ", "པོ་ཏ"),
    ("ሰላም", "მშვიდი ზღვა", "Խաղաղ ծով", "ຂອບໃຈ", "မြန်မာ", "සිංහල", "🚀 ★ ♫"),
)


def film(store: FileStore) -> dict[str, bytes]:
    return {name: store.read(f"{ID}/{name}")[0] for name in OUTPUTS}


def record_of(store: FileStore, name: str) -> Record | None:
    return load(Creation(store, ID), f"stages/{name}.json", Record)[0]


def test_stages_in_containers_make_the_same_film_as_outside(
    podman: Podman, store: FileStore, tmp_path: Path
) -> None:
    outside = FileStore(tmp_path / "outside")
    for each in (store, outside):
        put_story(each, music=wav(2000))
    told(outside, settings=Settings(cores=1))
    for stage in STAGES:
        done = podman.stage(stage, ID, store=store)
        assert done.returncode == 0, done.stderr
    assert film(store) == film(outside)


def test_one_container_does_the_whole_pipeline(podman: Podman, store: FileStore) -> None:
    put_story(store)
    done = podman.run("story", ID, store=store)
    assert done.returncode == 0, done.stderr
    assert store.stat(f"{ID}/assets/video.mp4")


def test_there_is_a_font_for_the_scripts_of_the_world(podman: Podman, store: FileStore) -> None:
    put_story(store, SCRIPTS, narration=False)
    assert podman.stage("narrate", ID, store=store).returncode == 0
    record = record_of(store, "narrate")
    assert record
    assert record.metadata["missing_scripts"] == []
    done = podman.stage("render", ID, store=store)
    assert done.returncode == 0, done.stderr


def test_a_request_that_makes_no_sense_exits_2(podman: Podman, store: FileStore) -> None:
    assert podman.stage("narrate", "nothing", store=store).returncode == 2


def test_a_stage_that_is_stopped_says_so(podman: Podman, store: FileStore) -> None:
    put_story(store, size="1080x1920", frame_rate=60)
    assert podman.stage("narrate", ID, store=store).returncode == 0
    container = f"reelwright-test-{time.time_ns()}"
    command = podman.command(
        "story", "-m", "jobs.story.render", ID, store=store,
        flags=("--network=none", "--entrypoint=python", "--name", container),
    )  # fmt: skip
    with subprocess.Popen(
        command, env=podman.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        wait_until_running(store, "render/0")
        assert podman.call("stop", "--time", "20", container).returncode == 0
        assert process.wait(timeout=30) == 1
    record = record_of(store, "render/0")
    assert record
    assert record.error
    assert (record.status, record.error.kind, record.error.permanent) == ("failed", "Stopped", False)


def wait_until_running(store: FileStore, name: str) -> None:
    for _ in range(600):
        record = record_of(store, name)
        if record and record.status == "running":
            return
        time.sleep(0.05)
    pytest.fail(f"{name} did not start within 30 s")
