"""`python -m jobs.facade <pipeline> <stage>`: one stage as a gRPC service, a creation's ID in and a reference
out.

`facade_proto` is its proto. Settings beside those of a stage: GRPC_PORT (50051), GRPC_HOST (127.0.0.1),
GRPC_TLS_CERT and GRPC_TLS_KEY (PEM files).
"""

import argparse
import logging
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from jobs.catalogue import pipelines, stages
from shared.errors import BadRequest, InvalidSettings, ReelwrightError
from shared.logs import log
from shared.pipelines.definition import Pipeline
from shared.platforms.task import Task
from shared.records.creation import Creation, check_creation_id
from shared.records.documents import Claim, load, load_request
from shared.records.names import claim_name, record_name
from shared.settings import Settings
from shared.stages.stage import Stage
from shared.storage import ObjectStore, open_store
from shared.worker.box import run_task
from shared.worker.entry import DONE, guarded, publishing

_GRACE_S: Final = 25
"""Compose files give 30."""
_AT_ONCE: Final = 2
_ASKED: Final = (("creation_id", "string"), ("run", "string"))
_ANSWERED: Final = (
    *(("success", "bool"), ("message", "string")),
    *(("creation_id", "string"), ("run", "string"), ("result", "string")),
)
_TYPES: Final = {"string": FieldDescriptorProto.TYPE_STRING, "bool": FieldDescriptorProto.TYPE_BOOL}


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a stage's service is called, in its proto and on the wire."""

    package: str
    """Also the service's folder in a use case, e.g. `story_narrate`."""
    base: str
    """`StoryNarrate`."""

    @classmethod
    def of(cls, pipeline: str, stage: str) -> "Names":
        package = f"{pipeline}_{stage}"
        return cls(package=package, base="".join(word.title() for word in package.split("_")))

    @property
    def rpc(self) -> str:
        return f"Run{self.base}"

    @property
    def service(self) -> str:
        return f"{self.package}.{self.base}Service"


def facade_proto(pipeline: str, stage: str, description: str) -> str:
    """The proto of a stage's service.

    Results carry the ID and the run on to the next stage, by fields of equal name.
    """
    names = Names.of(pipeline, stage)
    return f"""syntax = "proto3";

package {names.package};

// {" ".join(description.split())}
service {names.base}Service {{
  rpc {names.rpc}({names.rpc}Request) returns ({names.rpc}Response);
}}

message {names.rpc}Request {{
  // Whose assets lie in the store.
  string creation_id = 1;
  // Which run this belongs to: the first stage makes it if it is empty, and passes it on.
  string run = 2;
}}

message {names.rpc}Response {{
  bool success = 1;
  string message = 2;
  string creation_id = 3;
  string run = 4;
  // The stage's record in the store, which names its outputs.
  string result = 5;
}}
"""


def _descriptors(names: Names) -> FileDescriptorProto:
    """The same proto as `facade_proto`, without a compiler: images hold none."""
    file = FileDescriptorProto(name=f"{names.package}.proto", package=names.package, syntax="proto3")
    for kind, fields in (("Request", _ASKED), ("Response", _ANSWERED)):
        file.message_type.append(_message(f"{names.rpc}{kind}", fields))
    service = file.service.add(name=f"{names.base}Service")
    message = f".{names.package}.{names.rpc}"
    service.method.add(name=names.rpc, input_type=f"{message}Request", output_type=f"{message}Response")
    return file


def _message(name: str, fields: Sequence[tuple[str, str]]) -> DescriptorProto:
    message = DescriptorProto(name=name)
    for number, (field, kind) in enumerate(fields, 1):
        message.field.add(
            name=field,
            number=number,
            type=_TYPES[kind],
            label=FieldDescriptorProto.LABEL_OPTIONAL,
            json_name=field,
        )
    return message


@dataclass(frozen=True, kw_only=True)
class Facade:
    """A stage, and what its calls need."""

    pipeline: Pipeline
    stage: Stage
    store: ObjectStore
    settings: Settings

    def run(self, creation_id: str, run: str, ending: Callable[[], bool]) -> str:
        """Do all tasks of the stage for this run of the creation; returns the name of its (first) record.

        Raises what the stage raises.
        """
        creation = Creation(self.store, check_creation_id(creation_id))
        with publishing(self.settings, [self.pipeline]) as publisher:
            for index in range(self._do(creation, run, 0, ending, publisher)):
                if index:
                    self._do(creation, run, index, ending, publisher)
        fans_out = self.pipeline.stages[self.stage.name].fan_out is not None
        return creation.key(record_name(self.stage.name, 0 if fans_out else None))

    def _do(
        self, creation: Creation, run: str, index: int, ending: Callable[[], bool], publisher: Any
    ) -> int:
        """One task; returns how many tasks the stage has in this run."""
        task = Task(index=index, opens=run)
        run_task(self.stage, self.pipeline, creation, task, self.settings, publisher=publisher, ending=ending)
        request, _ = load_request(creation)
        claim, _ = load(creation, claim_name(request.run if request else 1, self.stage.name), Claim)
        return claim.tasks if claim and self.pipeline.stages[self.stage.name].fan_out else 1


