"""Looks pinned versions up in the database of advisories: audit.py <constraints file>.

Exits 0 only if every version was looked up and none has an advisory. pip-audit by itself also exits 0 where
the index that answers knows no advisories, and shows a traceback where none answers.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_UNREACHED = "the database of advisories can't be reached, so nothing was looked up: try another network"


def main() -> int:
    path = Path(sys.argv[1])
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    command += ["--no-deps", "--disable-pip", "--requirement", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    problems = problems_of(done.stdout, done.stderr)
    for problem in problems:
        sys.stderr.write(f"{path}: {problem}\n")
    if not problems:
        sys.stdout.write(f"{path}: no advisory is known for any of these versions\n")
    return 1 if problems else 0


def problems_of(report: str, said: str) -> list[str]:
    """What speaks against the versions, or against calling them looked up."""
    try:
        found: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except ValueError:
        return [f"{_UNREACHED} ({(said.splitlines() or ['pip-audit said nothing'])[-1][:300]})"]
    skipped = [each["name"] for each in found if "skip_reason" in each]
    if skipped and len(skipped) == len(found):
        return [f"{_UNREACHED} (the index that answers has none)"]
    unknown = [f"not looked up: {', '.join(skipped)}"] if skipped else []
    return unknown + [_advisory(each, hit) for each in found for hit in each.get("vulns", ())]


def _advisory(package: dict[str, Any], hit: dict[str, Any]) -> str:
    mended = ", ".join(hit["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {hit['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())
