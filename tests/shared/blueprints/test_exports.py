"""Exports of both dialects: read, checked, written back, turned into compose files and pictures."""

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.blueprints.compose import ComposeOptions, production, read_compose
from shared.blueprints.drawing import draw
from shared.blueprints.folders import Export, read_export, write_folder, write_text
from shared.errors import BadRequest
from tests.support.exports import (
    AI4EU,
    AI4EU_DOCKER,
    AI4EU_PROTOS,
    AI_EFFECT,
    AI_EFFECT_DOCKER,
    AI_EFFECT_PROTOS,
    OPTIONS,
    small_export,
    write_export,
)
from tests.support.fuzzing import JSON, places, put

SAMPLES = {
    "ai-effect": (AI_EFFECT, AI_EFFECT_DOCKER, AI_EFFECT_PROTOS),
    "ai4eu": (AI4EU, AI4EU_DOCKER, AI4EU_PROTOS),
}
EMPTY_START = """syntax = "proto3";

message Empty {
}

message Row {
  string text = 1;
}

service Broker {
  rpc next_row(Empty) returns(Row);
}
"""
CONSUMER = EMPTY_START.replace("service Broker", "service Model").replace("next_row(Empty)", "judge(Row)")


@pytest.mark.parametrize("dialect", SAMPLES)
def test_the_exports_of_real_platforms_are_read_become_compose_files_and_come_back(
    tmp_path: Path, dialect: str
) -> None:
    blueprint, dockerinfo, protos = SAMPLES[dialect]
    export = read_export(write_export(tmp_path / "export", blueprint, dockerinfo, protos))
    assert export.blueprint.dialect == dialect
    composed = read_compose(production(export, ComposeOptions()))
    for node, (name, placed), port in zip(
        blueprint["nodes"], composed.items(), range(50051, 50060), strict=False
    ):
        assert (name, placed.port) == (node["container_name"], port)
        assert placed.image == node["image"].removeprefix("https://")
    links = {(need, name) for name, placed in composed.items() for need in placed.needs}
    assert links == {
        (node["container_name"], to["container_name"])
        for node in blueprint["nodes"]
        for each in node["operation_signature_list"]
        for to in each["connected_to"]
    }
    files = export.files()
    write_folder(files, tmp_path / "again", overwrite=False)
    assert json.loads(files["blueprint.json"]) == blueprint
    assert json.loads(files["dockerinfo.json"]) == dockerinfo
    assert read_export(tmp_path / "again").files() == files


def test_ports_of_ai4eu_may_be_numbers(tmp_path: Path) -> None:
    dockerinfo = copy.deepcopy(AI4EU_DOCKER)
    dockerinfo["docker_info_list"][0]["port"] = 50080
    export = read_export(write_export(tmp_path / "export", AI4EU, dockerinfo, AI4EU_PROTOS))
    assert export.dockerinfo.addresses["csvdatabroker1"] == ("172.17.0.1", 50080)
    assert json.loads(export.files()["dockerinfo.json"]) == dockerinfo


