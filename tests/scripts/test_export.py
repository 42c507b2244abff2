"""Deployment files are what the pipelines say, and say so when they are not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jobs.catalogue import pipelines
from scripts.export import TARGETS, compare, render, write
from scripts.exports.text import to_text
from shared.errors import BadRequest, UnknownName
from tests.deployments import ROOT, UNHEARD_OF, all_pipelines

SAID = {
    "cloudrun": {"project": "films-42", "region": "europe-west1", "bucket": "films"},
    "codeengine": {"region": "eu-de", "bucket": "films", "context": "4svg40kna19"},
    "compose": {},
    "argo": {"store_url": "gs://films"},
}


@pytest.mark.parametrize("target", TARGETS)
def test_the_committed_files_are_what_the_pipelines_say(target: str) -> None:
    difference = compare(render(target, pipelines(), {}), ROOT)
    assert not difference, f"run: reelwright export {target}"


@pytest.mark.parametrize("target", TARGETS)
def test_a_new_pipeline_is_deployed_without_a_line_of_code(target: str) -> None:
    before, after = render(target, pipelines(), {}), render(target, all_pipelines(), {})
    assert all(after[path] == text for path, text in before.items() if target != "compose")
    new = "".join(after[path] for path in after if after[path] != before.get(path))
    for stage, job in UNHEARD_OF.jobs.items():
        if target != "argo" or stage != "fused":  # there Argo chains the stages
            assert job in new


@pytest.mark.parametrize("target", TARGETS)
def test_files_for_a_place_of_ones_own_hold_no_placeholder(target: str) -> None:
    images = {} if target == "compose" else {"image_prefix": "registry.example/films"}
    text = "".join(render(target, all_pipelines(), SAID[target] | images).values())
    words = set(re.findall(r"[A-Z_]+", text))
    assert not words & {"PROJECT", "REGION", "BUCKET", "NAMESPACE", "CONTEXT"}
    assert "REGISTRY/" not in text


def test_checking_finds_what_writing_mends(tmp_path: Path) -> None:
    files = render("codeengine", all_pipelines(), {})
    assert write(files, tmp_path).stale == list(files)
    assert not compare(files, tmp_path)
    edited, missing = list(files)[:2]
    (tmp_path / edited).write_text("name: something else\n")
    (tmp_path / missing).unlink()
    somebody_elses = tmp_path / "codeengine/jobs/mine.yaml"
    somebody_elses.write_text("name: mine\n")
    fewer = render("codeengine", pipelines(), {})
    assert compare(files, tmp_path).stale == [edited, missing]
    assert set(compare(fewer, tmp_path).left_over) == set(files) - set(fewer)
    write(fewer, tmp_path)
    assert not compare(fewer, tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yaml")} == {
        *fewer,
        "codeengine/jobs/mine.yaml",
    }
    assert somebody_elses.read_text() == "name: mine\n"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("compose", {"bucket": "films"}),
        ("argo", {"project": "films"}),
        ("cloudrun", {"bucket": "films\nkind: Job"}),
        ("cloudrun", {"audience": "http://films"}),
        ("codeengine", {"job_prefix": "Films_"}),
        ("argo", {"store_url": "file:///creations"}),
    ],
)
def test_what_a_platform_can_not_be_told_is_a_bad_request(target: str, said: dict[str, str]) -> None:
    with pytest.raises(BadRequest) as refused:
        render(target, pipelines(), said)
    assert next(iter(said)) in str(refused.value)


def test_an_unknown_platform_is_a_bad_request() -> None:
    with pytest.raises(UnknownName):
        render("abacus", pipelines(), {})


@pytest.mark.parametrize(
    "text",
    ["1e3", "012", "0o17", "1:30", "y", "no", "null", "1.5G", "2026-01-01", "-", ".5", "a: b", "é {{x}}"],
)
def test_text_stays_text_in_yaml(text: str) -> None:
    written = to_text("toy", [{"value": text, "list": [text]}])
    assert yaml.safe_load(written) == {"value": text, "list": [text]}
    bare = any(line.endswith(f": {text}") for line in written.splitlines())
    assert bare == (text == "é {{x}}")


def test_the_command_writes_and_its_check_fails_on_a_stale_file(tmp_path: Path) -> None:
    def reelwright(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "scripts", "export", *arguments, "--to", str(tmp_path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    stale = reelwright("cloudrun", "--bucket", "films", "--check")
    assert (stale.returncode, list(tmp_path.iterdir())) == (1, [])
    done = reelwright("cloudrun", "--bucket", "films")
    assert (done.returncode, done.stdout) == (0, stale.stdout), done.stderr
    assert "gs://films" in (tmp_path / "cloudrun/service.yaml").read_text()
    assert reelwright("cloudrun", "--bucket", "films", "--check").returncode == 0
    assert reelwright("cloudrun", "--bucket", "other", "--check").stdout == done.stdout
    assert reelwright("cloudrun", "--store-url", "gs://films").returncode == 2
