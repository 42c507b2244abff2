"""The exported WorkflowTemplate, carried out: what Argo would start is started here as processes."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.storage.file import FileStore
from tests.support.stories import ID, data, put, put_story, record
from tests.support.toys import ROOT

FOREIGN: dict[str, Any] = {
    "schemaVersion": 1, "jobId": ID, "size": "320x180", "frame_rate": 10, "language": "en",
    "script": "Fill {{workflow.name}} in.",
    "slides": [{"title": "One", "notes": "Fill {{workflow.name}} in."}],
}  # fmt: skip
"""A message of another sender, about something that Argo would fill in."""


def template_of(pipeline: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / f"infra/argo/{pipeline}.yaml").read_text(encoding="utf-8"))["spec"])


@dataclass(kw_only=True)
class Workflow:
    """One submission of the template, by an Argo that knows what the export uses of it."""

    folder: Path
    store: FileStore
    uid: str
    pipeline: str = "story"
    message: str = ""
    """The parameter that Argo Events sets."""
    breaks: frozenset[str] = frozenset()
    """Templates whose pods end with exit code 1 before they begin."""
    pods: list[str] = field(default_factory=list)
    """Templates of the pods that were started, with their index."""
    outputs: dict[str, Any] = field(default_factory=dict)

    def run(self) -> str:
        """All tasks in their order, then the exit handler; returns the workflow's status."""
        status = "Succeeded" if all(self.task(task) for task in self.tasks) else "Failed"
        assert self._pod(self._template(self.spec["onExit"]), {"workflow.status": status})
        return status

    @property
    def spec(self) -> dict[str, Any]:
        return template_of(self.pipeline)

    @property
    def tasks(self) -> list[dict[str, Any]]:
        return list(self._template(self.spec["entrypoint"])["dag"]["tasks"])

    def task(self, task: dict[str, Any]) -> bool:
        """Whether it succeeded, or was left out."""
        if "when" in task:
            return self._fill(task["when"], {}) == "False" or self._pod(self._template(task["template"]), {})
        items = json.loads(self._fill(task["withParam"], {})) if "withParam" in task else [None]
        (parameter,) = task["arguments"]["parameters"]
        done = True
        for item in items:
            index = self._fill(parameter["value"], {"item": str(item)})
            done = self._pod(self._template(task["template"]), {"inputs.parameters.index": index}) and done
        return done

    def _pod(self, template: dict[str, Any], known: Mapping[str, str]) -> bool:
        self.pods.append(f"{template['name']} {known.get('inputs.parameters.index', '')}".strip())
        scratch = self.folder / f"scratch-{len(self.pods)}"
        scratch.mkdir()
        for artifact in template.get("inputs", {}).get("artifacts", []):
            (scratch / Path(artifact["path"]).name).write_text(self._fill(artifact["raw"]["data"], {}))
        container = template["container"]
        known = {**known, "retries": "0"}
        words = [self._fill(word, known) for word in (*container["command"], *container["args"])]
        environ = {each["name"]: self._fill(each["value"], known) for each in container["env"]}
        if template["name"] in self.breaks:
            return False
        words = [word.replace("/scratch", str(scratch)) for word in words[1:]]
        command = [sys.executable, *(f"{scratch}{word}" if word == "/message" else word for word in words)]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environ, "TMPDIR": str(scratch)}, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        for output in template.get("outputs", {}).get("parameters", []):
            path = Path(output["valueFrom"]["path"].replace("/scratch", str(scratch)))
            name = f"tasks.{template['name']}.outputs.parameters.{output['name']}"
            self.outputs[name] = path.read_text() if path.exists() else ""
        return done.returncode == 0

    def _fill(self, text: str, known: Mapping[str, str]) -> str:
        places = {
            "workflow.name": "reelwright-story-x7k2p",
            "workflow.namespace": "films",
            "workflow.uid": self.uid,
            "workflow.parameters.creation_id": ID,
            "workflow.parameters.store_url": self.store.url,
            "workflow.parameters.message": self.message,
            "=workflow.parameters.message != ''": self.message != "",
            '=sprig.replace("$", "$$", workflow.parameters.creation_id)': ID,
            **self.outputs,
            **known,
        }
        return re.sub(r"\{\{(.*?)\}\}", lambda found: str(places[found[1]]), text)

    def _template(self, name: str) -> dict[str, Any]:
        (found,) = (template for template in self.spec["templates"] if template["name"] == name)
        return dict(found)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "store")
    put_story(store, [["One morning the sea was calm."], ["A boat set out."]])
    return store


