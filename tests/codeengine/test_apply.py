import io
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from codeengine.apply import main
from jobs.catalogue import pipelines
from scripts.export import render
from tests.emulators.code_engine import API_KEY, PROJECT, CodeEngine
from tests.emulators.code_engine_http import Kind

NAME = "reelwright-story-render"
JOB: dict[str, Any] = {
    "name": NAME,
    "image_reference": "icr.io/films/story-render:1",
    "run_env_variables": [
        {"type": "literal", "name": "STORE_URL", "value": "cos://films"},
        {"type": "secret_key_reference", "name": "KEY", "reference": "cos", "key": "key"},
    ],
    "run_service_account": "none",
    "scale_cpu_limit": "2",
    "scale_memory_limit": "8G",
    "scale_ephemeral_storage_limit": "4G",
    "scale_retry_limit": 2,
}


@pytest.fixture
def engine() -> Iterator[CodeEngine]:
    with CodeEngine(lambda image: [image]) as engine:
        yield engine


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def apply(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    return main(arguments, environ, sleep=lambda _seconds: None)


def environ(engine: CodeEngine, **others: str) -> dict[str, str]:
    place = {"CE_PROJECT_ID": PROJECT, "CODE_ENGINE_URL": engine.url, "IBM_IAM_URL": engine.url}
    return {**place, "IBMCLOUD_API_KEY": API_KEY, **others}


def written(folder: Path, *jobs: dict[str, Any]) -> str:
    path = folder / f"{len(list(folder.iterdir()))}.yaml"
    path.write_text(yaml.safe_dump_all(jobs))
    return str(path)


def writes(engine: CodeEngine) -> list[str]:
    return [method for method, _ in engine.calls if method != "GET"]


def test_a_job_is_created_and_then_left_alone(
    engine: CodeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, JOB)
    assert apply(["-f", path], environ(engine)) == 0
    first = capsys.readouterr()
    assert first.out == f"job {NAME}: created\n"
    assert first.err.endswith(f"ibmcloud ce jobrun submit --job {NAME} --argument <creation ID>\n")
    assert {key: engine.jobs[NAME][key] for key in JOB} == JOB
    assert apply(["-f", path], environ(engine)) == 0
    assert capsys.readouterr().out == f"job {NAME}: unchanged\n"
    assert writes(engine) == ["POST"]


def test_a_change_is_told_without_the_values_of_variables(
    engine: CodeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.create_job({**JOB, "run_arguments": ["kept"], "scale_memory_limit": "4G"})
    variables = [{"type": "literal", "name": "STORE_URL", "value": "cos://hidden"}]
    variables += [{"type": "literal", "name": "NEW", "value": "hidden too"}]
    changed = {**JOB, "run_env_variables": variables, "scale_ephemeral_storage_limit": "4000M"}
    assert apply(["-f", written(tmp_path, changed)], environ(engine)) == 0
    out = capsys.readouterr().out
    assert set(out.splitlines()) == {
        f"job {NAME}: updated",
        "  run_env_variables: +NEW -KEY ~STORE_URL",
        '  scale_memory_limit: "4G" -> "8G"',
    }
    assert "hidden" not in out
    job = engine.jobs[NAME]
    assert (job["run_arguments"], job["scale_memory_limit"]) == (["kept"], "8G")
    assert job["run_env_variables"] == variables


def test_variables_in_another_order_are_no_change(engine: CodeEngine, tmp_path: Path) -> None:
    engine.create_job({**JOB, "run_env_variables": JOB["run_env_variables"][::-1]})
    assert apply(["-f", written(tmp_path, JOB)], environ(engine)) == 0
    assert writes(engine) == []


def test_a_dry_run_changes_nothing(
    engine: CodeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.create_job(JOB)
    others = {**JOB, "name": "another"}, {**JOB, "scale_retry_limit": 0}
    assert apply(["-f", written(tmp_path, *others), "--dry-run"], environ(engine)) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out if line.startswith("job")] == [
        "job another: created (dry run)",
        f"job {NAME}: updated (dry run)",
    ]
    assert writes(engine) == []


def test_flags_fill_in_what_the_files_leave_open(engine: CodeEngine, tmp_path: Path) -> None:
    files = [
        written(tmp_path, {**JOB, "name": name, "image_reference": f"icr.io/NAMESPACE/{name}:latest"})
        for name in ("one", "two")
    ]
    flags = ["--image-prefix", "de.icr.io/me", "--set-env", "STORE_URL=cos://mine", "--set-env", "A=b=c"]
    assert apply(["-f", files[0], "-f", files[1], *flags], environ(engine)) == 0
    images = {name: job["image_reference"] for name, job in engine.jobs.items()}
    assert images == {"one": "de.icr.io/me/one:latest", "two": "de.icr.io/me/two:latest"}
    values = {entry["name"]: entry.get("value") for entry in engine.jobs["two"]["run_env_variables"]}
    assert values == {"KEY": None, "STORE_URL": "cos://mine", "A": "b=c"}


def test_a_job_comes_from_stdin_too(engine: CodeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(yaml.safe_dump(JOB)))
    assert apply(["-f", "-", "--image", "icr.io/films/other:2"], environ(engine)) == 0
    assert engine.jobs[NAME]["image_reference"] == "icr.io/films/other:2"


def test_all_exported_files_joined_are_applied(engine: CodeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"image_prefix": "icr.io/films", "region": "eu-de", "bucket": "films"}
    files = {path: text for path, text in render("codeengine", pipelines(), said).items() if "jobs/" in path}
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(files.values())))
    assert apply(["-f", "-"], environ(engine)) == 0
    assert set(engine.jobs) == {f"reelwright-{Path(path).stem}" for path in files}


