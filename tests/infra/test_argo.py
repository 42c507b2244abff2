"""The workflow templates are of Argo's schema, refer to nothing undeclared, and chain what pipelines say."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.exports.argo import ArgoDeployment, manifests
from shared.pipelines.deployed import image_of
from tests.support.deployments import UNHEARD_OF, all_pipelines

FILES = manifests(all_pipelines(), ArgoDeployment())
PIPELINES = all_pipelines()
REFERENCE = re.compile(r"\{\{(=?)(.*?)\}\}")
ALWAYS = {"workflow.name", "workflow.namespace", "workflow.uid"}
EXPRESSION = re.compile(r'(?:sprig\.replace\("[$/]", "[$.]+", )?([\w.]+)(?:\)| != \'\')')


def template_of(pipeline: str) -> dict[str, Any]:
    (document,) = FILES[f"infra/argo/{pipeline}.yaml"]
    return document


def templates_of(pipeline: str) -> dict[str, dict[str, Any]]:
    return {template["name"]: template for template in template_of(pipeline)["spec"]["templates"]}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def references(value: Any) -> set[str]:
    """All that the value refers to, inside expressions too."""
    found = set()
    for text in texts(value):
        for is_expression, inner in REFERENCE.findall(text):
            match = EXPRESSION.fullmatch(inner) if is_expression else None
            assert bool(match) == bool(is_expression), inner
            found.add(match[1] if match else inner)
    return found


def undeclared(spec: dict[str, Any]) -> set[str]:
    """References that Argo would find nothing for: https://argo-workflows.readthedocs.io/en/latest/variables/."""
    declared = {f"workflow.parameters.{each['name']}" for each in spec["arguments"]["parameters"]} | ALWAYS
    templates = {template["name"]: template for template in spec["templates"]}
    bad = references({key: part for key, part in spec.items() if key != "templates"}) - declared
    for name, template in templates.items():
        own = {
            f"inputs.parameters.{each['name']}" for each in template.get("inputs", {}).get("parameters", [])
        }
        own |= {"retries"} if "retryStrategy" in template else set()
        own |= {"workflow.status"} if name == spec["onExit"] else set()
        if "dag" not in template:
            bad |= references(template) - declared - own
            continue
        for task in template["dag"]["tasks"]:
            known = declared | own | ({"item"} if "withParam" in task else set())
            for need in task.get("dependencies", []):
                outputs = templates[need].get("outputs", {}).get("parameters", [])
                known |= {f"tasks.{need}.outputs.parameters.{each['name']}" for each in outputs}
            bad |= references(task) - known
    return bad


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_it_is_of_argos_schema(pipeline: str) -> None:
    from hera.workflows.models import WorkflowTemplate

    document = template_of(pipeline)
    understood = WorkflowTemplate.model_validate(document)
    assert understood.model_dump(by_alias=True, exclude_none=True, mode="json") == document


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_all_it_refers_to_is_declared(pipeline: str) -> None:
    spec = template_of(pipeline)["spec"]
    assert undeclared(spec) == set()
    fewer = [each for each in spec["arguments"]["parameters"] if each["name"] != "creation_id"]
    assert undeclared({**spec, "arguments": {"parameters": fewer}}) == {"workflow.parameters.creation_id"}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_argo_chains_the_stages_as_the_pipeline_says(pipeline: str) -> None:
    asked = PIPELINES[pipeline]
    tasks = {task["name"]: task for task in templates_of(pipeline)["pipeline"]["dag"]["tasks"]}
    before = [f"{image_of(asked)}-message"] if asked.consumed else []
    assert list(tasks) == [*before, *(asked.jobs[name] for name in asked.stages)]
    for name, stage in asked.stages.items():
        task = tasks[asked.jobs[name]]
        assert task.get("dependencies", []) == ([asked.jobs[need] for need in stage.needs] or before)
        assert ("withParam" in task) == (stage.fan_out is not None)
        assert task.get("continueOn") == ({"failed": True, "error": True} if stage.optional else None)
        assert "depends" not in task  # Argo takes no continueOn beside it