def manifest(store: FileStore) -> dict[str, Any]:
    return dict(json.loads(data(store, "manifest.json")))


def test_a_workflow_makes_the_film_and_its_next_one_only_what_an_edit_touches(
    store: FileStore, tmp_path: Path
) -> None:
    first = Workflow(folder=tmp_path, store=store, uid="uid-1")
    assert first.run() == "Succeeded"
    assert first.pods == ["story-narrate 0", "story-render 0", "story-assemble 0", "settle"]
    assert manifest(store)["pipeline"]["status"] == "completed"
    film = data(store, "assets/video.mp4")
    put(store, "2/1.txt", "A ship set out.")
    (tmp_path / "again").mkdir()
    assert Workflow(folder=tmp_path / "again", store=store, uid="uid-2").run() == "Succeeded"
    assert (manifest(store)["run"], manifest(store)["pipeline"]["status"]) == (2, "completed")
    assert data(store, "assets/video.mp4") != film
    rendered = record(store, "render", 0).metadata
    assert 0 < rendered["rendered"] < rendered["segments"]


@pytest.mark.parametrize("broken", ["story-narrate", "story-render", "story-assemble"])
def test_a_workflow_whose_pods_never_begin_leaves_a_failed_run(
    store: FileStore, tmp_path: Path, broken: str
) -> None:
    workflow = Workflow(folder=tmp_path, store=store, uid="uid-1", breaks=frozenset({broken}))
    assert workflow.run() == "Failed"
    assert (manifest(store)["run"], manifest(store)["pipeline"]["status"]) == (1, "failed")


def test_a_workflow_that_never_begins_after_one_that_succeeded_has_failed(
    store: FileStore, tmp_path: Path
) -> None:
    assert Workflow(folder=tmp_path, store=store, uid="uid-1").run() == "Succeeded"
    (tmp_path / "again").mkdir()
    broken = frozenset({"story-narrate"})
    assert Workflow(folder=tmp_path / "again", store=store, uid="uid-2", breaks=broken).run() == "Failed"
    assert (manifest(store)["run"], manifest(store)["pipeline"]["status"]) == (2, "failed")


def test_a_message_of_another_sender_is_stored_before_the_first_stage(tmp_path: Path) -> None:
    workflow = asked_by(FOREIGN, FileStore(tmp_path / "empty"), tmp_path)
    assert all(workflow.task(task) for task in workflow.tasks[:2])
    assert workflow.pods == ["presenter-message", "presenter-draft 0"]
    assert data(workflow.store, "assets/script.txt") == FOREIGN["script"].encode()
    (slide,) = json.loads(data(workflow.store, "assets/slides.json"))["slides"]
    assert slide == FOREIGN["slides"][0]


@pytest.mark.soak
def test_a_message_of_another_sender_makes_its_video_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "empty")
    assert asked_by(FOREIGN, store, tmp_path).run() == "Succeeded"
    film = data(store, "assets/video.mp4")
    (tmp_path / "again").mkdir()
    again = asked_by({**FOREIGN, "script": "It came twice."}, store, tmp_path / "again")
    assert again.run() == "Succeeded"
    assert data(store, "assets/video.mp4") == film


@pytest.mark.soak
def test_a_message_that_can_not_be_rendered_fails_its_workflow(tmp_path: Path) -> None:
    workflow = asked_by({**FOREIGN, "slides": []}, FileStore(tmp_path / "empty"), tmp_path)
    assert workflow.run() == "Failed"
    assert workflow.pods == ["presenter-message", "settle"]
    assert manifest(workflow.store)["pipeline"]["status"] == "failed"


def asked_by(message: Mapping[str, Any], store: FileStore, folder: Path) -> Workflow:
    """The workflow that the sensor makes of a message."""
    encoded = base64.b64encode(json.dumps(message, sort_keys=True).encode()).decode()
    return Workflow(folder=folder, store=store, uid=folder.name, pipeline="presenter", message=encoded)
