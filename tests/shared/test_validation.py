from pathlib import Path

import pytest
import yaml

from shared.validation import from_yaml

ROOT = Path(__file__).parents[2]
OURS = sorted(path for folder in ("jobs", "scripts", "shared") for path in (ROOT / folder).rglob("*.yaml"))


def test_a_file_of_our_own_says_the_same_to_both_readers() -> None:
    assert len(OURS) > 15
    for path in OURS:
        text = path.read_text(encoding="utf-8")
        assert from_yaml(text) == yaml.load(text, yaml.SafeLoader), path


def test_without_libyaml_it_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert from_yaml("a: [1, 'no', no]") == {"a": [1, "no", False]}


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\t- a", "a: !!python/name:os.system x"])
def test_what_is_no_yaml_or_more_than_data_is_an_error(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        from_yaml(text)
