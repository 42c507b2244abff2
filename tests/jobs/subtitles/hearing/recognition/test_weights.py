"""weights: found or refused with what to do, never fetched; and languages too hard for small ones."""

from pathlib import Path

import pytest

from jobs.subtitles.hearing.recognition.weights import Weights, find_weights, identity_of, load, refusal
from shared.errors import BadRequest


def weights(name: str) -> Weights:
    return Weights(name=name, folder=None, sha256="0" * 64)


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.parametrize("language", ["hi", "hi-IN", "HI"])
@pytest.mark.parametrize("name", ["tiny", "base", "small"])
def test_hindi_is_refused_to_small_weights_in_one_sentence(name: str, language: str) -> None:
    said = refusal(language, weights(name))
    assert said.startswith(f"Whisper {name} can't write the language {language!r}: set WHISPER_MODEL")
    assert "to large-v3, or at least medium" in said
    assert ". " not in said


@pytest.mark.parametrize("name", ["medium", "large-v3", "large-v3-turbo", "turbo", "distil-large-v3", "ours"])
def test_hindi_is_left_to_larger_weights_and_to_those_of_unknown_size(name: str) -> None:
    assert refusal("hi", weights(name)) == ""


@pytest.mark.parametrize("language", ["en", "de", "ja", "his"])
def test_other_languages_are_not_refused(language: str) -> None:
    assert refusal(language, weights("base")) == ""


def test_the_packages_weights_are_found_without_a_folder() -> None:
    found = find_weights("base")
    assert (found.folder, found.engine) == (None, "faster-whisper base int8")
    assert found.sha256 in identity_of("base")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "large-v3",
            r"these weights are not on this machine; mount .* WHISPER_MODEL, .*download_model\('large-v3'\)",
        ),
        ("somebody/else", "these weights are not on this machine"),
        ("enormous", r"there is no such size; use one of .*large-v3.* or a folder"),
        ("/no/such/folder", "there is no model.bin in this folder; mount a folder"),
    ],
)
def test_weights_that_are_not_there_are_named_with_the_remedy(name: str, said: str) -> None:
    with pytest.raises(BadRequest, match=rf"^WHISPER_MODEL='{name}': {said}"):
        find_weights(name)
    assert identity_of(name).endswith("missing")


def test_a_folder_is_known_by_its_models_hash(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"one")
    one = find_weights(str(tmp_path))
    assert one.name == tmp_path.name
    (tmp_path / "model.bin").write_bytes(b"another")
    assert find_weights(str(tmp_path)).sha256 != one.sha256


def test_a_folder_with_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(BadRequest, match=r"not a Whisper model for CTranslate2 .*ct2-transformers-converter"):
        load(find_weights(str(tmp_path)), 1)