TO_START = {"container_name": "data_generator1", "operation_signature": {"operation_name": "GenerateData"}}
WRONG: dict[str, Callable[[Any, Any, Any], object]] = {
    "unknown container": lambda b, d, p: b["nodes"][0]["operation_signature_list"][0]["connected_to"][
        0
    ].update(container_name="nobody1"),
    "unknown operation": lambda b, d, p: b["nodes"][0]["operation_signature_list"][0]["connected_to"][0][
        "operation_signature"
    ].update(operation_name="Nothing"),
    "an operation that no proto has": lambda b, d, p: b["nodes"][0]["operation_signature_list"][0][
        "operation_signature"
    ].update(operation_name="Analyse"),
    "another message": lambda b, d, p: b["nodes"][0]["operation_signature_list"][0][
        "operation_signature"
    ].update(input_message_name="Other"),
    "another stream": lambda b, d, p: b["nodes"][0]["operation_signature_list"][0][
        "operation_signature"
    ].update(input_message_stream=True),
    "a cycle": lambda b, d, p: b["nodes"][1]["operation_signature_list"][0].update(
        connected_to=[dict(TO_START)]
    ),
    "a link twice": lambda b, d, p: b["nodes"][2]["operation_signature_list"][0].update(
        connected_to=2 * b["nodes"][2]["operation_signature_list"][0]["connected_to"]
    ),
    "an island": lambda b, d, p: b["nodes"][2]["operation_signature_list"][0].update(connected_to=[]),
    "two of one name": lambda b, d, p: b["nodes"].append(b["nodes"][0]),
    "no docker entry": lambda b, d, p: d["docker_image_list"].pop(),
    "another image": lambda b, d, p: d["docker_image_list"][0].update(image_name="localhost:5000/other:1"),
    "both lists": lambda b, d, p: d.update(AI4EU_DOCKER),
    "no proto": lambda b, d, p: p.pop("data_analyzer1"),
    "a stray proto": lambda b, d, p: p.update(stray1=p["data_analyzer1"]),
    "a broken proto": lambda b, d, p: p.update(data_analyzer1="message {"),
    "an unknown key": lambda b, d, p: b.update(surprise=1),
    "a name that leaves": lambda b, d, p: b["nodes"][0].update(container_name="../../evil"),
    "an image that is a flag": lambda b, d, p: b["nodes"][0].update(image="--privileged"),
    "another type": lambda b, d, p: b.update(type="pipeline-topology/v3"),
    "no nodes": lambda b, d, p: b.update(nodes=[]),
    "a field of another type": lambda b, d, p: p.update(
        data_analyzer1=p["data_analyzer1"].replace("float anomaly_threshold = 2", "int32 message = 2")
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_export_is_never_accepted(tmp_path: Path, name: str) -> None:
    blueprint, dockerinfo, protos = copy.deepcopy(SAMPLES["ai-effect"])
    WRONG[name](blueprint, dockerinfo, protos)
    with pytest.raises(BadRequest):
        read_export(write_export(tmp_path / "export", blueprint, dockerinfo, protos))


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    blueprint, dockerinfo, protos = copy.deepcopy(SAMPLES["ai-effect"])
    for name in ("unknown operation", "another message", "another image", "a stray proto"):
        WRONG[name](blueprint, dockerinfo, protos)
    with pytest.raises(BadRequest) as refused:
        read_export(write_export(tmp_path / "export", blueprint, dockerinfo, protos))
    assert len(refused.value.problems) >= 4


FREE = {"proto_uri", "node_type", "name", "pipeline_id", "creation_date", "version", "image", "image_name"}
"""Other values there may be right."""


def accepted(folder: Path) -> Export | None:
    """None for an export that is refused in words; anything but a refusal fails the test."""
    try:
        return read_export(folder)
    except BadRequest as error:
        if not all(error.problems):
            raise
        return None


def _fuzz(tmp_path: Path, data: st.DataObject) -> None:
    """One value of one document becomes another: the export is refused, or what it means is the same."""
    documents = list(copy.deepcopy(SAMPLES["ai-effect"][:2]))
    which = data.draw(st.integers(0, 1))
    path = data.draw(st.sampled_from(places(documents[which])[1:]))
    value = data.draw(JSON)
    documents[which] = put(documents[which], path, value)
    folder = Path(tempfile.mkdtemp(dir=tmp_path), "export")
    write_export(folder, documents[0], documents[1], AI_EFFECT_PROTOS)
    export = accepted(folder)
    if export is None:
        return
    is_same = documents == list(SAMPLES["ai-effect"][:2])
    assert is_same or path[-1] in FREE or value in (None, "", False)
    assert len(export.graph.islands()) == 1
    assert not export.graph.cycle


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_other_value_is_refused_in_words(tmp_path: Path, data: st.DataObject) -> None:
    _fuzz(tmp_path, data)


@pytest.mark.soak
@settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_other_value_is_refused_in_words_at_length(tmp_path: Path, data: st.DataObject) -> None:
    _fuzz(tmp_path, data)


WORDS = st.sampled_from(
    [
        "message",
        "A",
        "{",
        "}",
        ";",
        "=",
        "1",
        "string",
        "rpc",
        "returns",
        "(",
        ")",
        "stream",
        "service",
        "//",
        '"',
        "\n",
        "/*",
        "\0",
        "enum",
        "import",
    ]
)


def _fuzz_proto(tmp_path: Path, data: st.DataObject) -> None:
    text = AI_EFFECT_PROTOS["data_analyzer1"]
    at, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
    other = text[:at] + " ".join(data.draw(st.lists(WORDS, max_size=5))) + text[at + length :]
    folder = Path(tempfile.mkdtemp(dir=tmp_path), "export")
    write_export(folder, AI_EFFECT, AI_EFFECT_DOCKER, {**AI_EFFECT_PROTOS, "data_analyzer1": other})
    export = accepted(folder)
    if export is not None:
        rpc = export.rpc(("data_analyzer1", "AnalyzeData"))
        assert (rpc.input.name, rpc.output.name) == ("AnalyzeDataRequest", "AnalyzeDataResponse")
        assert not rpc.input_stream


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_proto_is_refused_in_words_or_means_the_same(tmp_path: Path, data: st.DataObject) -> None:
    _fuzz_proto(tmp_path, data)


@pytest.mark.soak
@settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_proto_is_refused_in_words_at_length(tmp_path: Path, data: st.DataObject) -> None:
    _fuzz_proto(tmp_path, data)


def test_an_export_in_the_dialect_of_ai4eu_keeps_its_rules() -> None:
    export = small_export(
        {"broker": EMPTY_START, "model": CONSUMER}, ["broker.next_row -> model.judge"], dialect="ai4eu"
    )
    files = export.files()
    assert json.loads(files["dockerinfo.json"])["docker_info_list"] == [
        {"container_name": "broker1", "ip_address": "broker1", "port": "50051"},
        {"container_name": "model1", "ip_address": "model1", "port": "50052"},
    ]
    blueprint = json.loads(files["blueprint.json"])
    assert blueprint["input_ports"] == [
        {"container_name": "broker1", "operation_signature": {"operation_name": "next_row"}}
    ]
    assert blueprint["probeIndicator"] == [{"value": "false"}]
    assert "type" not in blueprint


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('syntax = "proto3";', 'syntax = "proto3";\npackage x;', "no package"),
        ('syntax = "proto3";', "syntax = 'proto3';", "in double quotes"),
        ("service Broker {", "service Broker{", "a space before"),
        ("string text = 1;\n}", "string text = 1; }", "a line of its own"),
        ("returns(Row);", "returns(Row) {}", "semicolon after an rpc"),
        ("message Empty {\n}", "enum E {\n  N = 0;\n}\nmessage Empty {\n}", "no enum"),
        ("rpc next_row(Empty)", "rpc next_row(Row)", "first RPC takes Empty"),
    ],
)
def test_a_proto_that_breaks_a_rule_of_ai4eu_is_refused(before: str, after: str, said: str) -> None:
    protos = {"broker": EMPTY_START.replace(before, after), "model": CONSUMER}
    with pytest.raises(BadRequest, match=said):
        small_export(protos, ["broker.next_row -> model.judge"], dialect="ai4eu")