@pytest.mark.logs_errors
def test_a_job_that_is_refused_keeps_no_other_from_being_applied(
    engine: CodeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.fail("refused", "GET", "/jobs/one", status=400)
    engine.fail("refused", "GET", "/jobs/three", status=400)
    jobs = [{**JOB, "name": name} for name in ("one", "two", "three")]
    assert apply(["-f", written(tmp_path, *jobs)], environ(engine)) == 1
    told = capsys.readouterr()
    assert (told.out, set(engine.jobs)) == ("job two: created\n", {"two"})
    assert [name for name in ("2 of 3 jobs", "read one", "read three") if name not in told.err] == []


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    "arguments",
    [
        ["-f", "missing.yaml"],
        ["-f", "BAD"],
        ["-f", "GOOD", "-f", "BAD"],
        ["-f", "GOOD", "-f", "GOOD", "--image", "a/b:1"],
        ["-f", "GOOD", "-f", "GOOD"],
        ["-f", "GOOD", "--set-env", "NOVALUE"],
        ["-f", "GOOD", "--set-env", "=value"],
    ],
)
def test_a_bad_request_is_exit_code_2_and_touches_nothing(
    engine: CodeEngine, tmp_path: Path, arguments: list[str]
) -> None:
    files = {"GOOD": written(tmp_path, JOB), "BAD": written(tmp_path, {**JOB, "kind": "Job"})}
    assert apply([files.get(argument, argument) for argument in arguments], environ(engine)) == 2
    assert (engine.calls, engine.jobs) == ([], {})


@pytest.mark.logs_errors
def test_missing_settings_are_exit_code_2(
    engine: CodeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert apply(["-f", written(tmp_path, JOB)], {}) == 2
    told = capsys.readouterr().err
    assert [name for name in ("CE_PROJECT_ID", "CE_REGION", "IBMCLOUD_API_KEY") if name not in told] == []


def test_without_a_file_nothing_happens() -> None:
    with pytest.raises(SystemExit) as caught:
        main([], {})
    assert caught.value.code == 2


@pytest.mark.logs_errors
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [400, 401, 403, 503])
def test_a_refusal_is_exit_code_1(engine: CodeEngine, tmp_path: Path, method: str, status: int) -> None:
    engine.fail("refused", method, "/jobs", status=status, times=99)
    assert apply(["-f", written(tmp_path, JOB)], environ(engine)) == 1
    assert engine.jobs == {}


@pytest.mark.parametrize("kind", ["refused", "refused after", "reset", "reset after"])
@pytest.mark.parametrize(("method", "verb"), [("POST", "created"), ("PATCH", "updated")])
def test_a_lost_answer_is_made_up_for(
    engine: CodeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: Kind, method: str, verb: str
) -> None:
    if verb == "updated":
        engine.create_job({**JOB, "scale_retry_limit": 0})
    engine.fail(kind, method, "/jobs")
    assert apply(["-f", written(tmp_path, JOB)], environ(engine)) == 0
    assert capsys.readouterr().out.startswith(f"job {NAME}: {verb}\n")
    assert engine.jobs[NAME]["scale_retry_limit"] == 2
    assert writes(engine).count(method) == (1 if kind.endswith("after") else 2)


def test_a_change_by_someone_else_in_between_is_built_upon(engine: CodeEngine, tmp_path: Path) -> None:
    engine.create_job({**JOB, "scale_retry_limit": 0})
    serve = engine.serve
    tags: list[str] = []

    def interfering(method: str, path: str, query: Any, body: Any, tag: str) -> tuple[int, Any]:
        if method == "PATCH":
            tags.append(tag)
            if len(tags) == 1:
                engine._update_job(NAME, {"run_arguments": ["theirs"]}, "*")
        return serve(method, path, query, body, tag)

    engine.serve = interfering  # type: ignore[method-assign]  # somebody else comes first, once
    assert apply(["-f", written(tmp_path, JOB)], environ(engine)) == 0
    job = engine.jobs[NAME]
    assert (len(set(tags)), job["run_arguments"], job["scale_retry_limit"]) == (2, ["theirs"], 2)
