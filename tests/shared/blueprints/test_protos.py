"""Protos are read by protoc: whatever it understands is understood, and its own words say what is wrong."""

import pytest

from shared.blueprints.protos.reading import MOST_PROTO_BYTES, kind_of, read_proto
from shared.errors import BadRequest

HARD = b"""/* service Fake { rpc Not(A) returns (B); } */
syntax = "proto3";
package deep.er;
import "google/protobuf/empty.proto";
option java_package = "x; service Y {}";
service One {
  // rpc Commented(A) returns (B);
  rpc Ping(stream
    Outer.Inner) returns (Reply) { option deprecated = true; }
  rpc Pong(.google.protobuf.Empty) returns (stream Reply) {}
}
service Two { rpc Pang(stream Reply) returns (stream deep.er.Reply); }
message Outer { message Inner { map<string, int64> counts = 7; repeated Kind kinds = 2; } }
enum Kind { NONE = 0; }
message Reply { optional bytes data = 1; oneof way { Outer a = 2; string b = 3; } }
"""


def test_streams_comments_nested_types_options_and_several_services_come_out_right() -> None:
    rpcs = read_proto(HARD, "hard.proto").rpcs
    assert [
        (rpc.path, rpc.input.full_name, rpc.output.full_name, rpc.input_stream, rpc.output_stream)
        for rpc in rpcs
    ] == [
        ("/deep.er.One/Ping", "deep.er.Outer.Inner", "deep.er.Reply", True, False),
        ("/deep.er.One/Pong", "google.protobuf.Empty", "deep.er.Reply", False, True),
        ("/deep.er.Two/Pang", "deep.er.Reply", "deep.er.Reply", True, True),
    ]
    assert {field.name: kind_of(field) for field in rpcs[0].input.fields} == {
        "counts": "map<string, int64>",
        "kinds": "repeated Kind",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'syntax = "proto3";\nmessage A { int33 x = 1; }', 'mine.proto:2:13: "int33" is not defined'),
        (b'syntax = "proto3"; import "../../../etc/passwd";', "not found"),
        (b'syntax = "proto3"; import "/etc/passwd";', "not found"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"//" + b"x" * MOST_PROTO_BYTES, "at most"),
    ],
)
def test_a_proto_that_can_not_be_read_is_a_bad_request_that_names_the_file(text: bytes, said: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_proto(text, "mine.proto")
    assert said in str(refused.value)
    assert "mine.proto" in str(refused.value)
