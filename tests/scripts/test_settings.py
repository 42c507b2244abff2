"""A setting is said once: the page, the CLI and what deploys the jobs follow from that."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from scripts.platforms import KINDS, PLATFORMS
from scripts.settings import PROVIDERS, main, provider_keys, rows, show_settings, table
from shared.errors import BadRequest
from shared.pipelines.deployed import JOB_SETTINGS, TRIGGER_SETTINGS
from shared.providers.choice import Choice
from shared.settings import SECRET, SETTINGS, VARIABLES, Settings, read_settings
from shared.worker.meter import PRICES
from tests.conftest import _SCRUBBED, _SCRUBBED_PREFIXES
from tests.support.deployments import ROOT


def test_the_table_in_the_readme_is_what_the_settings_say() -> None:
    assert main(["--check"], ROOT / "README.md") == 0, "run: python -m scripts.settings"


def test_a_stale_table_is_found_and_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    shutil.copy(ROOT / "README.md", page)
    whole = page.read_text()
    page.write_text(whole.replace("| `CORES` |", "| `KERNE` |"))
    assert main(["--check"], page) == 1
    assert main([], page) == 0
    assert page.read_text() == whole


def test_a_page_without_a_place_for_the_table_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("# Films\n")
    with pytest.raises(BadRequest, match="no place for the settings"):
        main([], page)
    assert page.read_text() == "# Films\n"


def test_every_setting_has_a_row_with_a_sentence_of_its_own() -> None:
    found = {row.variable: row.sentence for row in rows()}
    assert {name.strip("`") for each in found for name in each.split(", ")} == set(VARIABLES)
    assert len(set(found.values())) == len(found) == len(SETTINGS)
    assert not [name for name, sentence in found.items() if "{" in sentence or len(sentence) < 15]


def test_the_cli_lists_all_settings(capsys: pytest.CaptureFixture[str]) -> None:
    show_settings()
    shown = capsys.readouterr().out
    assert [name for name in VARIABLES if name not in shown] == []


def test_every_provider_s_key_is_a_secret_that_jobs_heed_and_has_its_row() -> None:
    assert len(provider_keys()) >= 3
    assert provider_keys() <= SECRET & set(JOB_SETTINGS)
    assert all(f"| `{key}` |" in table() for key in provider_keys())


@pytest.mark.parametrize("kind", PROVIDERS, ids=lambda kind: kind.setting)
def test_auto_takes_a_provider_whose_key_is_set_and_else_one_that_needs_none(kind: Choice[Any]) -> None:
    paid = {name: each.key for name, each in kind.providers.items() if each.key and not each.by_name}
    assert kind.name(Settings()) == next(name for name, each in kind.providers.items() if not each.key)
    for name, key in paid.items():
        assert kind.name(replace(Settings(), **cast(Any, {key: "k"}))) == name


def test_every_variable_that_is_read_is_scrubbed_from_the_tests() -> None:
    """Among them those that a cloud sets."""
    for name in (*VARIABLES, "CLOUD_RUN_EXECUTION", "CE_JOBRUN", "JOB_INDEX", "TASK_INDEX", "K_SERVICE"):
        assert name in _SCRUBBED or name.startswith(_SCRUBBED_PREFIXES)


def test_what_a_job_heeds_its_trigger_heeds_too_and_neither_what_names_a_place() -> None:
    assert set(JOB_SETTINGS) < set(TRIGGER_SETTINGS)
    assert not {"STORE_URL", "PLATFORM", "LOG_FILE", "IBMCLOUD_API_KEY"} & set(TRIGGER_SETTINGS)


def test_no_secret_is_shown_by_the_record_or_by_an_error() -> None:
    hidden: dict[str, Any] = {name: "hush-hush" for name, setting in SETTINGS.items() if setting.secret}
    assert "hush-hush" not in repr(replace(Settings(), **hidden))
    assert set(hidden) == {name for name, each in SETTINGS.items() if each.variable in SECRET}


def test_a_platform_is_complete() -> None:
    """What costs money has a price; all but the store's memory is in reach of what runs on this machine."""
    clouds = {name for name, kind in KINDS.items() if kind.open and "file" in kind.out_of_reach}
    assert clouds == set(PRICES)
    assert all("memory" in KINDS[name].out_of_reach for name in PLATFORMS)
    assert {read_settings({"ENV": "p", "PLATFORM": name}).platform for name in PLATFORMS} == set(PLATFORMS)
