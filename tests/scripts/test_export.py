"""Deployment files are what the pipelines say, and say so when they are not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jobs.catalogue import pipelines
from scripts.export import compare, render, write
from scripts.exports.text import to_text
from scripts.platforms import EXPORTS
from shared.errors import BadRequest, UnknownName
from shared.settings import read_settings
from tests.support.deployments import ROOT, UNHEARD_OF, all_pipelines

SAID = {
    "cloudrun": {"project": "films-42", "region": "europe-west1", "bucket": "films"},
    "codeengine": {"region": "eu-de", "bucket": "films", "context": "4svg40kna19"},
    "compose": {},
    "argo": {"store_url": "gs://films", "brokers": "a.example:9093"},
    "keda": {"store_url": "gs://films", "brokers": "a.example:9093"},
}


@pytest.mark.parametrize("target", EXPORTS)
def test_the_committed_files_are_what_the_pipelines_say(target: str) -> None:
    difference = compare(render(target, pipelines(), {}), ROOT)
    assert not difference, f"run: reelwright export {target}"


@pytest.mark.parametrize("target", EXPORTS)
def test_a_new_pipeline_is_deployed_without_a_line_of_code(target: str) -> None:
    before, after = render(target, pipelines(), {}), render(target, all_pipelines(), {})
    assert all(after[path] == text for path, text in before.items() if target != "compose")
    new = "".join(after[path] for path in after if after[path] != before.get(path))
    if target == "keda":
        assert "jobs.slide_show.show_one" in new
        return
    for stage, job in UNHEARD_OF.jobs.items():
        if target != "argo" or stage != "fused":  # there Argo chains the stages
            assert job in new


@pytest.mark.parametrize("target", EXPORTS)
def test_files_for_a_place_of_ones_own_hold_no_placeholder(target: str) -> None:
    images = {} if target == "compose" else {"image_prefix": "registry.example/films"}
    text = "".join(render(target, all_pipelines(), SAID[target] | images).values())
    words = set(re.findall(r"[A-Z_]+", text))
    assert not words & {"PROJECT", "REGION", "BUCKET", "NAMESPACE", "CONTEXT", "BROKERS"}
    assert "REGISTRY/" not in text


@pytest.mark.parametrize("target", EXPORTS)
def test_another_prefix_is_that_of_all_that_belongs_to_the_jobs(target: str) -> None:
    """`gcloud run jobs execute buch-ai-video-generator` and the like."""
    said = SAID[target] | ({} if target == "compose" else {"image_prefix": "registry.example/films"})
    usual = render(target, all_pipelines(), said)
    mine = render(target, all_pipelines(), said | {"job_prefix": "buch-ai"})
    names = {"compose": "(?m)(?<=^name: )reelwright"}.get(target, "reelwright(?=-)|(?<=: )reelwright\\b")
    assert mine == {path: re.sub(names, "buch-ai", text) for path, text in usual.items()}
    assert mine != usual
    left = "".join(line for text in mine.values() for line in text.splitlines() if line[:1] != "#")
    assert "reelwright" not in left.replace("${REGISTRY:-reelwright}", "")


def test_the_trigger_of_another_prefix_launches_its_jobs() -> None:
    files = render("cloudrun", pipelines(), SAID["cloudrun"] | {"job_prefix": "buch-ai"})
    service, job = (
        yaml.safe_load(files[f"cloudrun/{name}.yaml"]) for name in ("service", "jobs/video-generator")
    )
    environ = service["spec"]["template"]["spec"]["containers"][0]["env"]
    prefix = read_settings({each["name"]: each.get("value", "secret") for each in environ}).job_prefix
    assert job["metadata"]["name"] == f"{prefix}-video-generator" == "buch-ai-video-generator"


@pytest.mark.parametrize("target", ["cloudrun", "codeengine", "argo"])
def test_settings_of_ones_own_stand_with_each_job(target: str) -> None:
    files = render(target, pipelines(), {"settings": {"CORES": "3", "CLAUDE_MODEL": "other"}})
    with_jobs = [text for path, text in files.items() if not re.search("identities|-events", path)]
    assert [text for text in with_jobs if '"3"' not in text or "other" not in text] == []


@pytest.mark.parametrize(
    ("target", "settings", "said"),
    [
        ("cloudrun", {"API_TOKEN": "hush"}, "API_TOKEN may hold a secret"),
        ("argo", {"COS_HMAC_ACCESS_KEY_ID": "hush"}, "COS_HMAC_ACCESS_KEY_ID may hold a secret"),
        ("argo", {"STORE_URL": "gs://films"}, "STORE_URL is not a setting for a file"),
        ("codeengine", {"FUSED": "never"}, "FUSED is not a setting for a file"),
        ("compose", {"CORES": "many"}, "CORES='many': use a whole number"),
        ("cloudrun", {"STALE_AFTER_S": "9", "HEARTBEAT_S": "5"}, "at least twice"),
    ],
)
def test_a_setting_that_does_not_belong_into_a_file_is_refused(
    target: str, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(BadRequest, match=re.escape(said)) as refused:
        render(target, pipelines(), {"settings": settings})
    assert "hush" not in str(refused.value)


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
    assert reelwright("cloudrun", "--set", "CORES").returncode == 2
    assert reelwright("cloudrun", "--bucket", "films", "--set", "CORES=3").returncode == 0
    assert '"3"' in (tmp_path / "cloudrun/service.yaml").read_text()
