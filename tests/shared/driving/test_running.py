"""Blueprints are driven over gRPC: level by level, and on from the last good level after a failure."""

import threading
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest

from shared.blueprints.folders import Export
from shared.driving.addresses import services_of
from shared.driving.calling import Manner
from shared.driving.kept import kept_pipeline, kept_plan
from shared.driving.running import take_up
from shared.driving.stages import input_name, response_name
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.records.names import CALLING
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.worker.inline import InlinePlatform
from tests.support.chains import FILTER, HASTY, SETTINGS, SINK, SOURCE, Chain
from tests.support.exports import AI4EU_PROTOS, small_export
from tests.support.grpc_services import Answer

NAMES = ["source1.Make", "filter1.Sift", "sink1.Keep"]


def states(status: RunStatus) -> list[str]:
    return [status.stages[name].state for name in NAMES]


def test_fields_of_equal_name_are_passed_on_whatever_their_numbers() -> None:
    parts = {"a": {"name": "x"}}
    chain = Chain(
        Make=lambda asked, _: {
            "success": True,
            "path": asked[0].word * asked[0].count,
            "sizes": [1, 2**40],
            "parts": parts,
            "part": {"name": "whole"},
        }
    )
    status = chain.run({"word": "ab", "count": 2, "filter1": {"limit": 0.5}})
    assert status.status == "completed"
    sift = chain.asked[1][1]
    assert (sift.path, list(sift.sizes), sift.limit) == ("abab", [1, 2**40], 0.5)
    assert (sift.parts["a"].name, sift.part.name) == ("x", "whole")
    assert status.stages["sink1.Keep"].metadata["response"]["path"] == "abab.sifted.kept"
    assert kept_pipeline(Creation(chain.store, "run")).stages["sink1.Keep"].needs == ("filter1.Sift",)


def test_what_a_person_says_for_one_node_counts_more_than_what_is_passed_on() -> None:
    chain = Chain()
    chain.run({"word": "a", "sink1": {"path": "mine"}})
    assert chain.asked[2][1].path == "mine"


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _asked, _context: {"success": False, "message": "the file is empty"}, "the file is empty"),
        (lambda _asked, _context: b"\xff\xff\xff", "answered what is not a Sifted"),
        (lambda _asked, _context: [], "answered 0 messages"),
        (
            lambda _asked, context: context.abort(grpc.StatusCode.INTERNAL, "out of order"),
            "INTERNAL: out of order",
        ),
        (lambda _asked, context: context.abort(grpc.StatusCode.UNIMPLEMENTED, ""), "another version"),
        (
            lambda _asked, context: context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed"),
            "died during Sift",
        ),
    ],
)
def test_a_failure_names_the_node_and_the_reason_and_the_run_goes_on_when_it_is_mended(
    answer: Answer, said: str
) -> None:
    chain = Chain(Sift=answer)
    status = chain.run({"word": "a"})
    assert status.status == "failed"
    assert states(status) == ["success", "failed", "waiting"]
    assert status.error.startswith("filter1.Sift: filter1 at 127.0.0.1:")
    assert said in status.error
    assert chain.called == ["Make", "Sift"]
    chain.answers["Sift"] = lambda asked, _: {"success": True, "path": asked[0].path}
    assert chain.run({"word": "a"}).status == "completed"
    assert chain.called == ["Sift", "Keep"]
    chain.run({"word": "a"})
    assert chain.called == ["Make", "Sift", "Keep"]  # a run after a completed one starts over


@pytest.mark.logs_errors
def test_a_service_that_is_down_is_named_and_another_input_begins_where_it_matters() -> None:
    chain = Chain()
    status = chain.run({"word": "a"}, without="sink1", manner=HASTY)
    assert "sink1 at 127.0.0.1:1: was not ready within 1 s" in status.error
    assert chain.called == ["Make", "Sift"]
    chain.run({"word": "a", "filter1": {"limit": 1}}, without="sink1", manner=HASTY)
    assert chain.called == ["Sift"]
    chain.run({"word": "a", "filter1": {"limit": 1}}, fresh=True)
    assert chain.called == ["Make", "Sift", "Keep"]


