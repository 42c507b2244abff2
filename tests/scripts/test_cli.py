"""The program as a person types it, in processes of its own."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
import wave
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from jobs.catalogue import pipelines
from scripts.cut import write_cut
from scripts.folders import assets_in, bring_assets
from scripts.list import list_creations
from scripts.status import show_status
from shared.errors import BadRequest, NoFilm
from shared.platforms.task import CLAIM_VARIABLE
from shared.records.creation import Creation
from shared.records.documents import Claim, load
from shared.records.names import FILM, TIMELINE
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.file import FileStore
from shared.video.timeline import Shot, Timeline
from tests.support.cuts import finish
from tests.support.patience import HANGS_AFTER_S, until
from tests.support.stories import SMALL, picture
from tests.support.toys import FakePlatform, fill

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A story of two parts in a folder with a name that is no creation ID."""
    place = tmp_path / "my story's folder"
    for number, text in ((1, "The sea was calm."), (2, "Then a boat set out.")):
        (place / str(number)).mkdir(parents=True)
        (place / str(number) / "image.png").write_bytes(picture(number))
        (place / str(number) / "1.txt").write_text(text, encoding="utf-8")
    (place / "story.json").write_text(json.dumps(SMALL))
    (place / ".DS_Store").write_bytes(b"left behind by a tool")
    return place


def environment(store: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "STORE_URL": f"file://{store}", "PYTHONPATH": str(ROOT), **more}


def reelwright(
    store: Path, *arguments: str, module: str = "scripts", **more: str
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(store, **more), capture_output=True, text=True, check=False
    )


def import_folder(folder: Path, creation: Creation) -> int:
    makes = pipelines()["story"].makes
    wanted = assets_in(folder, creation, makes)
    bring_assets(creation, wanted, makes)
    return len(wanted)


def test_a_folder_becomes_a_film_and_the_verbs_tell_of_it(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    made = reelwright(store, "run", "story", "--assets-dir", str(folder))
    assert (made.returncode, made.stdout) == (0, "my-story-s-folder-a7d9fdb9/assets/video.mp4\n"), made.stderr
    assert (store / "my-story-s-folder-a7d9fdb9/assets/video.mp4").stat().st_size > 5_000
    for said in ("narrate", "render", "assemble", "cloudrun", "next:", "160x284"):
        assert said in made.stderr
    listed = reelwright(store, "list")
    assert "my-story-s-folder-a7d9fdb9" in listed.stdout
    assert "completed" in listed.stdout
    status = reelwright(store, "status", "my-story-s-folder-a7d9fdb9", "--json")
    assert json.loads(status.stdout)["pipeline"]["status"] == "completed"
    again = reelwright(store, "resume", "my-story-s-folder-a7d9fdb9")
    assert (again.returncode, again.stdout) == (0, made.stdout)
    assert "unchanged" in again.stderr


def test_the_demo_command_takes_a_folder_and_a_changed_folder_changes_the_film(
    folder: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    arguments = ["--assets-dir", str(folder), "--creation-id", "tale"]
    assert reelwright(store, *arguments, module="scripts.video_generator_demo").returncode == 0
    shutil.rmtree(folder / "2")
    assert reelwright(store, *arguments, module="scripts.video_generator_demo").returncode == 0
    assert not (store / "tale/assets/2").exists()
    assert (
        json.loads((store / "tale/manifest.json").read_text())["stages"]["narrate"]["metadata"]["parts"] == 1
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "story"], "--assets-dir"),
        (["run", "story", "../up"], "'../up'"),
        (["run", "opera", "tale"], "unknown pipeline 'opera'; known: ad, presenter, story"),
        (["run", "story", "tale"], "tale/assets/"),
        (["run", "story", "--assets-dir", "nowhere"], "nowhere"),
        (["run", "presenter", "--assets-dir", ".", "--size", "square"], "--size: can't be changed"),
        (["run", "presenter", "--text-file", "no.md"], "no.md: no such file"),
        (["run", "presenter", "--text-file", "README.md", "--theme", "blue"], "unknown theme 'blue'"),
        (["status", "tale"], "never started"),
        (["resume", "tale"], "never started"),
        (["sing"], "sing"),
        (["serve", "--host", "0.0.0.0"], "API_TOKEN"),
    ],
)
def test_a_bad_request_is_told_in_a_line_and_exits_with_2(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    done = reelwright(tmp_path / "store", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_folder_names_all_that_is_wrong_and_leaves_no_film(folder: Path, tmp_path: Path) -> None:
    (folder / "1/1.txt").write_bytes(b"caf\xe9")
    (folder / "2/image.png").write_bytes(b"not a picture")
    done = reelwright(tmp_path / "store", "run", "story", "--assets-dir", str(folder))
    assert done.returncode == 2
    assert "assets/1/1.txt" in done.stderr
    assert not list((tmp_path / "store").rglob("video.mp4"))


def test_help_and_voices_tell_a_newcomer_what_there_is(tmp_path: Path) -> None:
    told = reelwright(tmp_path, "--help").stdout
    for verb in ("run", "status", "resume", "list", "serve", "voices", "assets", "STORE_URL"):
        assert verb in told
    assert "de" in reelwright(tmp_path, "voices", "de").stdout


def test_a_voice_is_heard_from_a_file_and_one_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sample.wav"
    said = reelwright(tmp_path, "voices", "--say", "Hello there.", "--to", str(path))
    assert said.stdout == f"{path}\n"
    with wave.open(str(path)) as file:
        assert file.getnframes() > file.getframerate() / 2
    typo = ["voices", "--say", "Hello.", "--voice", "af_hart"]
    for wrong in (typo, ["voices", "add", "nobody"], ["voices", "add"], ["voices", "--all", "en"]):
        assert reelwright(tmp_path, *wrong).returncode == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"ENV": "p"}, "PLATFORM"), ({"ENV": "p", "PLATFORM": "moon"}, "moon"), ({"ENV": "x"}, "ENV")],
)
def test_a_platform_that_is_not_there_is_named(settings: dict[str, str], words: str, tmp_path: Path) -> None:
    done = reelwright(tmp_path, "list", **settings)
    assert done.returncode == 2
    assert words in done.stderr


