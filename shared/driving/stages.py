"""A blueprint as a pipeline: each RPC is a stage, which needs those that feed it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import Message

from shared.blueprints.checking import graph_of
from shared.blueprints.documents import Blueprint
from shared.blueprints.folders import MICROSERVICE, Export
from shared.blueprints.graph import Place, nearest, place_name
from shared.blueprints.protos.reading import Rpc
from shared.driving.calling import Manner, Service, answers_of, check_version, connected, wait_until_healthy
from shared.driving.messages import as_json, has_unknown_fields, message_of, requests_for, write_message
from shared.errors import BadRequest
from shared.pipelines.definition import Pipeline, StageDefinition
from shared.records.creation import canonical_json
from shared.records.names import ASSETS, BLUEPRINTS, KEPT_EXPORT, KEPT_INPUTS
from shared.stages.stage import Context, Output, Result, Stage

RESPONSES: Final = f"{ASSETS}responses/"
_MOST_SHOWN_BYTES: Final = 16_384
_REPORT_EVERY: Final = 100


def pipeline_of(blueprint: Blueprint, *, time_limit_s: int = 86_400) -> Pipeline:
    """The pipeline of a blueprint without cycles, its stages level by level."""
    graph = graph_of(blueprint)
    order = [place for level in graph.levels for place in level]
    stages = {
        place_name(place): StageDefinition(
            description=f"{place[1]} of {place[0]}",
            needs=tuple(place_name(need) for need in graph.before[place]),
            share=1 / len(order),
            retries=0,  # a call that may have had effects is not repeated unasked
            time_limit_s=time_limit_s,
        )
        for place in order
    }
    return Pipeline(name=BLUEPRINTS, description=blueprint.name, outputs=(RESPONSES,), stages=stages)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a person says about the requests."""

    general: Mapping[str, Any]
    """For every RPC whose request has the field, unless it is passed on."""
    own: Mapping[str, list[Mapping[str, Any]]]
    """By container or RPC, for that alone; several for a stream."""
    rounds: int = 1
    """How often a first RPC is called that takes nothing; 0: until it has no more data."""

    def of(self, place: Place) -> list[Mapping[str, Any]]:
        return self.own.get(place_name(place)) or self.own.get(place[0]) or []

    def kept(self, export: Export) -> dict[str, bytes]:
        """By name below the creation, what each RPC is given: another value makes its results worthless, and
        those of the RPCs after it."""
        return {
            input_name(place): canonical_json(self._given(export, place)) for place in export.graph.places
        }

    def _given(self, export: Export, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {"general": self.general_of(export.rpc(place)), "own": self.of(place)}
        return found | ({"rounds": self.rounds} if export.is_source(place) else {})

    def general_of(self, rpc: Rpc) -> dict[str, Any]:
        """What is for every RPC and has a field in this one's request."""
        return {name: value for name, value in self.general.items() if name in rpc.input.fields_by_name}


def read_inputs(said: Mapping[str, Any], export: Export, rounds: int = 1) -> Inputs:
    """Sort the input by whom it is for; raises `BadRequest` for all that no request could hold."""
    places = export.graph.places
    names = {place_name(place) for place in places} | {place[0] for place in places}
    own = {name: _listed(value) for name, value in said.items() if name in names}
    general = {name: each for name, each in said.items() if name not in names}
    inputs = Inputs(general=general, own=own, rounds=rounds)
    fields = {field.name for place in places for field in export.rpc(place).input.fields}
    problems = [
        f"input: no request has a field {name!r}{nearest(name, [*fields, *names])}"
        for name in inputs.general
        if name not in fields
    ]
    for place in places:
        problems += _input_problems(export, place, inputs)
    if problems:
        raise BadRequest(*problems)
    return inputs


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return value if isinstance(value, list) else [value]


def _input_problems(export: Export, place: Place, inputs: Inputs) -> list[str]:
    rpc = export.rpc(place)
    own = inputs.of(place)
    where = f"input of {place_name(place)}"
    if not all(isinstance(each, dict) for each in own):
        return [f"{where}: write an object with the request's fields, or a list of them for a stream"]
    if len(own) > 1 and not rpc.input_stream:
        return [f"{where}: {len(own)} requests, but {rpc.name} takes one"]
    try:
        for fields in (inputs.general_of(rpc), *own):
            message_of(rpc.input, fields, where)
    except BadRequest as error:
        return list(error.problems)
    return []


def stages_of(
    export: Export, services: Mapping[str, Service], inputs: Inputs, manner: Manner
) -> dict[tuple[str, str], Callable[[], Stage]]:
    """The stages by pipeline and name, as a platform looks them up."""
    calls = [
        NodeCall(export=export, place=place, service=services[place[0]], inputs=inputs, manner=manner)
        for place in export.graph.places
    ]
    return {(BLUEPRINTS, place_name(call.place)): call.stage for call in calls}


@dataclass(frozen=True, kw_only=True)
class NodeCall:
    """All that it takes to call one RPC of an export."""

    export: Export
    place: Place
    service: Service
    inputs: Inputs
    manner: Manner

    @property
    def before(self) -> tuple[Place, ...]:
        return self.export.graph.before[self.place]

    def stage(self) -> Stage:
        """The call as a stage: it depends on the proto, the image, the input and what feeds it."""
        container = self.place[0]
        node = next(node for node in self.export.blueprint.nodes if node.container_name == container)
        what = hashlib.sha256(canonical_json([node.image, self.place, self.before])).hexdigest()
        proto = f"{KEPT_EXPORT}{MICROSERVICE}/{container}.proto"
        names = (proto, input_name(self.place), *map(response_name, self.before))
        return Stage(
            pipeline=BLUEPRINTS,
            name=place_name(self.place),
            version=1,
            inputs=lambda _creation: names,
            salt=lambda _settings: what,
            run=self.run,
        )

    def run(self, context: Context) -> Result:
        """Call the service and keep its responses."""
        path = context.scratch / "responses"
        count, last, strange = 0, None, False
        with path.open("wb") as file:
            for last in self._answers(context):
                write_message(file, last)
                count += 1
                strange = strange or has_unknown_fields(last)
                if count % _REPORT_EVERY == 0:
                    context.progress.update(0.5, f"{count} messages")
        name = place_name(self.place)
        about = f"{count} {self.export.rpc(self.place).output.name}, each after its length"
        warning = f"{name}: {self.service} answers fields that the export's proto does not have"
        return Result(
            outputs={name: Output(name=response_name(self.place), path=path, description=about)},
            metadata={"messages": count, "response": _shown(last)},
            warnings=(warning,) if strange else (),
        )

    def _answers(self, context: Context) -> Iterator[Message]:
        rpc = self.export.rpc(self.place)
        upstream = [(self.export.rpc(need).output, _brought(context, need)) for need in self.before]
        given, own = self.inputs.general_of(rpc), self.inputs.of(self.place)
        with connected(self.service, self.manner) as channel:
            wait_until_healthy(channel, self.service, self.manner.wait_s, context.progress)
            check_version(channel, self.service, rpc)
            requests = requests_for(rpc, given, own, upstream, f"request of {place_name(self.place)}")
            if self.export.is_source(self.place):
                one = next(requests)
                requests = repeat(one, self.inputs.rounds) if self.inputs.rounds else repeat(one)
            yield from answers_of(channel, self.service, rpc, requests, self.manner, context.progress)


def input_name(place: Place) -> str:
    """The object with what a person gives an RPC."""
    return f"{KEPT_INPUTS}{place_name(place)}.json"


def response_name(place: Place) -> str:
    """The object with an RPC's responses."""
    return f"{RESPONSES}{place_name(place)}.binpb"


def _brought(context: Context, need: Place) -> Path:
    return context.creation.download(response_name(need), context.scratch / place_name(need))


def _shown(message: Message | None) -> dict[str, Any]:
    """The last response for people, unless it is large."""
    if message is None or message.ByteSize() > _MOST_SHOWN_BYTES:
        return {}
    return as_json(message)
