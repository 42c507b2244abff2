"""The exported WorkflowTemplate, carried out: what Argo would start is started here as processes."""

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

WORKFLOW = yaml.safe_load((ROOT / "infra/argo/story.yaml").read_text(encoding="utf-8"))["spec"]


@dataclass(kw_only=True)
class Workflow:
    """One submission of the template, by an Argo that knows what the export uses of it."""

    folder: Path
    store: FileStore
    uid: str
    breaks: frozenset[str] = frozenset()
    """Templates whose pods end with exit code 1 before they begin."""
    pods: list[str] = field(default_factory=list)
    """Templates of the pods that were started, with their index."""
    outputs: dict[str, Any] = field(default_factory=dict)

    def run(self) -> str:
        """All tasks in their order, then the exit handler; returns the workflow's status."""
        tasks = self._template(WORKFLOW["entrypoint"])["dag"]["tasks"]
        status = "Succeeded" if all(self._task(task) for task in tasks) else "Failed"
        assert self._pod(self._template(WORKFLOW["onExit"]), {"workflow.status": status})
        return status

    def _task(self, task: dict[str, Any]) -> bool:
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
        container = template["container"]
        known = {**known, "retries": "0"}
        words = [self._fill(word, known) for word in (*container["command"], *container["args"])]
        environ = {each["name"]: self._fill(each["value"], known) for each in container["env"]}
        if template["name"] in self.breaks:
            return False
        command = [sys.executable, *(word.replace("/scratch", str(scratch)) for word in words[1:])]
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
            '=sprig.replace("$", "$$", workflow.parameters.creation_id)': ID,
            **self.outputs,
            **known,
        }
        return re.sub(r"\{\{(.*?)\}\}", lambda found: str(places[found[1]]), text)

    def _template(self, name: str) -> dict[str, Any]:
        (found,) = (template for template in WORKFLOW["templates"] if template["name"] == name)
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
