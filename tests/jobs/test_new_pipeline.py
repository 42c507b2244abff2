"""A pipeline is its folder and one line: `gift/`, in a copy of `jobs/`, gets all that the others have."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
JOBS = {"gift-choose", "gift-wrap", "gift-tie", "gift-wrapper"}
OVER_HTTP = """
import os, time, warnings
warnings.simplefilter("ignore")
from starlette.testclient import TestClient
from scripts.wiring import make_trigger
from shared.api.app import create_app
from shared.database import Job, session_for
from shared.reports.metrics import error_types
from shared.settings import read_settings

settings = read_settings(os.environ)
trigger = make_trigger(settings)
client = TestClient(
    create_app(trigger, settings=settings), base_url="http://127.0.0.1", client=("127.0.0.1", 50000)
)
gift = "/me/creation/clara"
assert client.put(f"{gift}/assets/wish.pdf", content=b"a tree").status_code == 422
assert client.put(f"{gift}/assets/wish.txt", content=b"clara tree lamp").status_code == 201
assert client.post(f"{gift}/wrap").status_code == 202
while (status := client.get(f"{gift}/wrap_status").json())["status"] == "pending":
    time.sleep(0.05)
assert status["status"] == "completed", status
assert client.get(status["urls"]["video"]).text == "CLARA-TREE-LAMP"
assert "clara" in client.get("/api/gifts").json()
assert "A wish becomes a parcel." in str(client.get("/openapi.json").json()["tags"])
assert "wrapping" in error_types(trigger.pipelines.values())
trigger.platform.stop()
with session_for(settings) as session:
    assert session.get(Job, "anna").recipient == "anna"
"""

EXPORTS = """
import json, sys
from contextlib import redirect_stdout
from io import StringIO
from scripts.__main__ import main

written = {}
for target in ("cloudrun", "codeengine", "argo", "compose"):
    sys.argv[1:] = ["export", target, "--to", "deploy"]
    with redirect_stdout(StringIO()) as told:
        try:
            main()
        except SystemExit as end:
            assert not end.code, target
    written[target] = told.getvalue()
print(json.dumps(written))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `jobs/`, the pipeline in it, and what builds images of them."""
    place = tmp_path_factory.mktemp("place")
    shutil.copytree(ROOT / "jobs", place / "jobs")
    shutil.copytree(ROOT / "tests/jobs/gift", place / "jobs/gift")
    (place / "infra").mkdir()
    shutil.copy(ROOT / "infra/images.sh", place / "infra")
    return place


def python(place: Path, *arguments: str) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(place), "PYTHONPATH": str(place)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env={**environ, "STORE_URL": f"file://{place}/creations", "LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_runs_by_its_command_and_in_one_process_and_over_http_and_is_reported(place: Path) -> None:
    assert python(place, "-m", "scripts", "run", "gift", "anna", "--wish", "anna boat").endswith(
        "anna/assets/parcel.txt\n"
    )
    assert (place / "creations/anna/assets/parcel.txt").read_text() == "ANNA-BOAT"
    (place / "creations/bert/assets").mkdir(parents=True)
    (place / "creations/bert/assets/wish.txt").write_text("bert kite")
    assert '"video": "assets/parcel.txt"' in python(place, "-m", "jobs", "gift", "bert")
    python(place, "-c", OVER_HTTP)


def test_it_has_a_place_in_the_help(place: Path) -> None:
    assert "A wish becomes a parcel." in python(place, "-m", "scripts", "run", "--help")
    assert "wish.txt, says" in python(place, "-m", "scripts", "run", "gift", "--help")


@pytest.fixture(scope="module")
def deployments(place: Path) -> dict[str, list[str]]:
    """The files that each export writes; one process writes them all, as one starts slowly."""
    return {name: lines.split() for name, lines in json.loads(python(place, "-c", EXPORTS)).items()}


@pytest.mark.parametrize(
    ("target", "paths"),
    [
        ("cloudrun", {f"cloudrun/jobs/{job}.yaml" for job in JOBS}),
        ("codeengine", {f"codeengine/{kind}/{job}.yaml" for kind in ("jobs", "kubectl") for job in JOBS}),
        ("argo", {"infra/argo/gift.yaml"}),
        ("compose", {"infra/compose.yaml"}),
    ],
)
def test_it_is_deployed_with_the_others(
    target: str, paths: set[str], place: Path, deployments: dict[str, list[str]]
) -> None:
    assert paths <= set(deployments[target])
    if target == "compose":
        services = yaml.safe_load((place / "deploy/infra/compose.yaml").read_text())["services"]
        assert services.keys() >= JOBS
    else:
        text = "".join((place / "deploy" / path).read_text() for path in paths)
        assert "jobs.gift.wrap" in text


def test_it_gets_an_image(place: Path) -> None:
    done = subprocess.run([place / "infra/images.sh", "--list"], capture_output=True, text=True, check=True)
    assert "gift" in done.stdout.splitlines()