def test_the_first_rpc_of_ai4eu_takes_empty_in_any_export(tmp_path: Path) -> None:
    protos = {name: text.replace("Empty", "Nothing") for name, text in AI4EU_PROTOS.items()}
    blueprint = json.loads(json.dumps(AI4EU).replace("Empty", "Nothing"))
    with pytest.raises(BadRequest, match="first RPC takes Empty, not Nothing"):
        read_export(write_export(tmp_path / "export", blueprint, AI4EU_DOCKER, protos))


def test_a_file_that_can_not_be_written_is_a_bad_request(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "docker-compose.yml"):
        with pytest.raises(BadRequest, match="can't be written"):
            write_text(path, "")
    assert list(tmp_path.iterdir()) == []


def test_a_rule_of_the_editor_of_ai4eu_does_not_keep_an_export_from_running(tmp_path: Path) -> None:
    protos = {name: text.replace("\n}", " }") for name, text in AI4EU_PROTOS.items()}
    folder = write_export(tmp_path / "export", AI4EU, AI4EU_DOCKER, protos)
    with pytest.raises(BadRequest, match="a line of its own"):
        read_export(folder)
    assert len(read_export(folder, "ai-effect").graph.levels) == 2


def test_the_same_services_give_the_same_bytes() -> None:
    links = ["b.next_row -> a.judge"]
    first = small_export({"a": CONSUMER, "b": EMPTY_START}, links).files()
    assert small_export({"b": EMPTY_START, "a": CONSUMER}, links).files() == first
    assert [node["container_name"] for node in json.loads(first["blueprint.json"])["nodes"]] == ["b1", "a1"]


