"""ffmpeg as it is watched: its progress, its end, its errors."""

from pathlib import Path

import pytest

from shared.errors import Stopped, ToolFailed
from shared.machine.ffmpeg import run_watched

SINE = ("-f", "lavfi", "-i", "sine=d=2")


def test_progress_is_told_up_to_the_end() -> None:
    seen: list[float] = []
    said = run_watched([*SINE, "-af", "ebur128=framelog=quiet", "-f", "null", "-"], on_time=seen.append)
    assert seen[-1] == pytest.approx(2, abs=0.05)
    assert "LUFS" in said


def test_what_the_watcher_raises_ends_the_work(tmp_path: Path) -> None:
    def stop(_time_s: float) -> None:
        raise Stopped("SIGTERM")

    endless = ("-re", "-f", "lavfi", "-i", "sine", "-y", str(tmp_path / "endless.wav"))
    with pytest.raises(Stopped):
        run_watched(endless, on_time=stop)


def test_a_failure_shows_the_command_and_the_reason() -> None:
    with pytest.raises(ToolFailed, match="No such file"):
        run_watched(["-i", "file:/nowhere.mp4", "-f", "null", "-"], on_time=lambda _time_s: None)
