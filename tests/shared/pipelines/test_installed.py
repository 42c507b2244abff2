from pathlib import Path

import pytest

from jobs.catalogue import pipelines
from shared.errors import BadRequest
from shared.pipelines.installed import installed_pipelines
from tests.support.toys import PIPELINE_FILE, toys


def test_all_pipelines_of_the_catalogue_are_found() -> None:
    assert installed_pipelines() == pipelines()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """An importable folder without any code."""
    name = f"package_of_{abs(hash(request.node.name))}"
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_no_code_is_needed(package: Path) -> None:
    for folder in ("toys", "assets"):
        (package / folder).mkdir()
    (package / "pipeline.yaml").write_text("in no folder")
    (package / "toys" / "pipeline.yaml").write_bytes(PIPELINE_FILE.read_bytes())
    assert installed_pipelines(package.name) == {"toys": toys()}


def test_a_broken_file_is_named(package: Path) -> None:
    (package / "toys").mkdir()
    (package / "toys" / "pipeline.yaml").write_text("name: toys")
    with pytest.raises(BadRequest, match=r"toys/"):
        installed_pipelines(package.name)


def test_an_installation_without_pipelines_is_refused(package: Path) -> None:
    for name in (package.name, "no_such_package"):
        with pytest.raises(BadRequest, match=name):
            installed_pipelines(name)
