import io
import json
import logging
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.logs import LOGGER, log, set_up_logs


def written(log_format: str = "json", level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up_logs(level=level, log_format=log_format, stream=stream)
    return stream


def parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_what_clouds_look_for() -> None:
    stream = written()
    log(logging.INFO, "stage_done", "left: done in 2 s\nand more, naïvely 100%", stage="left", usd={"x": 0.5})
    (line,) = parsed(stream)
    assert datetime.fromisoformat(line.pop("time")).utcoffset() == timedelta(0)
    assert line == {
        "severity": "INFO",
        "level": "info",
        "event": "stage_done",
        "message": "left: done in 2 s\nand more, naïvely 100%",
        "action": "stage_done",
        "stage": "left",
        "usd": {"x": 0.5},
    }
    assert stream.getvalue().count("\n") == 1


@pytest.mark.logs_errors
@pytest.mark.parametrize("severity", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_a_severity_is_called_as_cloud_logging_calls_it(severity: str) -> None:
    stream = written(level="debug")
    log(logging.getLevelNamesMapping()[severity], "said", "a word")
    assert parsed(stream)[0]["severity"] == severity


def test_what_json_does_not_know_is_written_as_text() -> None:
    stream = written()
    log(logging.INFO, "said", "a word", where=io)
    assert "io" in parsed(stream)[0]["where"]


def test_what_is_below_the_level_is_left_out() -> None:
    stream = written(level="warning")
    log(logging.INFO, "said", "a word")
    log(logging.WARNING, "warned", "another")
    assert [line["action"] for line in parsed(stream)] == ["warned"]


def test_a_traceback_is_part_of_its_line() -> None:
    stream = written()
    try:
        raise RuntimeError("it broke")
    except RuntimeError:
        log(logging.INFO, "traceback", "the traceback", exc_info=True)
    (line,) = parsed(stream)
    assert "RuntimeError: it broke" in line["traceback"]


def test_text_is_for_people() -> None:
    stream = written("text")
    log(logging.INFO, "said", "a word", number=1)
    log(logging.WARNING, "warned", "another")
    first, second = stream.getvalue().splitlines()
    assert first.endswith(" a word")
    assert second.endswith(" warning: another")


def test_auto_is_json_where_nobody_looks() -> None:
    stream = written("auto")
    log(logging.INFO, "said", "a word")
    assert parsed(stream)[0]["message"] == "a word"


def test_auto_is_text_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    set_up_logs(level="info", log_format="auto", stream=stream)
    log(logging.INFO, "said", "a word")
    assert stream.getvalue().endswith(" a word\n")


def test_setting_up_twice_says_everything_once() -> None:
    written()
    stream = written()
    log(logging.INFO, "said", "a word")
    assert len(parsed(stream)) == len(LOGGER.handlers) == 1


def test_a_process_with_one_job_says_so_in_every_line() -> None:
    stream = io.StringIO()
    set_up_logs(level="info", log_format="json", stream=stream, about={"job_id": "job-123"})
    log(logging.INFO, "said", "a word")
    assert parsed(stream)[0]["job_id"] == "job-123"


def test_a_log_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "pipeline.log"
    before = os.umask(0o022)
    try:
        set_up_logs(level="info", log_format="text", stream=io.StringIO(), file=file)
    finally:
        os.umask(before)
        set_up_logs(level="info", log_format="text", stream=io.StringIO())
    assert [path.stat().st_mode & 0o777 for path in (file, file.parent)] == [0o600, 0o700]


def test_a_log_file_gets_json_lines_beside_what_people_read(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "pipeline.log"
    for word in ("one", "two"):
        set_up_logs(level="info", log_format="text", stream=io.StringIO(), file=file)
        log(logging.INFO, "said", word)
    set_up_logs(level="info", log_format="text", stream=io.StringIO())
    assert [json.loads(line)["message"] for line in file.read_text().splitlines()] == ["one", "two"]
