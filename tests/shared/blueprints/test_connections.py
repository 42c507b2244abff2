"""`connections.json`: all that is wrong with it is said at once."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.blueprints.connections import Connections, json_schema
from shared.blueprints.documents import parse
from shared.blueprints.folders import read_export, write_folder
from shared.blueprints.generating import ExportOptions, generate
from shared.errors import BadRequest
from tests.support.exports import OPTIONS
from tests.support.fuzzing import JSON, places, put

ROOT = Path(__file__).parent.parent.parent.parent
PROTO = """syntax = "proto3";
service {name} {{
  rpc Make(Ask) returns (Gift);
  rpc Take(Gift) returns (Gift);
  rpc Spare(Ask) returns (Gift);
}}
message Ask {{ string path = 1; {ask} }}
message Gift {{ bool success = 1; string path = 2; int32 count = 3; }}
"""


def use_case(folder: Path, connections: list[str], *, ask: str = "", **pipeline: Any) -> Path:
    for name in ("alpha", "beta", "gamma"):
        proto = folder / "services" / name / "proto"
        proto.mkdir(parents=True)
        (proto / f"{name}.proto").write_text(PROTO.format(name=name.title(), ask=ask))
    links = []
    for connection in connections:
        (one, rpc), (other, other_rpc) = (end.strip().split(".") for end in connection.split("->"))
        links.append({"from_service": one, "from_method": rpc, "to_service": other, "to_method": other_rpc})
    (folder / "connections.json").write_text(json.dumps({"pipeline": {**pipeline, "connections": links}}))
    return folder


def test_each_method_has_its_own_connections_and_others_are_left_out(tmp_path: Path) -> None:
    folder = use_case(
        tmp_path,
        ["beta.Make -> alpha.Take", "beta.Take -> gamma.Take", "alpha.Take -> beta.Take"],
        start_service="beta",
        name="Gifts",
        description="To and fro.",
    )
    export = generate(folder, OPTIONS)
    links = {
        (node.container_name, each.operation_signature.operation_name): [
            to.container_name for to in each.connected_to
        ]
        for node in export.blueprint.nodes
        for each in node.operation_signature_list
    }
    assert links == {
        ("beta1", "Make"): ["alpha1"],
        ("beta1", "Take"): ["gamma1"],
        ("alpha1", "Take"): ["beta1"],
        ("gamma1", "Take"): [],
    }
    assert next(iter(links)) == ("beta1", "Make")
    assert (export.blueprint.name, export.description) == ("Gifts", "To and fro.")


@pytest.mark.parametrize(
    ("connections", "more", "said"),
    [
        (["alpha.Mkae -> beta.Take"], {}, r"alpha.proto of 'alpha' has no RPC 'Mkae'; nearest: Make"),
        (["alfa.Make -> beta.Take"], {}, "no service 'alfa' in services/; nearest: alpha"),
        (
            ["alpha.Take -> beta.Take", "beta.Take -> gamma.Take", "gamma.Take -> alpha.Take"],
            {},
            r"a cycle: .*Take -> .*Take -> .*Take",
        ),
        (["alpha.Make -> beta.Take"], {}, "gamma is an island"),
        (
            ["alpha.Make -> beta.Make", "beta.Make -> gamma.Make"],
            {"ask": "string count = 2;"},
            "'count' is int32",
        ),
        (
            ["alpha.Make -> beta.Take", "beta.Take -> gamma.Take"],
            {"start_service": "delta"},
            "start_service 'delta'",
        ),
        (
            ["alpha.Make -> beta.Take", "beta.Take -> gamma.Take"],
            {"start_service": "gamma"},
            "fed by beta.Take",
        ),
        (["alpha.Make -> beta.Take"], {"extra": 1}, "extra"),
    ],
)
def test_what_is_wrong_is_a_bad_request(
    tmp_path: Path, connections: list[str], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        generate(use_case(tmp_path, connections, **more), OPTIONS)


def test_problems_of_several_kinds_are_listed_together(tmp_path: Path) -> None:
    folder = use_case(
        tmp_path, ["alpha.Nope -> beta.Take", "delta.Make -> gamma.Take"], start_service="omega"
    )
    with pytest.raises(BadRequest) as refused:
        generate(folder, OPTIONS)
    text = str(refused.value)
    assert all(word in text for word in ("Nope", "delta", "omega"))
    broken = folder / "services" / "alpha" / "proto" / "alpha.proto"
    broken.write_text("nonsense")
    (folder / "connections.json").write_text("{}")
    with pytest.raises(BadRequest, match=r"(?s)alpha.proto.*connections.json: pipeline"):
        generate(folder, OPTIONS)


def test_what_is_unknown_hides_nothing_else_that_is_wrong(tmp_path: Path) -> None:
    links = ["alpha.Take -> beta.Take", "beta.Take -> alpha.Take", "alpha.Take -> beta.Make"]
    folder = use_case(tmp_path, [*links, links[0], "alpha.Take -> delta.Make"], ask="string count = 2;")
    with pytest.raises(BadRequest) as refused:
        generate(folder, OPTIONS)
    text = str(refused.value)
    wanted = (
        "no service 'delta'",
        "a cycle",
        "'count' is int32",
        "gamma is an island",
        "4 repeats connection 1",
    )
    assert [said for said in wanted if said not in text] == []


def test_a_misspelt_rpc_makes_no_island(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        generate(use_case(tmp_path, ["alpha.Mkae -> beta.Take", "beta.Take -> gamma.Take"]), OPTIONS)
    assert len(refused.value.problems) == 1


def test_the_designer_of_ai4eu_wants_one_message_on_both_ends(tmp_path: Path) -> None:
    folder = use_case(tmp_path, ["alpha.Make -> beta.Make", "beta.Make -> gamma.Make"])
    with pytest.raises(BadRequest, match="Ask is not Gift"):
        generate(folder, ExportOptions(dialect="ai4eu"))


def test_the_published_schema_is_that_of_the_model() -> None:
    published = ROOT / "infra" / "ai-effect" / "connections.schema.json"
    assert published.read_text() == json_schema(), "run: python -m scripts.blueprint > that file"


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "a\nb", "x" * 62])
def test_a_name_that_can_not_be_a_file_is_refused(name: str) -> None:
    link = {"from_service": name, "from_method": "A", "to_service": "b", "to_method": "B"}
    said = json.dumps({"pipeline": {"connections": [link]}}).encode()
    with pytest.raises(BadRequest, match=re.escape("pipeline.connections.0.from_service")):
        parse(said, "connections.json", Connections)


def _fuzz(tmp_path: Path, data: st.DataObject) -> None:
    """One value of the file becomes another: it is refused in words, or its export is sound."""
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    use_case(
        folder, ["alpha.Make -> beta.Take", "beta.Take -> gamma.Take"], start_service="alpha", name="Gifts"
    )
    path = folder / "connections.json"
    document = json.loads(path.read_text())
    where = data.draw(st.sampled_from(places(document)))
    names = st.sampled_from(["alpha", "beta", "gamma", "Make", "Take", "Spare", ""])
    path.write_text(json.dumps(put(document, where, data.draw(names | JSON))))
    try:
        export = generate(folder, OPTIONS)
    except BadRequest as error:
        if not all(error.problems):
            raise
        return
    write_folder(export.files(), folder / "out", overwrite=False)
    assert read_export(folder / "out").files() == export.files()
    assert len(export.graph.islands()) == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_other_value_is_refused_or_makes_a_sound_export(tmp_path: Path, data: st.DataObject) -> None:
    _fuzz(tmp_path, data)


@pytest.mark.soak
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_other_value_makes_a_sound_export_at_length(tmp_path: Path, data: st.DataObject) -> None:
    _fuzz(tmp_path, data)
