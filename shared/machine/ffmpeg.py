"""The only place that finds and runs ffmpeg, and escapes values for its filter graphs."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Final

from shared.errors import ReelwrightError, ToolFailed
from shared.machine.scratch import FULL, full_scratch

TIMED_OUT: Final = -1
"""The exit code in `ToolFailed` when ffmpeg was killed at its deadline."""
_QUIET = ("-hide_banner", "-nostdin", "-nostats")
_MOST_LOG_BYTES: Final = 1 << 18
"""A damaged film makes ffmpeg complain about every frame; its summary comes last."""


@cache
def ffmpeg_path() -> str:
    """The ffmpeg of imageio-ffmpeg, so that every machine draws with the same one."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def run(arguments: Sequence[str | Path], *, timeout_s: float = 3600) -> str:
    """Run ffmpeg and return its stderr; raises `ToolFailed`, or `StoreError` for a full temporary folder."""
    command = [ffmpeg_path(), *_QUIET, *map(str, arguments)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(command, TIMED_OUT, f"no end after {timeout_s:g} s") from error
    stderr = done.stderr.decode("utf-8", "replace")
    if done.returncode:
        raise _failure(command, done.returncode, stderr)
    return stderr


def run_watched(arguments: Sequence[str | Path], *, on_time: Callable[[float], None]) -> str:
    """Run ffmpeg for as long as it takes and return the end of its stderr; raises as `run` does.

    `on_time` gets the seconds that are written, twice a second; what it raises ends ffmpeg.
    """
    command = [ffmpeg_path(), *_QUIET, "-progress", "pipe:1", *map(str, arguments)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                name, _, value = line.strip().partition("=")
                if name == "out_time_us":
                    on_time(int(value) / 1e6 if value.isdigit() else 0.0)  # N/A at the start
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()
            exit_code = process.wait()
        log.seek(max(0, log.seek(0, os.SEEK_END) - _MOST_LOG_BYTES))
        stderr = log.read().decode("utf-8", "replace")
    if exit_code:
        raise _failure(command, exit_code, stderr)
    return stderr


def _failure(command: Sequence[str], exit_code: int, stderr: str) -> ReelwrightError:
    """ffmpeg exits with the last byte of the negative error number; it writes to temporary folders only."""
    is_full = exit_code in {256 - number for number in FULL}
    return full_scratch() if is_full else ToolFailed(command, exit_code, stderr)


@contextmanager
def reading(arguments: Sequence[str | Path]) -> Iterator[IO[bytes]]:
    """Run ffmpeg and read its stdout; raises `ToolFailed` at the end, unless the reader stopped early."""
    command = [ffmpeg_path(), *_QUIET, *map(str, arguments)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, bufsize=1 << 20)
        assert process.stdout is not None
        left_early = True
        try:
            yield process.stdout
            left_early = bool(process.stdout.read(1))
        finally:
            process.stdout.close()
            if left_early:
                process.kill()
            exit_code = process.wait()
        log.seek(0)
        if exit_code and not left_early:
            raise _failure(command, exit_code, log.read().decode("utf-8", "replace"))


def filter_value(value: str | Path) -> str:
    r"""Escape a filter option's value for use inside a filter graph.

    It is escaped twice, see https://ffmpeg.org/ffmpeg-filters.html#Notes-on-filtergraph-escaping: once for
    the option (`\`, `'`, `:`), once for the graph (`\`, `'`, `[`, `]`, `,`, `;`).
    """
    option = "".join(f"\\{char}" if char in "\\':" else char for char in str(value))
    return "".join(f"\\{char}" if char in "\\'[],;" else char for char in option)