def test_a_compose_file_has_producers_first_and_gives_services_no_more_than_they_need() -> None:
    export = small_export({"a": CONSUMER, "b": EMPTY_START}, ["b.next_row -> a.judge"])
    found = yaml.safe_load(production(export, ComposeOptions(base_port=6000, network="mine")))
    consumer = found["services"]["a1"]
    assert consumer["depends_on"] == {"b1": {"condition": "service_healthy"}}
    assert "depends_on" not in found["services"]["b1"]
    assert consumer["environment"]["GRPC_PORT"] == "6001"
    assert consumer["ports"] == ["127.0.0.1:6001:6001"]
    assert consumer["healthcheck"]["test"] == ["CMD", "grpc_health_probe", "-addr=127.0.0.1:6001"]
    assert (consumer["read_only"], consumer["cap_drop"], consumer["user"]) == (True, ["ALL"], "10001:10001")
    assert (consumer["restart"], consumer["volumes"]) == ("unless-stopped", ["shared-data:/app/data"])
    assert (consumer["networks"], found["networks"]) == (["mine"], {"mine": {"driver": "bridge"}})
    plain = yaml.safe_load(production(export, ComposeOptions(health_checks=False)))["services"]["a1"]
    assert plain["depends_on"] == {"b1": {"condition": "service_started"}}
    with pytest.raises(BadRequest, match="too high"):
        production(export, ComposeOptions(base_port=65535))


def test_the_picture_is_an_svg_with_a_box_for_each_rpc_and_an_arrow_for_each_link() -> None:
    export = small_export({"a": CONSUMER, "b": EMPTY_START}, ["b.next_row -> a.judge"])
    named = export.blueprint.model_copy(update={"name": "<script>\x07"})
    picture = fromstring(
        draw(type(export)(blueprint=named, dockerinfo=export.dockerinfo, protos=export.protos))
    )
    space = "{http://www.w3.org/2000/svg}"
    assert len(picture.findall(f"{space}g")) == 2
    assert len(picture.findall(f"{space}path")) == 1
    assert picture.find(f"{space}script") is None


def test_an_export_is_replaced_whole_and_nothing_else_ever_is(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    files = small_export({"a": CONSUMER, "b": EMPTY_START}, ["b.next_row -> a.judge"]).files()
    write_folder(files, folder, overwrite=False)
    (folder / "microservice" / "stale1.proto").write_text("")
    (folder / "docker-compose.yml").write_text("")
    with pytest.raises(BadRequest, match="--overwrite"):
        write_folder(files, folder, overwrite=False)
    write_folder(files, folder, overwrite=True)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == set(files)
    (folder / "thesis.docx").write_text("precious")
    with pytest.raises(BadRequest, match=r"thesis\.docx"):
        write_folder(files, folder, overwrite=True)
    home = tmp_path / "home"
    home.mkdir()
    (home / "letters.txt").write_text("precious")
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "blueprint.json").write_text('{"rooms": 4}')
    for place in (
        home,
        tmp_path / "link",
        home / "letters.txt",
        tmp_path / "plans",
        home / "letters.txt" / "x",
    ):
        with pytest.raises(BadRequest):
            write_folder(files, place, overwrite=True)
    assert (home / "letters.txt").read_text() == (folder / "thesis.docx").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "link", "out", "plans"]


def test_a_file_that_leads_out_of_the_export_is_not_read(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "export", AI_EFFECT, AI_EFFECT_DOCKER, AI_EFFECT_PROTOS)
    secret = tmp_path / "secret.proto"
    secret.write_text(AI_EFFECT_PROTOS["data_analyzer1"])
    inside = folder / "microservice" / "data_analyzer1.proto"
    inside.unlink()
    inside.symlink_to(secret)
    with pytest.raises(BadRequest, match="leads out of"):
        read_export(folder)


def test_options_that_could_not_be_deployed_are_refused() -> None:
    assert OPTIONS.registry == "localhost:5000"
    for change in ({"registry": "a b"}, {"tag": "-x"}, {"base_port": 0}, {"dialect": "other"}):
        with pytest.raises(ValueError, match=next(iter(change))):
            type(OPTIONS).model_validate(change)
