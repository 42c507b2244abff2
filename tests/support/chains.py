"""Three gRPC services in a row, and the blueprint that chains them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio ships no types

from shared.driving.addresses import services_of
from shared.driving.calling import Manner
from shared.driving.running import prepare, take_up
from shared.records.creation import Creation
from shared.runs.status import RunStatus
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.exports import small_export
from tests.support.grpc_services import Answer, serving

SETTINGS = Settings(heartbeat_s=30, stale_after_s=60)
PATIENT = Manner(deadline_s=60, wait_s=30)
HASTY = Manner(wait_s=1)
SOURCE = """syntax = "proto3";
package source;
service Source { rpc Make(Ask) returns (Made); }
message Ask { int32 count = 1; string word = 2; }
message Made {
  bool success = 1; string message = 2; string path = 9; repeated int64 sizes = 4;
  map<string, Part> parts = 5; Part part = 6;
}
message Part { string name = 1; }
"""
FILTER = """syntax = "proto3";
package filter;
service Filter { rpc Sift(Ask) returns (Sifted); }
message Ask {
  string path = 1; repeated int64 sizes = 2; map<string, Part> parts = 3; Part part = 4; float limit = 7;
}
message Part { string name = 1; }
message Sifted { bool success = 1; string message = 2; string path = 3; }
"""
SINK = """syntax = "proto3";
package sink;
service Sink { rpc Keep(Ask) returns (Kept); }
message Ask { string path = 5; }
message Kept { bool success = 1; string message = 2; string path = 3; }
"""
LINKS = ["source.Make -> filter.Sift", "filter.Sift -> sink.Keep"]


class Chain:
    """Three services, what they were asked, and a store in which runs are kept."""

    def __init__(self, store: ObjectStore | None = None, **answers: Answer) -> None:
        self.export = small_export({"source": SOURCE, "filter": FILTER, "sink": SINK}, LINKS)
        self.store = store or MemoryStore()
        self.ports: dict[str, int] = {}
        self.asked: list[tuple[str, Any]] = []
        self.answers: dict[str, Answer] = {
            "Make": lambda asked, _: {"success": True, "path": f"{asked[0].word}.csv", "sizes": [1, 2**40]},
            "Sift": lambda asked, _: {"success": True, "path": asked[0].path + ".sifted"},
            "Keep": lambda asked, _: {"success": True, "path": asked[0].path + ".kept"},
            **answers,
        }

    def run(
        self,
        said: Mapping[str, Any] | None = None,
        *,
        without: str = "",
        manner: Manner = PATIENT,
        **more: Any,
    ) -> RunStatus:
        with self._served(without) as addresses:
            said_addresses = {without: "127.0.0.1:1", **addresses} if without else addresses
            services = services_of(self.export, said_addresses, {}, 1)
            creation = Creation(self.store, "run")
            return prepare(self.export, creation, services, said or {}, SETTINGS, manner, **more).run()

    def resume(self) -> RunStatus:
        """Go on with the last run; its services are back where they were."""
        with self._served(""):
            return take_up(Creation(self.store, "run"), SETTINGS).run()

    @contextmanager
    def _served(self, without: str) -> Iterator[dict[str, str]]:
        """The addresses of all services but one, at the ports that they had before."""
        with ExitStack() as stack:
            for container, rpc in self.export.graph.places:
                if container != without:
                    proto, answers = self.export.protos[container], {rpc: self._noting(rpc)}
                    served = serving(proto, answers, port=self.ports.get(container, 0))
                    self.ports[container] = stack.enter_context(served)
            yield {name: f"127.0.0.1:{port}" for name, port in self.ports.items() if name != without}

    def _noting(self, rpc: str) -> Answer:
        def answer(asked: list[Any], context: grpc.ServicerContext) -> Any:
            self.asked.append((rpc, asked[0]))
            return self.answers[rpc](asked, context)

        return answer

    @property
    def called(self) -> list[str]:
        called, self.asked = [rpc for rpc, _ in self.asked], []
        return called
