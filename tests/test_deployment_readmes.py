"""The commands of the clouds' READMEs, run with stand-ins for the vendors' programs: what they make they also
take away, and all of it goes by the prefix."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.catalogue import pipelines
from scripts.settings import provider_keys
from shared.pipelines.deployed import deployed_jobs
from tests.support.deployments import ROOT

Call = tuple[str, ...]
_STAND_IN = """#!/bin/sh
printf '%s\\n' "${0##*/}" "$@" '' >>"$CALLS"
for word; do case $word in */*) ;; *.json) : >"$word" ;; esac; done
case "${0##*/} $*" in
    *service-agent* | *writerIdentity*) echo an-account ;;
    gcloud*) echo https://trigger.example ;;
    *) echo 12ab ;;
esac
"""
_PROGRAMS = ("gcloud", "ibmcloud", "docker", "kubectl", "curl", "jq", "openssl", "python")
KEYS = sorted(provider_keys())
JOBS = [f"buch-ai-{job.name}" for job in deployed_jobs(pipelines())]


def commands_of(cloud: str) -> str:
    """All that the README has to type, for jobs of another prefix."""
    parts = (ROOT / cloud / "README.md").read_text(encoding="utf-8").split("```")
    blocks = [part.removeprefix("sh\n") for part in parts[1::2]]
    assert "PREFIX=reelwright\n" in blocks[0]
    return "\n".join(blocks).replace("PREFIX=reelwright\n", "PREFIX=buch-ai\n")


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[str], list[Call]]:
    def run(cloud: str) -> list[Call]:
        programs = tmp_path / "programs"
        for folder in ("programs", "infra", "my-story/1"):
            (tmp_path / folder).mkdir(parents=True)
        for program in (*(programs / name for name in _PROGRAMS), tmp_path / "infra/images.sh"):
            program.write_text(_STAND_IN)
            program.chmod(0o755)
        itself = shlex.join(["exec", sys.executable, "-m", "scripts"])
        (programs / "reelwright").write_text(
            f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} {itself} "$@"\n'
        )
        (programs / "reelwright").chmod(0o755)
        (tmp_path / "pyproject.toml").write_text('version = "1.2.3"\n')
        (tmp_path / "my-story/1/1.txt").touch()
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", commands_of(cloud)],
            cwd=tmp_path,
            env={
                "PATH": f"{programs}:/usr/bin:/bin",
                "CALLS": str(tmp_path / "calls"),
                "HOME": os.environ["HOME"],
                **dict.fromkeys(KEYS, "key"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [tuple(call.split("\n")) for call in (tmp_path / "calls").read_text().split("\n\n") if call]

    return run


def after(call: Call, word: str) -> str:
    return call[call.index(word) + 1]


def made(call: Call) -> tuple[str, ...] | None:
    """What a command of gcloud's makes, and the same of the one that takes it away."""
    words = [word for word in call[1:] if word != "http"]  # the kind of a scheduler's job
    if words[:3] == ["storage", "buckets", "create"] or words[:2] == ["storage", "rm"]:
        return ("bucket", next(word for word in words if word.startswith("gs://")))
    if words[0] == "projects":
        return ("binding", after(call, "--member"), after(call, "--role"))
    verb = next((word for word in words if word in ("create", "delete", "replace")), "")
    if not verb:
        return None
    kind, name = " ".join(words[: words.index(verb)]), after(tuple(words), verb)
    if verb == "replace":
        stem = Path(name).stem
        return (kind, f"buch-ai-{'trigger' if stem == 'service' else stem}")
    return (kind, name.partition("@")[0])  # of a service account it is made by the first part


@pytest.mark.parametrize("cloud", ["cloudrun", "codeengine"])
def test_a_page_hands_every_provider_s_key_to_the_jobs(cloud: str) -> None:
    page = commands_of(cloud)
    assert [key for key in KEYS if f"{key}=" not in page] == []


def test_all_that_is_made_on_cloud_run_is_taken_away(calls: Callable[[str], list[Call]]) -> None:
    ran = [call for call in calls("cloudrun") if call[0] == "gcloud"]
    takes = {"delete", "rm", "remove-iam-policy-binding"}
    taken = {made(call) for call in ran if takes & set(call)}
    there = {made(call) for call in ran if not takes & set(call)} - {None}
    assert there == taken
    assert {name for kind, name, *_ in filter(None, there) if kind == "run jobs"} == set(JOBS)
    assert {call[4] for call in ran if "execute" in call} == {
        "buch-ai-video-generator",
        "buch-ai-ad-generator",
    }
    assert [call for call in ran if "reelwright-" in " ".join(call)] == []


def test_all_that_is_made_on_code_engine_is_taken_away(calls: Callable[[str], list[Call]]) -> None:
    ran = [call[1:] for call in calls("codeengine") if call[0] == "ibmcloud"]

    def names(*words: str) -> set[str]:
        found = [call for call in ran if call[: len(words)] == words]
        return {after(call, "--name") if "--name" in call else call[len(words)] for call in found}

    assert names("ce", "project", "create") == names("ce", "project", "delete") == {"buch-ai"}
    for made_by, taken_by in (
        (("iam", "service-id-create"), ("iam", "service-id-delete")),
        (("resource", "service-instance-create"), ("resource", "service-instance-delete")),
        (("cr", "namespace-add"), ("cr", "namespace-rm")),
    ):
        assert names(*made_by) == names(*taken_by) != set()
    assert names("iam", "authorization-policy-create")
    assert names("iam", "authorization-policy-delete")
    with_these = ("ce", "cos", "service-policy-create", "service-api-key-create", "service-key-create")
    creating = [call for call in ran if any(word.endswith("create") for word in call[:3])]
    known = (*with_these, "service-id-create", "service-instance-create", "authorization-policy-create")
    assert [call for call in creating if not set(known) & set(call[:2])] == []
    assert {after(call, "--job") for call in ran if "submit" in call} == {
        "buch-ai-video-generator",
        "buch-ai-ad-generator",
    }
    (application,) = (call for call in ran if call[:3] == ("ce", "application", "create"))
    assert {"JOB_PREFIX=buch-ai", "icr.io/my-films/codeengine-trigger:1.2.3"} <= set(application)
    assert [call for call in ran if "reelwright" in " ".join(call)] == []
