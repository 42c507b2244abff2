"""`images.sh`, with a program in the engine's place that keeps what it is given."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.deployments import ROOT

_ENGINE = """#!/bin/sh
[ "$1" = build ] || exit 0
for word; do
    echo "$word" >>"$BOOKS/words"
    case $word in id=*,src=*) cp "${word#*,src=}" "$BOOKS" ;; esac
done
"""


@dataclass(frozen=True, kw_only=True)
class Built:
    """What an engine was given."""

    names: list[str]
    """What the script says that it has built."""
    words: list[str]
    """Of all calls."""
    settings: dict[str, str]
    """pip's, in the build."""
    certificates: bytes
    complaints: str
    volumes: list[str] = field(default_factory=list)


@pytest.fixture
def pip_conf(tmp_path: Path) -> Path:
    return tmp_path / "pip.conf"


def built(folder: Path, *targets: str, engine: str = "podman", **environ: str) -> Built:
    programs, books = folder / "programs", folder / "books"
    programs.mkdir()
    books.mkdir()
    (programs / engine).write_text(_ENGINE)
    (programs / engine).chmod(0o755)
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "SSL_", "REQUESTS_"))
    }
    done = subprocess.run(
        [ROOT / "infra/images.sh", *targets],
        env={
            **own,
            "PIP_CONFIG_FILE": os.devnull,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "BOOKS": str(books),
            "ENGINE": engine,
            "PYTHON": sys.executable,
            **environ,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    words = (books / "words").read_text().splitlines()
    _, *lines = (books / "pip.conf").read_text().splitlines()
    return Built(
        names=done.stdout.splitlines(),
        words=words,
        settings=dict(line.split(" = ", 1) for line in lines),
        certificates=(books / "ca.crt").read_bytes(),
        complaints=done.stderr,
        volumes=[word for at, word in enumerate(words) if words[at - 1] == "--volume"],
    )


def test_a_build_gets_where_packages_are_and_no_file_of_this_machine(tmp_path: Path, pip_conf: Path) -> None:
    """As on a machine whose administrator holds back versions and keeps packages on a disk."""
    constraints, wheels, index = (
        tmp_path / "constraints.txt",
        tmp_path / "my wheels",
        tmp_path / "index/simple",
    )
    constraints.write_text("pillow<11\n")
    wheels.mkdir()
    index.mkdir(parents=True)
    pip_conf.write_text(
        f"[global]\nconstraint = {constraints}\ntimeout = 7\ncache-dir = {tmp_path}\ntarget = {tmp_path}\n"
        f"extra-{'index'}-url =\n  https://user:it%27s@mirror.example/simple\n  {index.as_uri()}\n"
        "[install]\ntrusted-host = mirror.example\nuser = true\n"
    )
    done = built(
        tmp_path,
        "story",
        PIP_CONFIG_FILE=str(pip_conf),
        PIP_FIND_LINKS=wheels.as_uri(),
        PIP_TIMEOUT="9",
        PIP_REQUIREMENT=str(constraints),
        PIP_LOG=str(tmp_path / "log"),
    )
    assert done.settings == {
        "extra-" + "index" + "-url": f"https://user:it%27s@mirror.example/simple {index.as_uri()}",
        "find" + "-links": wheels.as_uri(),
        "timeout": "9",
        "trusted-host": "mirror.example",
    }
    assert done.volumes == [f"{folder}:{folder}:ro" for folder in (index.parent, wheels)]
    assert "not in the build: cache-dir, constraint, log, requirement, target, user" in done.complaints
    assert "mirror.example" not in done.complaints


def test_docker_is_told_of_no_folder_since_it_can_show_none_to_a_build(tmp_path: Path) -> None:
    done = built(
        tmp_path, "story", engine="docker", PIP_FIND_LINKS=f"{tmp_path} https://mirror.example/files"
    )
    assert done.settings == {"find" + "-links": "https://mirror.example/files"}
    assert (done.volumes, f"docker can't show a build this machine's {tmp_path}" in done.complaints) == (
        [],
        True,
    )


def test_a_build_trusts_the_certificates_that_pip_does(tmp_path: Path, pip_conf: Path) -> None:
    (tmp_path / "ca.pem").write_text("trust me")
    pip_conf.write_text(f"[global]\ncert = {tmp_path}/ca.pem\n")
    done = built(tmp_path, "story", PIP_CONFIG_FILE=str(pip_conf), SSL_CERT_FILE=os.devnull)
    assert (done.certificates, done.settings) == (b"trust me", {})


def test_images_are_called_by_their_version_and_trust_what_the_system_does(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("trust me")
    done = built(
        tmp_path, "story", "app", REGISTRY="registry.example/films", SSL_CERT_FILE=str(tmp_path / "ca.pem")
    )
    assert done.certificates == b"trust me"
    assert done.names == [
        f"registry.example/films/{name}:{version('reelwright')}" for name in ("story", "app")
    ]
    assert [word for word in done.words if word.endswith(tuple(done.names))] == done.names


def test_there_is_an_image_for_each_pipeline(tmp_path: Path) -> None:
    done = subprocess.run([ROOT / "infra/images.sh", "--list"], capture_output=True, text=True, check=True)
    pipelines = [path.parent.name.replace("_", "-") for path in sorted(ROOT.glob("jobs/*/pipeline.yaml"))]
    assert done.stdout.split() == [*pipelines, "app", "cloudrun-trigger", "codeengine-trigger", "studio"]
    words = built(tmp_path, "story").words
    assert words[words.index("--target") + 1] == "pipeline"
    assert "PIPELINE=story" in words


def test_what_the_images_copy_is_sent_to_the_build() -> None:
    copies = re.findall(
        r"^COPY (?:--chmod=\d+ )?(?!--)(.+) \S+$", (ROOT / "infra/Dockerfile").read_text(), re.M
    )
    sources = {source.partition("$")[0].rstrip("/") for line in copies for source in line.split()}
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert len(sources) > 8
    assert [
        source
        for source in sources
        if not any(fnmatch(source, pattern) or source.startswith(f"{pattern}/") for pattern in sent)
    ] == []


def test_no_image_is_the_latest_or_of_a_registry_or_mirror_that_is_named_here() -> None:
    hosts = ("docker.io", "quay.io", "debian.org", "ghcr.io")
    for path in (path for path in (ROOT / "infra").rglob("*") if path.suffix in ("", ".sh", ".yaml")):
        text = path.read_text() if path.is_file() else ""
        assert [word for word in (":latest", ": latest", "-latest", *hosts) if word in text] == [], path
    (base,) = (line for line in (ROOT / "infra/Dockerfile").read_text().splitlines() if "ARG BASE=" in line)
    assert base.partition(":")[2][:1].isdigit()


@pytest.mark.parametrize(
    ("named", "of_apt", "taken"),
    [
        ("", "http://mirror.example/debian/", "http://mirror.example/debian"),
        ("https://mine.example/debian", "http://mirror.example/debian/", "https://mine.example/debian"),
        ("", "", ""),
    ],
    ids=["as apt has it", "as MIRROR says", "neither"],
)
def test_a_base_comes_from_the_mirror_of_the_system(
    tmp_path: Path, named: str, of_apt: str, taken: str
) -> None:
    programs = {
        "podman": '[ "$1" = import ] && cat >/dev/null',  # no such image is there yet
        "apt-get": f"printf '%s' '{of_apt}'",
        "debootstrap": f'shift 3; mkdir -p "$1/usr/bin" "$1/usr/share/doc"; echo "$2" >"{tmp_path}/asked"',
    }
    for name, code in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{code}\n")
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "MIRROR": named}
    command = [str(ROOT / "infra/base.sh"), "localhost/a-base"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    asked = tmp_path / "asked"
    assert (done.returncode, asked.read_text().strip() if asked.exists() else "") == (
        0 if taken else 1,
        taken,
    )
    assert taken or "set MIRROR" in done.stderr
