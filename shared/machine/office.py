"""LibreOffice, where it is installed: draws files that other programs made, as PDF."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

from shared.errors import ToolFailed

_NAMES: Final = ("soffice", "libreoffice")
_TIMED_OUT: Final = -1
_SETTINGS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
 <item oor:path="/org.openoffice.Office.Common/Security/Scripting">
  <prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
  <prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
  <prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop>
  <prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
 </item>
</oor:items>
"""
"""No macros, no embedded programs, nothing from the network."""


def office_path() -> str | None:
    """LibreOffice's program; None where it is not installed."""
    return next((path for path in map(shutil.which, _NAMES) if path), None)


def to_pdf(program: str, source: Path, folder: Path, *, timeout_s: float) -> Path:
    """The file as a PDF in an empty folder, which also gets a profile; raises `ToolFailed`."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
    command = [
        *(program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck"),
        *("--nodefault", "--convert-to", "pdf:impress_pdf_Export", "--outdir", str(folder), str(source)),
    ]
    exit_code, said = _ended(command, folder, timeout_s)
    made = folder / f"{source.stem}.pdf"
    if exit_code or not made.is_file():
        raise ToolFailed(command, exit_code, said or "it made no PDF")
    return made


def _ended(command: list[str], folder: Path, timeout_s: float) -> tuple[int, str]:
    """Its exit code and what it said; at the deadline it ends with all that it started."""
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(folder)},
            start_new_session=True,
        )
        try:
            exit_code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return _TIMED_OUT, f"no end after {timeout_s:g} s"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return exit_code, log.read_text(encoding="utf-8", errors="replace")