def test_a_message_is_written_down_before_the_first_stage_if_there_is_one() -> None:
    templates = templates_of("presenter")
    first = templates["pipeline"]["dag"]["tasks"][0]
    assert (first["template"], first["when"]) == (
        "presenter-message", "{{=workflow.parameters.message != ''}}",
    )  # fmt: skip
    template = templates["presenter-message"]
    (artifact,) = template["inputs"]["artifacts"]
    assert artifact["raw"] == {"data": "{{workflow.parameters.message}}"}
    assert template["container"]["args"][:2] == ["--keep", artifact["path"]]
    assert not any("parameters.message" in text for text in texts(template["container"]))  # 128 KiB at most


def test_the_stage_before_a_fan_out_hands_over_its_plan() -> None:
    templates = templates_of("slide_show")
    (output,) = templates["slide-show-plan"]["outputs"]["parameters"]
    draw = next(task for task in templates["pipeline"]["dag"]["tasks"] if task["name"] == "slide-show-draw")
    assert output["valueFrom"] == {"path": "/scratch/plan/draw.json"}
    assert draw["withParam"] == f"{{{{tasks.slide-show-plan.outputs.parameters.{output['name']}}}}}"
    assert templates["slide-show-plan"]["container"]["args"][:2] == ["--plan", "/scratch/plan"]
    assert "--plan" not in templates["slide-show-bind"]["container"]["args"]


@pytest.mark.parametrize("stage", UNHEARD_OF.stages)
def test_a_stage_gets_its_resources_time_and_attempts_but_none_after_a_bad_request(stage: str) -> None:
    definition = UNHEARD_OF.stages[stage]
    template = templates_of("slide_show")[UNHEARD_OF.jobs[stage]]
    requests = template["container"]["resources"]["requests"]
    assert requests == {"cpu": str(definition.cpu), "memory": f"{definition.memory_mib}Mi"}
    assert template["activeDeadlineSeconds"] == definition.time_limit_s
    assert template["retryStrategy"]["limit"] == definition.retries
    assert template["retryStrategy"]["expression"] == "lastRetry.exitCode != '2'"
    assert template["container"]["command"] == ["python", "-m", f"jobs.slide_show.{stage}"]


def test_the_variables_are_those_that_a_stage_reads() -> None:
    from shared.platforms.task import read_task

    container = templates_of("story")["story-render"]["container"]
    values = {"{{inputs.parameters.index}}": "3", "{{retries}}": "1"}
    environ = {each["name"]: values.get(each["value"], each["value"]) for each in container["env"]}
    task = read_task(environ)
    assert (task.index, task.attempt, task.managed) == (3, 1, True)
    assert task.execution.startswith("argo|")
    assert environ["REELWRIGHT_RUN"] == "{{workflow.uid}}"


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_what_a_person_gives_is_an_argument_and_never_part_of_a_command(pipeline: str) -> None:
    for template in templates_of(pipeline).values():
        if "container" not in template:
            continue
        container = template["container"]
        assert references(container["command"]) == set()
        assert container["command"][0] == "python"
        assert [text for text in container["args"] if "creation_id" in text] == container["args"][-1:]
        assert "--" in container["args"][-3:-1]  # an ID that starts with a dash is no option
        assert not any("creation_id" in text for text in texts(container["env"]))
        assert not {"script", "initContainers", "sidecars"} & set(template)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_one_creation_is_worked_on_by_one_workflow_and_its_books_are_closed(pipeline: str) -> None:
    spec = template_of(pipeline)["spec"]
    assert references(spec["synchronization"]) == {"workflow.parameters.creation_id"}
    settle = templates_of(pipeline)[spec["onExit"]]
    assert settle["container"]["args"][:4] == [
        *("--workflow", "{{workflow.uid}}"),
        *("--outcome", "{{workflow.status}}"),
    ]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_pods_run_as_nobody_on_a_read_only_disk(pipeline: str) -> None:
    spec = template_of(pipeline)["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    for template in spec["templates"]:
        if "container" in template:
            security = template["container"]["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert {volume["name"] for volume in template["volumes"]} == {"scratch", "tmp"}
            assert all(set(volume) == {"name", "emptyDir"} for volume in template["volumes"])
