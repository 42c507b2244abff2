"""Further voices: fetched from their public home or taken from disk, checked, and kept in a folder.

`python -m shared.providers.speech.kokoro.adding af_heart ...` does it where there is no command line.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from shared.errors import BadRequest, ProviderBusy, UnknownName
from shared.providers.account import Account
from shared.providers.http import Http
from shared.providers.speech.kokoro.model import NAME
from shared.providers.speech.kokoro.pinned import LANGUAGES, SHA256
from shared.providers.speech.kokoro.vectors import (
    PACKAGED,
    SIZE_BYTES,
    Vectors,
    demand_voice,
    voice_named,
    voices_folder,
)
from shared.providers.speech.provider import Voice
from shared.settings import read_settings
from shared.storage.memory import MemoryStore

_KINDS: Final = ("application/octet-stream", "binary/octet-stream", "application/x-binary")
_TRIES: Final = 3


def names_of(language: str) -> list[str]:
    """All voices of a language, e.g. `en` or `en-GB`, that no package brings."""
    asked = language.lower().replace("_", "-")
    found = [
        name
        for name in SHA256
        if name not in PACKAGED and f"{LANGUAGES[name[0]].lower()}-".startswith(f"{asked}-")
    ]
    if not found:
        raise UnknownName("language with voices to add", language, languages())
    return found


def languages() -> list[str]:
    """Those that have voices which no package brings."""
    return sorted({LANGUAGES[name[0]] for name in SHA256 if name not in PACKAGED})


def addable(folder: Path) -> list[Voice]:
    """The voices that are not in `folder` yet, by language."""
    here = Vectors(folder)
    found = [voice_named(name) for name in SHA256 if not here.has(name)]
    return sorted(found, key=lambda voice: voice.language)


def add(name: str, folder: Path, *, source: Path | None = None, home: str) -> Path:
    """Where a voice lies, once it does; from `source`, a file or a folder of files, or else from `home`.

    Raises `UnknownName` for a name that no voice has, `BadRequest` for a `source` that is no voice's file and
    for a `folder` that can't be written, `ProviderFailed` for a file without its hash,
    and `ProviderBusy` if `home` can't be reached.
    """
    if name not in SHA256 or name in PACKAGED:
        raise UnknownName("voice to add", name, [each for each in SHA256 if each not in PACKAGED])
    target = folder / f"{name}.bin"
    path = _temporary(name, folder)
    try:
        if source:
            path.write_bytes(_from_disk(name, source))
        else:
            _fetch(name, path, home)
        demand_voice(name, path.read_bytes())
        path.chmod(0o644)
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)
    return target


def _temporary(name: str, folder: Path) -> Path:
    """A new file beside those that are kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(prefix=f".{name}-", dir=folder)
    except OSError as error:
        remedy = "name another folder in VOICES_DIR; images take voices when they are built, by VOICES"
        raise BadRequest(f"no voice can be kept in {folder} ({error.strerror}): {remedy}") from error
    os.close(handle)
    return Path(path)


def _from_disk(name: str, source: Path) -> bytes:
    path = source / f"{name}.bin" if source.is_dir() else source
    if not path.is_file():
        raise BadRequest(f"{path} is no file: give --from the voice's file, or the folder with {name}.bin")
    if path.stat().st_size != SIZE_BYTES:
        raise BadRequest(
            f"{path} is not a voice: it has {path.stat().st_size} bytes, a voice has {SIZE_BYTES}"
        )
    return path.read_bytes()


def _fetch(name: str, path: Path, home: str) -> None:
    http = Http(NAME, home, Account(MemoryStore()), headers={}, key_variable="VOICES_URL", tries=_TRIES)
    url = f"{home.rstrip('/')}/{name}.bin"
    try:
        http.download(url, path, expect=_KINDS, most_bytes=2 * SIZE_BYTES)
    except ProviderBusy as error:
        remedy = f"set VOICES_URL, or give the file: reelwright voices add {name} --from {name}.bin"
        raise ProviderBusy(NAME, f"{url} gives no voice ({error.args[1]}); {remedy}") from error.__cause__


if __name__ == "__main__":
    _settings = read_settings(os.environ)
    for _name in sys.argv[1:]:
        add(_name, voices_folder(_settings.voices_dir), home=_settings.voices_url)
