import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from codeengine.job_file import JobFile, check_limits, read_job_files, size_bytes
from shared.errors import BadRequest

JOB: dict[str, Any] = {"name": "reelwright-story-render", "image_reference": "icr.io/films/story-render:1"}
EXPORTED = """
name: reelwright-story-render
image_reference: icr.io/NAMESPACE/story-render:latest
image_secret: reelwright-registry
run_env_variables:
- {type: literal, name: STORE_URL, value: cos://BUCKET}
- {type: secret_key_reference, name: KEY, reference: reelwright-cos, key: KEY}
scale_cpu_limit: 0.5
scale_memory_limit: 2G
scale_retry_limit: 2
"""


def read(*jobs: Any, **options: Any) -> list[JobFile]:
    return read_job_files(yaml.safe_dump_all(jobs), "job.yaml", **options)


def problems(*jobs: Any, **options: Any) -> tuple[str, ...]:
    with pytest.raises(BadRequest) as caught:
        read(*jobs, **options)
    return caught.value.problems


def test_a_job_is_what_the_api_takes() -> None:
    (job,) = read({**JOB, "run_arguments": ["a", 1], "scale_retry_limit": 0})
    assert job.to_body() == {
        **JOB,
        "run_arguments": ["a", "1"],
        "scale_cpu_limit": "1",
        "scale_memory_limit": "4G",
        "scale_retry_limit": 0,
    }


def test_several_jobs_come_in_one_file() -> None:
    assert [job.name for job in read(JOB, {**JOB, "name": "another"})] == [JOB["name"], "another"]


@pytest.mark.parametrize("between", ["", "# a head\n", "---\n", "...\n---\n", "---\n---\n"])
def test_files_that_were_joined_are_told_apart(between: str) -> None:
    texts = [
        yaml.safe_dump({**JOB, "name": name, "image_secret": "pull"}) for name in ("one", "two", "three")
    ]
    jobs = read_job_files(between.join(texts), "stdin")
    assert [(job.name, job.image_secret) for job in jobs] == [(n, "pull") for n in ("one", "two", "three")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image_secret: a\nimage_secret: b\n", "'image_secret' is repeated in line 4"),
        (
            "run_env_variables: [{type: literal, name: A, value: a, value: b}]\n",
            "'value' is repeated in line 3",
        ),
        ("name: another\n", "job.yaml, from line 3 on: image_reference"),
        ("? [a]\n: 1\n", "unhashable key"),
    ],
)
def test_a_key_that_is_there_twice_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_job_files(f"name: one\nimage_reference: icr.io/films/one:1\n{text}", "job.yaml")
    assert said in str(caught.value)


def test_an_exported_job_is_refused_until_it_is_filled_in_by_flags() -> None:
    with pytest.raises(BadRequest) as caught:
        read_job_files(EXPORTED, "job.yaml")
    assert [each for each in caught.value.problems if "--image" in each or "--set-env" in each] == list(
        caught.value.problems
    )
    assert len(caught.value.problems) == 2
    (job,) = read_job_files(
        EXPORTED, "job.yaml", image_prefix="de.icr.io/me/", variables={"STORE_URL": "cos://films", "NEW": "1"}
    )
    body = job.to_body()
    assert body["image_reference"] == "de.icr.io/me/story-render:latest"
    assert body["scale_cpu_limit"] == "0.5"
    assert {entry["name"]: entry.get("value") for entry in body["run_env_variables"]} == {
        "STORE_URL": "cos://films",
        "KEY": None,
        "NEW": "1",
    }


def test_the_committed_jobs_need_nothing_but_flags() -> None:
    paths = sorted((Path(__file__).parents[2] / "codeengine" / "jobs").glob("*.yaml"))
    flags = {"STORE_URL": "cos://films", "COS_ENDPOINT": "https://s3.eu-de.example"}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        (job,) = read_job_files(text, path.name, image_prefix="de.icr.io/me", variables=flags)
        assert job.name.endswith(path.stem)
    assert paths