def handler_of(facade: Facade, names: Names) -> grpc.GenericRpcHandler:
    """The gRPC method of a facade."""
    pool = Default()
    if names.service not in _known:
        pool.Add(_descriptors(names))
        _known.add(names.service)
    method = pool.FindServiceByName(names.service).methods_by_name[names.rpc]
    asked, answered = GetMessageClass(method.input_type), GetMessageClass(method.output_type)

    def call(request: Any, context: grpc.ServicerContext) -> Any:
        run = request.run or str(uuid.uuid4())
        known = {"creation_id": request.creation_id, "run": run}
        try:
            result = facade.run(request.creation_id, run, lambda: not context.is_active())
        except BadRequest as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except ReelwrightError as error:
            return answered(success=False, message=str(error), **known)
        except Exception as error:  # noqa: BLE001 - the record has it; the caller gets the reason too
            return answered(success=False, message=f"{type(error).__name__}: {error}", **known)
        return answered(success=True, message=f"{facade.stage.name} is done", result=result, **known)

    method_handler = grpc.unary_unary_rpc_method_handler(
        call, request_deserializer=asked.FromString, response_serializer=answered.SerializeToString
    )
    return grpc.method_handlers_generic_handler(names.service, {names.rpc: method_handler})


_known: Final[set[str]] = set()
"""Services whose descriptors this process has."""


def serve(facade: Facade, environ: Mapping[str, str], ended: threading.Event) -> None:
    """Answer calls until `ended` is set; those under way then have some seconds to end."""
    names = Names.of(facade.pipeline.name, facade.stage.name)
    server = grpc.server(ThreadPoolExecutor(max_workers=_AT_ONCE), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers([handler_of(facade, names)])
    checks = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    reflection.enable_server_reflection((names.service, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    port = _listen(server, environ)
    server.start()
    for name in ("", names.service):
        checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    log(logging.INFO, "facade_listens", f"{names.service} listens on port {port}", port=port)
    ended.wait()
    checks.enter_graceful_shutdown()
    server.stop(_GRACE_S).wait()


def _listen(server: grpc.Server, environ: Mapping[str, str]) -> int:
    port, host = environ.get("GRPC_PORT") or "50051", environ.get("GRPC_HOST") or "127.0.0.1"
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise InvalidSettings(f"GRPC_PORT={port!r}: use a number from 0 to 65535")
    cert, key = environ.get("GRPC_TLS_CERT"), environ.get("GRPC_TLS_KEY")
    if bool(cert) != bool(key):
        raise InvalidSettings("set GRPC_TLS_CERT and GRPC_TLS_KEY, or neither")
    try:
        if not (cert and key):
            return int(server.add_insecure_port(f"{host}:{port}"))
        pair = (Path(key).read_bytes(), Path(cert).read_bytes())
        return int(server.add_secure_port(f"{host}:{port}", grpc.ssl_server_credentials([pair])))
    except (OSError, RuntimeError) as error:
        raise InvalidSettings(
            f"GRPC_HOST={host!r}, GRPC_PORT={port!r}: can't listen there: {error}"
        ) from error


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    known = pipelines()
    parser = argparse.ArgumentParser(prog="python -m jobs.facade", description="One stage as a gRPC service.")
    environ = os.environ if environ is None else environ
    pipeline, _, stage_name = environ.get("FACADE", "").partition(".")  # set by the images
    parser.add_argument("pipeline", choices=sorted(known), nargs="?" if pipeline else None, default=pipeline)
    parser.add_argument("stage", nargs="?" if stage_name else None, default=stage_name)
    asked = parser.parse_args(arguments)
    if asked.stage not in known[asked.pipeline].stages:
        parser.error(f"unknown stage {asked.stage!r}; known: {', '.join(known[asked.pipeline].stages)}")

    def work(settings: Settings) -> int:
        store = open_store(settings.store_url, settings)
        store.check()
        stage = stages()[asked.pipeline, asked.stage]()
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        serve(
            Facade(pipeline=known[asked.pipeline], stage=stage, store=store, settings=settings),
            environ,
            ended,
        )
        return DONE

    return guarded(work, environ)


if __name__ == "__main__":
    sys.exit(main())