@pytest.mark.logs_errors
def test_a_run_is_taken_up_as_it_was_asked_for() -> None:
    chain = Chain(Sift=lambda _asked, _context: {"success": False})
    said = {"word": "a", "count": 3, "sink1": {"path": "mine"}}
    assert chain.run(said, manner=Manner(deadline_s=61, wait_s=31)).status == "failed"
    assert chain.called == ["Make", "Sift"]
    chain.answers["Sift"] = lambda asked, _: {"success": True, "path": asked[0].path}
    assert chain.resume().status == "completed"
    assert [(rpc, asked.path) for rpc, asked in chain.asked] == [("Sift", "a.csv"), ("Keep", "mine")]
    plan = kept_plan(Creation(chain.store, "run"))
    assert (plan.manner.deadline_s, plan.manner.wait_s) == (61, 31)
    assert plan.inputs.general == {"word": "a", "count": 3}
    chain.asked.clear()
    assert chain.resume().status == "completed"
    assert chain.called == []  # what was done is not repeated


@pytest.mark.logs_errors
def test_only_what_an_edit_concerns_is_called_again() -> None:
    chain = Chain()
    chain.run({"word": "a"})
    creation = Creation(chain.store, "run")
    creation.write(input_name(("filter1", "Sift")), b'{"general": {}, "own": [{"limit": 0.5}]}')
    chain.asked.clear()
    assert chain.resume().status == "completed"
    assert [rpc for rpc, _ in chain.asked] == ["Sift"]  # what it answers is the same, so Keep is not called
    assert chain.asked[0][1].limit == 0.5
    creation.write(input_name(("filter1", "Sift")), b'{"general": {}, "own": [{"nothing": 1}]}')
    with pytest.raises(BadRequest, match=r"input of filter1\.Sift"):
        take_up(creation, SETTINGS)
    creation.delete(input_name(("filter1", "Sift")))
    with pytest.raises(BadRequest, match=r"Sift.json: is gone; run the export again"):
        take_up(creation, SETTINGS)


def test_a_run_that_does_not_say_where_its_services_are_names_the_command_that_does() -> None:
    chain = Chain()
    chain.run({"word": "a"})
    creation = Creation(chain.store, "run")
    creation.delete(CALLING)
    with pytest.raises(BadRequest, match="blueprint run <export-dir> --id run"):
        take_up(creation, SETTINGS)


@pytest.mark.logs_errors
def test_a_slow_service_meets_its_deadline() -> None:
    done = threading.Event()
    chain = Chain(Sift=lambda _asked, _context: {"success": done.wait(30)})
    status = chain.run({"word": "a"}, manner=Manner(deadline_s=0.5, wait_s=30))
    done.set()
    assert "Sift took longer than 0.5 s; raise --deadline" in status.error


def test_fields_that_the_export_does_not_know_are_a_warning() -> None:
    chain = Chain(Keep=lambda _asked, _context: b"\x08\x01\xba\x3e\x01x")
    status = chain.run({"word": "a"})
    assert "answers fields that the export's proto does not have" in status.warnings[0]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"wrod": 1}, "no request has a field 'wrod'; nearest: word"),
        ({"count": "many"}, "input of source1.Make"),
        ({"filter1": {"nothing": 1}}, "input of filter1.Sift"),
        ({"filter1": "x"}, "write an object"),
        ({"filter1": [{}, {}]}, "2 requests, but Sift takes one"),
    ],
)
def test_an_input_that_no_request_could_hold_is_refused_before_any_call(
    said: dict[str, Any], problem: str
) -> None:
    chain = Chain()
    with pytest.raises(BadRequest, match=problem):
        chain.run(said)
    assert chain.called == []


STREAMS = """syntax = "proto3";
package {name};
service Row {{ rpc {rpc}({ways}); }}
message Nothing {{ }}
message Item {{ int32 number = 1; }}
message Sum {{ int32 total = 1; }}
"""


def stream_export() -> Export:
    def proto(name: str, rpc: str, ways: str) -> str:
        return STREAMS.format(name=name, rpc=rpc, ways=ways)

    protos = {
        "count": proto("count", "Count", "Nothing) returns (stream Item"),
        "double": proto("double", "Double", "stream Item) returns (stream Item"),
        "single": proto("single", "Single", "Item) returns (Item"),
        "total": proto("total", "Total", "stream Item) returns (Sum"),
    }
    links = ["count.Count -> double.Double", "double.Double -> single.Single", "single.Single -> total.Total"]
    return small_export(protos, links)


