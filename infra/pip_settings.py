"""What builds of images are told of this machine's pip: pip_settings.py <engine> <folder>.

Writes <folder>/pip.conf, the settings that say where packages are and how these places are reached, and
<folder>/ca.crt, the certificates to trust; stdout is the folders of packages that a build is to see at the
same place. All else that pip is told here (constraints, caches, targets) is this machine's own business, and
would name files that a build doesn't have.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

PLACES = ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS")
KEPT = (*PLACES, "NO_INDEX", "TRUSTED_HOST", "PROXY", "TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES")
SECTIONS = ("global", "install", ":env:")  # the later ones win, as for pip itself
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")  # what pip heeds beside its own `cert`


def main(engine: str, folder: Path) -> int:
    settings = pip_settings()
    kept = {name: value for name, value in settings.items() if name in KEPT}
    folders: set[Path] = set()
    for name in filter(kept.get, PLACES):
        kept[name], seen = places(kept[name], can_mount=engine != "docker")
        folders |= seen
    left_out = sorted(option(name) for name in settings if name not in (*KEPT, "CERT", "CONFIG_FILE"))
    if left_out:
        say(f"of pip's settings these hold on this machine only, not in the build: {', '.join(left_out)}")
    lines = [f"{option(name)} = {value}" for name, value in kept.items() if value]
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines, ""]))
    (folder / "ca.crt").write_bytes(certificates(settings.get("CERT", "")))
    sys.stdout.writelines(f"{each}\n" for each in sorted(folders))
    return 0


def pip_settings() -> dict[str, str]:
    """What pip is told, by the names of its variables without PIP_; empty where there is no pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    found = [re.fullmatch(r"([^.]+)\.([\w-]+)=(['\"].*['\"])", line) for line in lines]
    by_section: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for section, name, value in (match.groups() for match in found if match):
        by_section.setdefault(section, {})[name.upper().replace("-", "_")] = ast.literal_eval(value)
    return {name: value for section in SECTIONS for name, value in by_section[section].items()}


def places(value: str, *, can_mount: bool) -> tuple[str, set[Path]]:
    """The places that a build can reach, and which folders it has to see for that."""
    kept, folders = [], set()
    for place in value.split():
        folder = local_folder(place)
        if folder is None or can_mount:
            kept.append(place)
        else:
            say(f"docker can't show a build this machine's {folder}: what is only there will be missing")
        if folder and folder.is_dir():
            folders.add(folder)
    return " ".join(kept), folders if can_mount else set()


def local_folder(place: str) -> Path | None:
    """The folder of a place on this disk. An index (…/simple) may have its files beside it."""
    parts = urlsplit(place)
    if parts.scheme not in ("", "file"):
        return None
    path = Path(unquote(parts.path) if parts.scheme else place).absolute()
    path = path.parent if path.is_file() else path
    return path.parent if path.name == "simple" else path


def certificates(of_pip: str) -> bytes:
    """Of the first file that is named, if any is."""
    named = [of_pip, *(os.environ.get(name, "") for name in CERTIFICATES)]
    file = next((Path(each) for each in named if each and not Path(each).is_dir()), None)
    try:
        return file.read_bytes() if file else b""
    except OSError as error:
        sys.exit(f"images.sh: the certificates that pip is to trust can't be read: {error}")


def option(name: str) -> str:
    return name.lower().replace("_", "-")


def say(text: str) -> None:
    sys.stderr.write(f"images.sh: {text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
