"""`make audit` never takes versions that nobody looked up for good ones."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.audit import problems_of

ROOT = Path(__file__).parents[2]
GOOD = {"name": "numpy", "version": "2.4.6", "vulns": []}
SKIPPED = {"name": "av", "skip_reason": "Dependency not found on PyPI and could not be audited: av (18.1.0)"}
BAD = {"name": "pillow", "version": "11.3.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["12.1.1"]}]}


def report(*found: dict[str, Any]) -> str:
    return json.dumps({"dependencies": found, "fixes": []})


def test_versions_without_an_advisory_are_fine() -> None:
    assert problems_of(report(GOOD), "No known vulnerabilities found") == []


def test_an_advisory_names_version_and_remedy() -> None:
    assert problems_of(report(GOOD, BAD), "") == ["pillow 11.3.0: PYSEC-2026-1, mended in 12.1.1"]


def test_what_the_database_does_not_know_is_named() -> None:
    assert problems_of(report(GOOD, SKIPPED), "") == ["not looked up: av"]


@pytest.mark.parametrize(
    ("found", "said"), [("", "Traceback\nConnectionError: no route"), (report(SKIPPED), ""), ("", "")]
)
def test_without_a_database_it_says_so(found: str, said: str) -> None:
    (problem,) = problems_of(found, said)
    assert "can't be reached, so nothing was looked up" in problem


def test_where_no_database_answers_it_fails_without_a_traceback(tmp_path: Path) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text("numpy==2.4.6\n")
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_PROXY": ""}
    done = subprocess.run(
        [sys.executable, "infra/audit.py", str(pins)],
        cwd=ROOT,
        env={**os.environ, **nowhere, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "can't be reached" in line
