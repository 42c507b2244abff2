"""A stage as a gRPC service: a creation's ID in, a reference to its record out."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest
from google.protobuf.descriptor_pool import Default

from jobs import facade
from jobs.catalogue import pipelines, stages
from jobs.facade import Facade, Names, facade_proto, handler_of
from scripts.export import export_pipeline
from scripts.platforms import PIPELINE_EXPORTS
from shared.blueprints.folders import read_export
from shared.blueprints.protos.fitting import missing_fields
from shared.blueprints.protos.reading import read_proto
from shared.driving.addresses import services_of
from shared.driving.calling import Manner
from shared.driving.running import prepare
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.runs.status import RunStatus
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.stories import ID, OUTPUTS, SETTINGS, Hum, names, new_story, use_voice

HOME = PIPELINE_EXPORTS["ai-effect"].home


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The onboarding export of the story pipeline."""
    folder = tmp_path_factory.mktemp("deploy")
    assert export_pipeline("ai-effect", "story", {}, folder, check=False)
    assert export_pipeline("ai-effect", "story", {}, folder, check=True)
    return folder / HOME / "story"


def run(folder: Path, store: ObjectStore, said: Mapping[str, str]) -> RunStatus:
    """Drive the export; each facade is a server in this process."""
    export = read_export(folder)
    addresses = {}
    with ExitStack() as stack:
        for stage in pipelines()["story"].stages:
            served = Facade(
                pipeline=pipelines()["story"],
                stage=stages()["story", stage](),
                store=store,
                settings=SETTINGS,
            )
            server = grpc.server(ThreadPoolExecutor(max_workers=2))
            server.add_generic_rpc_handlers([handler_of(served, Names.of("story", stage))])
            addresses[f"story_{stage}1"] = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
            server.start()
            stack.callback(server.stop, 0)
        services = services_of(export, addresses, {}, 1)
        manner = Manner(deadline_s=300, wait_s=30)
        return prepare(export, Creation(MemoryStore(), "drive"), services, said, SETTINGS, manner).run()


@pytest.mark.logs_errors
def test_a_film_is_made_by_calls_and_a_refusal_comes_back_with_its_reason(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_voice(monkeypatch, Hum())
    store = new_story()
    status = run(exported, store, {"creation_id": ID})
    assert status.status == "completed", status.error
    answer = status.stages["story_assemble1.RunStoryAssemble"].metadata["response"]
    assert (answer["creation_id"], answer["result"]) == (ID, f"{ID}/stages/assemble.json")
    assert set(OUTPUTS) <= set(names(store))
    refused = run(exported, store, {"creation_id": "nothing"})
    assert refused.error.startswith("story_narrate1.RunStoryNarrate: ")
    assert "INVALID_ARGUMENT: nothing/assets/: no parts" in refused.error
    assert "creation ID '../x'" in run(exported, store, {"creation_id": "../x"}).error


def test_a_service_is_the_one_that_its_proto_describes() -> None:
    for pipeline, stage in stages():
        names_ = Names.of(pipeline, stage)
        rpc = read_proto(facade_proto(pipeline, stage, "Does\nit.").encode(), "x.proto").rpcs[0]
        assert rpc.path == f"/{names_.service}/{names_.rpc}"
        served = Facade(
            pipeline=pipelines()[pipeline],
            stage=stages()[pipeline, stage](),
            store=MemoryStore(),
            settings=SETTINGS,
        )
        handler_of(served, names_)
        method = Default().FindServiceByName(names_.service).methods_by_name[names_.rpc]
        assert (
            missing_fields(rpc.input, method.input_type) == missing_fields(method.input_type, rpc.input) == []
        )
        assert (
            missing_fields(rpc.output, method.output_type)
            == missing_fields(method.output_type, rpc.output)
            == []
        )


def test_every_pipeline_has_an_export_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    for name in pipelines():
        assert export_pipeline(
            "ai-effect", name, {"image_prefix": "registry.example/films"}, tmp_path, check=False
        )
        export = read_export(tmp_path / HOME / name)
        assert len(export.graph.places) == len(pipelines()[name].stages)
        assert export.blueprint.nodes[0].image.startswith("registry.example/films/")
    for target, name, said in (
        ("ai-effect", "opera", {}),
        ("argo", "story", {}),
        ("ai-effect", "story", {"bucket": "films"}),
        ("ai-effect", "story", {"image_prefix": "-x"}),
    ):
        with pytest.raises(BadRequest):
            export_pipeline(target, name, said, tmp_path, check=False)


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    "said", [{"GRPC_PORT": "many"}, {"GRPC_TLS_CERT": "cert.pem"}, {"GRPC_HOST": "no.such.host.invalid"}]
)
def test_a_setting_that_can_not_be_used_ends_it_at_once(said: dict[str, str], tmp_path: Path) -> None:
    environ = {"STORE_URL": tmp_path.as_uri(), "FACADE": "story.render", "GRPC_PORT": "0", **said}
    assert facade.main([], environ) == 2


def test_it_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    ended = threading.Event()
    ended.set()
    served = Facade(
        pipeline=pipelines()["story"],
        stage=stages()["story", "render"](),
        store=MemoryStore(),
        settings=SETTINGS,
    )
    facade.serve(served, {"GRPC_PORT": "0"}, ended)