def test_streams_stream_and_an_rpc_without_one_is_called_for_each_message() -> None:
    chain = Chain(
        Count=lambda _asked, _context: [{"number": number} for number in range(30)],
        Double=lambda asked, _context: [{"number": 2 * each.number} for each in asked],
        Single=lambda asked, _context: {"number": asked[0].number + 1},
        Total=lambda asked, _context: {"total": sum(each.number for each in asked)},
    )
    chain.export = stream_export()
    status = chain.run()
    assert status.status == "completed", status.error
    assert status.stages["total1.Total"].metadata["response"] == {"total": 30 * 29 + 30}
    assert chain.called == ["Count", "Double", *["Single"] * 30, "Total"]
    creation = Creation(chain.store, "run")
    assert creation.stat(response_name(("single1", "Single"))) is not None


@pytest.mark.parametrize(("rounds", "expected"), [(1, 1), (2, 2), (0, 3)])
def test_a_data_broker_is_called_as_often_as_is_said_or_while_it_has_data(rounds: int, expected: int) -> None:
    prices = iter([1.0, 2.0, 3.0])

    def next_row(_asked: list[Any], context: grpc.ServicerContext) -> Any:
        area = next(prices, None)
        return {"LotArea": area} if area else context.abort(grpc.StatusCode.OUT_OF_RANGE, "no more rows")

    chain = Chain(
        get_next_row=next_row, predict_sale_price=lambda asked, _context: {"salePrice": asked[0].LotArea * 2}
    )
    protos = {name.removesuffix("1"): text for name, text in AI4EU_PROTOS.items()}
    chain.export = small_export(protos, ["csvdatabroker.get_next_row -> houseprice.predict_sale_price"])
    status = chain.run(rounds=rounds)
    assert status.status == "completed", status.error
    last = status.stages["houseprice1.predict_sale_price"].metadata
    assert last == {"messages": expected, "response": {"salePrice": 2.0 * expected}}


def test_rpcs_of_one_level_run_at_once_and_what_they_answer_is_joined() -> None:
    both = threading.Barrier(2)

    def meeting(asked: list[Any], _context: grpc.ServicerContext) -> Any:
        both.wait(60)
        return {"success": True, "path": f"{asked[0].path}.sifted"}

    chain = Chain(
        Sift=meeting,
        Weigh=lambda _asked, _context: both.wait(60) >= 0 and {"success": True, "limit": 2.5},
        Keep=lambda asked, _context: {"success": True, "path": f"{asked[0].path} {asked[0].limit:g}"},
    )
    scales = SINK.replace("sink", "scales").replace("Sink", "Scales").replace("Keep", "Weigh")
    protos = {
        "source": SOURCE,
        "filter": FILTER,
        "scales": scales.replace("string path = 3;", "float limit = 3;"),
        "sink": SINK.replace("string path = 5;", "string path = 5; float limit = 6;"),
    }
    links = ["source.Make -> filter.Sift", "source.Make -> scales.Weigh", "filter.Sift -> sink.Keep"]
    chain.export = small_export(protos, [*links, "scales.Weigh -> sink.Keep"])
    status = chain.run({"word": "a"})
    assert status.status == "completed", status.error
    assert status.stages["sink1.Keep"].metadata["response"]["path"] == "a.csv.sifted 2.5"


def test_a_sweep_leaves_the_run_of_a_blueprint_to_its_own_command() -> None:
    chain = Chain()
    chain.run({"word": "a"})
    Creation(chain.store, "run").mark(1)
    others = Trigger(chain.store, InlinePlatform(chain.store, SETTINGS, {}, {}), {})
    report = others.sweep()
    assert (report.advanced, report.failed) == (1, [])


def test_an_address_that_is_none_is_refused() -> None:
    export = stream_export()
    for said in (
        {"nobody1": "localhost:1"},
        {"count1": "localhost"},
        {"count1": "a b:1"},
        {"count1": "x:99999"},
    ):
        with pytest.raises(BadRequest, match="--address"):
            services_of(export, said, {}, 50051)
    found = services_of(export, {"total1": "[::1]:7"}, {"single1": 9}, 50051)
    assert [service.address for service in found.values()] == [
        "127.0.0.1:50051",
        "127.0.0.1:50052",
        "127.0.0.1:9",
        "[::1]:7",
    ]