def test_a_whole_image_replaces_the_file_s() -> None:
    assert read(JOB, image="icr.io/a/b@sha256:" + "0" * 64)[0].image_reference.startswith("icr.io/a/b@")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Render"),
        ("name", "a" * 64),
        ("image_reference", "icr.io/NAMESPACE/story:1"),
        ("image_reference", "icr.io/${NAMESPACE}/story:1"),
        ("image_reference", None),
        ("run_mode", "daemon"),
        ("run_service_account", "admin"),
        ("scale_array_spec", "0-"),
        ("scale_memory_limit", "4Gi"),
        ("scale_max_execution_time", 86_401),
        ("scale_retry_limit", 6),
        ("scale_retries", 1),
        ("kind", "Job"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(field: str, value: Any) -> None:
    (problem,) = problems({**JOB, field: value})
    assert problem.startswith(f"job.yaml: {field}: ")


@pytest.mark.parametrize(
    "variable",
    [
        {"type": "literal", "name": "STORE_URL", "value": "cos://BUCKET"},
        {"type": "literal", "name": "COS_ENDPOINT", "value": "https://s3.direct.REGION.example"},
        {"type": "literal", "name": "A", "value": "${A}"},
        {"type": "literal", "name": "A", "value": "<your value>"},
        {"type": "literal", "name": "A"},
        {"type": "literal", "name": "1A", "value": "a"},
        {"type": "secret_key_reference", "name": "A", "reference": "s"},
        {"type": "secret", "name": "A"},
        {"name": "A", "value": "a"},
    ],
)
def test_a_wrong_variable_is_named_by_its_place(variable: dict[str, str]) -> None:
    (problem,) = problems({**JOB, "run_env_variables": [variable]})
    assert problem.startswith("job.yaml: run_env_variables.0")


@pytest.mark.parametrize("value", ["cos://films", "https://s3.example/A", "a < b", "$HOME", "A-B"])
def test_what_only_looks_like_a_placeholder_is_taken(value: str) -> None:
    assert read({**JOB, "run_env_variables": [{"type": "literal", "name": "A", "value": value}]})


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [
        ("0.125", "0.25G"), ("0.125", "1G"), ("0.25", "500M"), ("1", "2G"), ("1", "8G"), ("4", "32G"),
        ("6", "48G"), ("8", "32G"), ("10", "40G"), ("12", "24G"), ("12", "48G"),
    ],
)  # fmt: skip
def test_the_vendor_s_pairs_are_taken(cpu: str, memory: str) -> None:
    check_limits(cpu, memory)


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [
        ("1", "3G"),
        ("1", "16G"),
        ("3", "6G"),
        ("8", "64G"),
        ("12", "96G"),
        ("16", "32G"),
        ("2", "2G"),
        ("1.0", "4G"),
    ],
)
def test_other_pairs_are_refused(cpu: str, memory: str) -> None:
    (problem,) = problems({**JOB, "scale_cpu_limit": cpu, "scale_memory_limit": memory})
    assert "use one of" in problem


@pytest.mark.parametrize(
    ("memory", "disk", "fits"), [("4G", "4G", True), ("4G", "4.1G", False), ("0.25G", "400M", True)]
)
def test_the_disk_is_bounded_by_memory_or_the_default(memory: str, disk: str, fits: bool) -> None:
    cpu = "1" if memory == "4G" else "0.125"
    job = {**JOB, "scale_cpu_limit": cpu, "scale_memory_limit": memory, "scale_ephemeral_storage_limit": disk}
    if fits:
        assert read(job)
    else:
        assert len(problems(job)) == 1


def test_sizes_are_decimal() -> None:
    assert [size_bytes(size) for size in ("0.25G", "250M", "4G")] == [250_000_000, 250_000_000, 4_000_000_000]


def test_a_job_of_more_than_ten_kib_is_refused() -> None:
    room = 10 * 1024 - len(json.dumps(read({**JOB, "run_arguments": [""]})[0].to_body()))
    assert read({**JOB, "run_arguments": ["x" * room]})
    assert len(problems({**JOB, "run_arguments": ["x" * (room + 1)]})) == 1


def test_all_problems_of_all_jobs_are_told_at_once() -> None:
    assert len(problems({**JOB, "kind": "Job", "name": "Not"}, {"name": "a"})) == 3


@pytest.mark.parametrize("text", ["", "---\n", "a: [", "- a", "just text"])
def test_what_is_no_job_is_a_bad_request(text: str) -> None:
    with pytest.raises(BadRequest, match=r"job\.yaml"):
        read_job_files(text, "job.yaml", image="a/b:1", variables={"A": "b"})
