"""What the images hold, and what they don't."""

import json
import os
from typing import Any

import pytest

from tests.containers.podman import Podman

JOBS = {name: ["python", "-m", "jobs"] for name in ("story", "ad", "presenter", "subtitles")}
TRIGGERS = {
    "app": ["reelwright"],
    "cloudrun-trigger": ["python", "-m", "cloudrun.trigger"],
    "codeengine-trigger": ["python", "-m", "codeengine.trigger"],
    "studio": ["python", "-m", "studio"],
}
ALL = {**JOBS, **TRIGGERS}
UNWANTED = """
import glob, importlib.util, shutil
print([name for name in ("pip", "setuptools", "pytest", "mypy") if importlib.util.find_spec(name)])
print([name for name in ("pip", "gcc", "cc", "make", "git") if shutil.which(name)])
print(glob.glob("/var/lib/apt/lists/*_Packages*") + glob.glob("/run/secrets/*") + glob.glob("/root/.cache/*"))
"""
NEEDLESS = {
    "story": ("moviepy", "faster_whisper", "fastapi", "typer", "redis", "jobs.ad", "scripts", "cloudrun"),
    "ad": ("moviepy", "faster_whisper", "fastapi", "typer", "jobs.story", "scripts", "cloudrun"),
    "cloudrun-trigger": ("av", "cv2", "numpy", "typer"),
    "codeengine-trigger": ("av", "cv2", "numpy", "typer"),
    "studio": ("av", "cv2", "numpy", "typer", "jobs", "scripts", "cloudrun", "codeengine"),
}
STORES = ("boto3", "google.cloud.storage")


def inspected(podman: Podman, target: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(podman.call("image", "inspect", podman.image(target)).stdout)
    return found[0]


def python(podman: Podman, target: str, code: str) -> str:
    done = podman.run(target, "-c", code, flags=("--network=none", "--entrypoint=python"))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target", ALL)
def test_an_image_runs_its_entrypoint_as_a_user_without_rights(podman: Podman, target: str) -> None:
    config = inspected(podman, target)["Config"]
    assert config["Entrypoint"] == ALL[target]
    assert config["User"] == "10001:10001"
    assert list(config["Volumes"]) == ["/scratch"]


@pytest.mark.parametrize("target", ALL)
def test_an_image_says_what_it_is(podman: Podman, target: str) -> None:
    labels = inspected(podman, target)["Labels"]
    assert {key.removeprefix("org.opencontainers.image.") for key in labels if labels[key]} >= {
        "title", "description", "licenses", "version", "revision",
    }  # fmt: skip
    assert target == "app" or labels["org.opencontainers.image.title"].endswith(target)


@pytest.mark.parametrize("target", ALL)
def test_an_image_keeps_nothing_of_its_making(podman: Podman, target: str) -> None:
    own = ["setuptools"] if target == "app" else []  # of grpcio-tools, which reads .proto files
    assert python(podman, target, UNWANTED) == f"{own}\n[]\n[]\n"


@pytest.mark.parametrize("target", ALL)
def test_an_image_does_not_tell_where_its_packages_are_from(podman: Podman, target: str) -> None:
    done = podman.call("history", "--no-trunc", "--format", "{{.CreatedBy}}", podman.image(target))
    assert "install-extras" in done.stdout or "COPY" in done.stdout
    assert [word for word in ("find-links", "index-url", "proxy") if word in done.stdout.lower()] == []


@pytest.mark.parametrize("target", NEEDLESS)
def test_an_image_holds_only_what_its_work_needs(podman: Podman, target: str) -> None:
    code = f"import importlib.util as u; print([n for n in {NEEDLESS[target]!r} if u.find_spec(n)])"
    assert python(podman, target, code) == "[]\n"


@pytest.mark.parametrize("target", [*JOBS, "app"])
def test_an_image_that_speaks_has_the_voices_that_its_build_was_given(podman: Podman, target: str) -> None:
    wanted = sorted(f"{name}.bin" for name in os.environ.get("VOICES", "").split())
    code = "import os; print(sorted(os.listdir(os.environ['VOICES_DIR'])))"
    assert python(podman, target, code) == f"{wanted}\n"


@pytest.mark.parametrize("target", [*JOBS, "app"])
def test_a_job_can_reach_every_kind_of_store(podman: Podman, target: str) -> None:
    assert python(podman, target, f"import importlib\nfor n in {STORES!r}: importlib.import_module(n)") == ""


@pytest.mark.parametrize("target", ALL)
def test_nothing_but_scratch_and_creations_is_writable(podman: Podman, target: str) -> None:
    code = (
        "import os\n"
        "for top in ('/app', '/venv', '/usr', '/etc', '/opt', '/var'):\n"
        "    for folder, _, _ in os.walk(top):\n"
        "        if os.access(folder, os.W_OK): print(folder)\n"
        "print(os.access('/scratch', os.W_OK), os.environ['TMPDIR'])"
    )
    done = podman.call(
        "run", "--rm", "--network=none", "--entrypoint=python", podman.image(target), "-c", code
    )
    found = [
        line for line in done.stdout.splitlines() if line not in ("/var/tmp", "/var/lock", "/var/run/lock")
    ]
    assert found == ["True /scratch"]