def started(command: list[str], store: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, cwd=ROOT, env=environment(store), stderr=subprocess.PIPE, text=True)


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """What is started inherits that SIGINT is ignored where the tests themselves run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_stops_the_tasks_and_a_second_run_resumes(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (folder / "story.json").write_text(json.dumps({**SMALL, "size": "720x1280"}))
    command = [sys.executable, "-m", "scripts", "run", "story", "tale", "--assets-dir", str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(store), stderr=subprocess.PIPE, text=True
    ) as running:
        segments = store / "tale/cache/segments"
        until(lambda: segments.exists() and any(segments.iterdir()))
        running.send_signal(signal.SIGINT)
        _, stderr = running.communicate(timeout=HANGS_AFTER_S)
    assert running.returncode == 1
    assert "run again to resume" in stderr
    record = json.loads((store / "tale/stages/render/0.json").read_text())
    assert (record["status"], record["error"]["kind"]) == ("failed", "Stopped")
    kept = {path.name for path in segments.iterdir()}
    resumed = reelwright(store, "resume", "tale")
    assert resumed.returncode == 0, resumed.stderr
    rendered = json.loads((store / "tale/stages/render/0.json").read_text())["metadata"]
    assert rendered["rendered"] == rendered["segments"] - len(kept)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    store = tmp_path / "store"
    command = [sys.executable, "-m", "scripts", "serve", "--port", "0"]
    quiet = {**environment(store), "LOG_LEVEL": "warning"}  # nobody reads on, and a full pipe would block
    with subprocess.Popen(command, cwd=ROOT, env=quiet, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = next(line for line in process.stderr if line.startswith("listening on")).split()[2].rstrip(",")
        yield url, store
        process.terminate()
        process.communicate(timeout=HANGS_AFTER_S)
    assert process.returncode == 0


def ask(method: str, url: str, data: bytes | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method), timeout=30) as answer:
        return bytes(answer.read())


def test_a_film_is_made_over_http(server: tuple[str, Path], folder: Path) -> None:
    url, _ = server
    creation = f"{url}/me/creation/2026/tale"
    for path in sorted(
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")
    ):
        ask("PUT", f"{creation}/assets/{path.relative_to(folder)}", path.read_bytes())
    first = json.loads(ask("POST", f"{creation}/generate_video"))
    assert (first["status"], first["run"]) == ("pending", 1)
    assert json.loads(ask("POST", f"{creation}/generate_video"))["run"] == 1
    until(lambda: json.loads(ask("GET", f"{creation}/generate_video_status"))["status"] != "pending")
    status = json.loads(ask("GET", f"{creation}/generate_video_status"))
    assert status["status"] == "completed", status["error"]
    video = ask("GET", url + status["urls"]["video"])
    assert video[4:8] == b"ftyp"


def test_a_folder_replaces_the_assets_and_leaves_unchanged_ones_and_outputs_alone(
    folder: Path, tmp_path: Path
) -> None:
    creation = Creation(FileStore(tmp_path / "store"), "tale")
    assert import_folder(folder, creation) == 5
    creation.write("assets/video.mp4", b"film")
    before = {name: info.generation for name, info in creation.list("assets/")}
    (folder / "2/1.txt").write_text("Something else.")
    (folder / "1/1.txt").unlink()
    import_folder(folder, creation)
    after = {name: info.generation for name, info in creation.list("assets/")}
    assert {name for name in before if before[name] != after.get(name)} == {
        "assets/2/1.txt",
        "assets/1/1.txt",
    }
    assert "assets/1/1.txt" not in after


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no such folder"):
        import_folder(tmp_path / "none", Creation(FileStore(tmp_path / "store"), "tale"))


def test_a_wrong_word_or_a_name_that_can_not_be_stored_changes_nothing(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    creation = Creation(FileStore(store), "tale")
    creation.write("assets/video.mp4", b"film")
    assert reelwright(store, "run", "storry", "tale", "--assets-dir", str(folder)).returncode == 2
    (folder / "1/a\\b.txt").write_text("no key")
    assert reelwright(store, "run", "story", "tale", "--assets-dir", str(folder)).returncode == 2
    assert [name for name, _ in creation.list("")] == ["assets/video.mp4"]


def test_a_part_may_be_a_link_to_a_folder_and_what_systems_leave_is_not_brought(folder: Path) -> None:
    (folder / "2").rename(folder.parent / "elsewhere")
    (folder / "2").symlink_to("../elsewhere")
    (folder / "3").symlink_to("1", target_is_directory=True)
    (folder / "1/image.txt").symlink_to("1.txt")
    (folder / "Icon\r").write_bytes(b"")
    (folder / "gone~").symlink_to("nowhere")
    creation = Creation(FileStore(folder.parent / "store"), "tale")
    assert import_folder(folder, creation) == 9
    assert creation.read("assets/2/1.txt")[0] == b"Then a boat set out."


@pytest.mark.parametrize(
    ("place", "target", "words"),
    [
        ("1/more", "../../elsewhere", "out of the folder"),
        ("3", "../elsewhere", "out of the folder"),
        ("1/2.txt", "../../elsewhere/secret.txt", "out of the folder"),
        ("3", "nowhere", "is not there"),
        ("3", "3", "is not there"),
        ("3", ".", "back to"),
        ("3", "..", "back to"),
        ("1/deep", "..", "back to"),
    ],
)
def test_a_link_that_leads_elsewhere_to_nothing_or_in_a_circle_is_refused_by_name(
    place: str, target: str, words: str, folder: Path
) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere/secret.txt").write_text("secret")
    (folder / place).symlink_to(target)
    store = FileStore(folder.parent / "store")
    with pytest.raises(BadRequest) as caught:
        import_folder(folder, Creation(store, "tale"))
    assert str(folder / place) in str(caught.value)
    assert words in str(caught.value)
    assert list(store.list("")) == []


def test_tables_fit_80_columns_and_nothing_of_a_name_is_cut(tmp_path: Path) -> None:
    name = "a-name-that-is-longer-than-its-column-can-ever-be-on-a-terminal-of-eighty-columns"
    FileStore(tmp_path).write(f"{name}/request.json", b"not a request")
    wide = reelwright(tmp_path, "list", COLUMNS="80").stdout
    assert max(map(len, wide.splitlines())) <= 80
    assert name in "".join(line.split()[0] for line in wide.splitlines() if not line.startswith(" "))
    assert "…" not in wide
    assert f"\n{name} " in reelwright(tmp_path, "list").stdout


def test_another_folder_of_the_same_name_is_refused_and_changes_nothing(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    other = tmp_path / "elsewhere" / folder.name
    shutil.copytree(folder, other)
    (other / "1/1.txt").write_text("Another story.")
    Creation(FileStore(store), "tale").write("assets/1/1.txt", b"of a folder that nobody remembers")
    (folder / "1/1.txt").write_text("Of this folder.")
    (folder / "story.json").write_text('{"size": "huge"}')  # refused once it was brought: no film is made
    assert reelwright(store, "run", "story", "tale", "--assets-dir", str(folder)).returncode == 2
    before = (store / "tale/assets/1/1.txt").read_bytes()
    refused = reelwright(store, "run", "story", "tale", "--assets-dir", str(other))
    assert refused.returncode == 2
    for said in (str(folder), str(other), "--replace"):
        assert said in refused.stderr
    assert (store / "tale/assets/1/1.txt").read_bytes() == before == b"Of this folder."


def test_a_store_that_can_only_be_read_can_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(FileStore(tmp_path), "tale")
    Trigger(FileStore(tmp_path), FakePlatform("running"), pipelines()).start("story", "tale")
    shutil.rmtree(tmp_path / ".reelwright")
    before = sorted(tmp_path.rglob("*"))

    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EROFS, "Read-only file system")

    for name in ("mkdir", "open", "write_text", "write_bytes"):
        monkeypatch.setattr(Path, name, refuse if name != "open" else readable(Path.open))
    settings = Settings(store_url=f"file://{tmp_path}")
    list_creations(settings)
    show_status(settings, "tale", as_json=False)
    assert capsys.readouterr().out.count("pending") == 2
    monkeypatch.undo()
    assert sorted(tmp_path.rglob("*")) == before


def readable(opened: Callable[..., Any]) -> Callable[..., Any]:
    """Opens for reading alone."""

    def open_to_read(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if set(mode) & set("wax+"):
            raise PermissionError(errno.EROFS, "Read-only file system")
        return opened(path, mode, *arguments, **options)

    return open_to_read


def test_a_folder_that_holds_the_store_brings_only_its_own_files(folder: Path) -> None:
    creation = Creation(FileStore(folder / "creations"), "tale")
    assert [import_folder(folder, creation) for _ in range(2)] == [5, 5]


def test_a_list_survives_names_that_nobody_here_gave(tmp_path: Path) -> None:
    FileStore(tmp_path).write("tale/request.json", b"not a request")
    FileStore(tmp_path).write("x[/b]y/request.json", b"{}")
    done = reelwright(tmp_path, "list")
    assert (done.returncode, "tale" in done.stdout, "[/b]" in done.stdout) == (0, True, False)


def test_a_finished_films_cut_is_written_for_editors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(store_url=f"file://{tmp_path}/store")
    creation = Creation(FileStore(tmp_path / "store"), "tale")
    with pytest.raises(NoFilm, match="'tale' was never started"):
        write_cut(settings, "tale", None)
    timeline = Timeline(width=64, height=64, frame_rate=Fraction(24), shots=(Shot(frames=48),))
    creation.write(TIMELINE, timeline.model_dump_json().encode())
    creation.write(FILM, b"a film")
    finish(creation, "story", FILM)
    write_cut(settings, "tale", None)
    shown = json.loads(capsys.readouterr().out)
    write_cut(settings, "tale", tmp_path / "film.otio")
    assert json.loads((tmp_path / "film.otio").read_bytes()) == shown
    assert shown["tracks"]["children"][0]["children"][0]["source_range"]["duration"]["value"] == 48
    assert capsys.readouterr().out == f"{tmp_path}/film.otio\n"
    with pytest.raises(BadRequest, match="name another file"):
        write_cut(settings, "tale", tmp_path / "nowhere" / "film.otio")


def stuck(folder: Path, place: Path) -> FileStore:
    """A run whose first stage is done, and whose trigger died before it launched the next one."""
    store = FileStore(place)
    import_folder(folder, Creation(store, "tale"))
    Trigger(store, FakePlatform("running"), pipelines()).start("story", "tale")
    claim, _ = load(Creation(store, "tale"), "claims/1/narrate", Claim)
    assert claim
    variables = {"TASK_EXECUTION": "fake-1", CLAIM_VARIABLE: claim.token}
    assert reelwright(place, "tale", module="jobs.story.narrate", **variables).returncode == 0
    return store


def test_a_sweep_goes_on_with_what_stands_still_and_waits_for_its_end(folder: Path, tmp_path: Path) -> None:
    store = stuck(folder, tmp_path / "store")
    swept = reelwright(tmp_path / "store", "sweep")
    assert swept.returncode == 0, swept.stderr
    assert "1 advanced" in swept.stderr
    assert store.stat("tale/assets/video.mp4")
    assert list(store.list("_active/")) == []


def test_a_cancelled_run_stays_as_it_is_and_can_be_resumed(folder: Path, tmp_path: Path) -> None:
    store = stuck(folder, tmp_path / "store")
    cancelled = reelwright(tmp_path / "store", "cancel", "tale")
    assert cancelled.returncode == 0, cancelled.stderr
    assert "resume tale" in cancelled.stderr
    assert json.loads(store.read("tale/manifest.json")[0])["pipeline"]["status"] == "failed"
    assert reelwright(tmp_path / "store", "resume", "tale").returncode == 0
