"""Jobs reach the store and nothing else: no identity, key or socket with which they could start jobs.

Read from what a person would type (the READMEs' commands) and from what is deployed (the exported files);
each rule is shown to fail on a text that breaks it.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.pipelines.deployed import JOB_SETTINGS, S3_VARIABLES
from shared.platforms import task
from shared.settings import SECRET

ROOT = Path(__file__).parent.parent

# Roles that hold no permission to run, change or impersonate anything: all that a job's identity may have.
GOOGLE_ROLES_OF_JOBS = {"roles/storage.objectUser", "roles/storage.objectViewer"}
GOOGLE_ROLES_OF_THE_TRIGGER = GOOGLE_ROLES_OF_JOBS | {
    "roles/run.jobsExecutorWithOverrides",
    "roles/run.viewer",
    "roles/secretmanager.secretAccessor",
}
JOB_VARIABLES = {"STORE_URL", *JOB_SETTINGS, *S3_VARIABLES, *task.VARIABLES}
JOB_SECRETS = {"reelwright-cos", "reelwright-providers"}
GOOGLE_SECRETS_OF_JOBS = {
    f"reelwright-{name.partition('_')[0].lower()}" for name in SECRET.intersection(JOB_SETTINGS)
}


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command line, with variables replaced by what they were set to."""

    words: list[str]
    options: dict[str, str] = field(default_factory=dict)

    def starts(self, *words: str) -> bool:
        return self.words[: len(words)] == list(words)


def commands(markdown: str) -> Iterator[Command]:
    """All commands in the shell blocks of a page, those in loops and pipes too."""
    known: dict[str, str] = {}
    for block in re.findall(r"```sh\n(.*?)```", markdown, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            setting = re.fullmatch(r"([A-Z_]+)=([^\s$(]*(?:\$[A-Z_]+[^\s$(]*)*)", line.strip())
            if setting:
                known[setting[1]] = _filled(setting[2], known)
                continue
            for part in re.split(r"\s*(?:;|&&|\|\||\|)\s*(?:do\s+)?", line):
                yield from _command(_filled(part, known))


def _filled(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$([A-Z_]+)", lambda name: known.get(name[1], name[0]), text)


def _command(text: str) -> Iterator[Command]:
    try:
        words = shlex.split(text, comments=True)
    except ValueError:  # a part of something quoted: jq's programs hold pipes
        return
    options: dict[str, str] = {}
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            options[name] = value if equals else " ".join(words[number + 1 : number + 2])
    if words:
        yield Command(words=words, options=options)


def google_problems(markdown: str) -> list[str]:
    """Roles of the jobs' and the trigger's accounts that hold more than they need."""
    problems: list[str] = []
    for command in commands(markdown):
        member, role = command.options.get("--member", ""), command.options.get("--role", "")
        scope = " ".join(command.words[:4])
        reads_secret = command.starts("gcloud", "secrets") and role == "roles/secretmanager.secretAccessor"
        if (
            "reelwright-jobs@" in member
            and not reads_secret
            and (role not in GOOGLE_ROLES_OF_JOBS or "storage buckets" not in scope)
        ):
            problems.append(f"jobs have {role} by {scope}")
        if "reelwright-trigger@" in member and role not in GOOGLE_ROLES_OF_THE_TRIGGER:
            problems.append(f"the trigger has {role}")
        if "reelwright-trigger@" in member and command.starts("gcloud", "projects"):
            problems.append(f"the trigger has {role} on the whole project")
        if "reelwright-jobs" in " ".join(command.words) and command.starts("gcloud", "secrets"):
            problems += [f"jobs can read {command.words[3]}"] * (
                command.words[3] not in GOOGLE_SECRETS_OF_JOBS
            )
    return problems


def ibm_problems(markdown: str) -> list[str]:
    """Policies and keys with which jobs could do more than write to their bucket."""
    problems: list[str] = []
    for command in commands(markdown):
        if command.starts("ibmcloud", "iam", "service-policy-create", "reelwright-jobs"):
            problems += _policy_problems(command)
        if command.starts("ibmcloud", "resource", "service-key-create") and command.words[4:5] != [
            "--instance-name"
        ]:
            problems.append(f"{command.words[3]} has a role on the whole instance")
        if command.starts("ibmcloud", "iam", "service-api-key-create") and "reelwright-jobs" in command.words:
            problems.append("jobs have an API key")
        if (
            command.starts("ibmcloud", "ce", "application")
            and command.options.get("--service-account", "none") != "none"
        ):
            problems.append("the application has a service account of the project")
    return problems


def _policy_problems(command: Command) -> Iterator[str]:
    if command.options.get("--service-name") != "cloud-object-storage":
        yield f"jobs have a policy on {command.options.get('--service-name', 'everything')}"
    if command.options.get("--resource-type") != "bucket" or not command.options.get("--resource"):
        yield "jobs' policy is not limited to one bucket"
    if command.options.get("--roles") != "Writer":
        yield f"jobs are {command.options.get('--roles')}"


def cloudrun_problems(job: dict[str, Any]) -> list[str]:
    task = job["spec"]["template"]["spec"]["template"]["spec"]
    names = [env["name"] for container in task["containers"] for env in container["env"]]
    problems = _variable_problems(names)
    if not task.get("serviceAccountName", "").startswith("reelwright-jobs@"):
        problems.append("it has another's identity, or the project's default one")
    if (
        any("valueFrom" in env for container in task["containers"] for env in container["env"])
        or "volumes" in task
    ):
        problems.append("it can read a secret")
    return problems


def codeengine_problems(job: dict[str, Any]) -> list[str]:
    variables = job["run_env_variables"]
    problems = _variable_problems(variable["name"] for variable in variables)
    problems += _secret_problems(each["reference"] for each in variables if each["type"] != "literal")
    if any(each["type"] not in ("literal", "secret_key_reference") for each in variables):
        problems.append("it has a secret as a whole, whatever may be added to it")
    if job.get("run_service_account") != "none":
        problems.append("it has a service account of the project")
    if job.get("run_volume_mounts") or job.get("run_compute_resource_token_enabled"):
        problems.append("it has a mount or a token")
    return problems


def kubectl_problems(job: dict[str, Any]) -> list[str]:
    template = job["spec"]["template"]
    variables = [env for container in template["containers"] for env in container["env"]]
    secrets = [each["valueFrom"]["secretKeyRef"]["name"] for each in variables if "valueFrom" in each]
    problems = _variable_problems(each["name"] for each in variables) + _secret_problems(secrets)
    if not template.get("serviceAccountName", "").endswith("-none"):
        problems.append("it has a service account of the project")
    if "volumes" in template or any(
        "envFrom" in each or "volumeMounts" in each for each in template["containers"]
    ):
        problems.append("it has a mount or a secret as a whole")
    return problems


def compose_problems(document: dict[str, Any]) -> list[str]:
    problems: list[str] = []
    for name, service in document["services"].items():
        if name != "trigger":
            problems += _variable_problems(set(service["environment"]) - {"CONFIG_PATH"})
        everything = yaml.safe_dump(service)
        problems += [
            f"{name}: {word}" for word in ("docker.sock", "podman.sock", "containerd") if word in everything
        ]
        loose = {"privileged", "cap_add", "devices", "pid", "userns_mode", "use_api_socket"} & set(service)
        problems += [f"{name}: {key}" for key in sorted(loose)]
        if service.get("cap_drop") != ["ALL"] or service.get("security_opt") != ["no-new-privileges:true"]:
            problems.append(f"{name}: keeps privileges")
    return problems


def argo_problems(documents: Iterable[dict[str, Any]]) -> list[str]:
    problems: list[str] = []
    for document in documents:
        if document["kind"] == "WorkflowTemplate":
            problems += _workflow_problems(document["spec"])
        if document["kind"] == "Role" and document["rules"] != [_rule_of(document["metadata"]["name"])]:
            problems.append("the role of the executor or the sensor holds more than it needs")
        if document["kind"].endswith("RoleBinding"):
            problems += [
                f"{each['name']} is bound" for each in document["subjects"] if "jobs" in each["name"]
            ]
    return problems


def _rule_of(role: str) -> dict[str, Any]:
    """The sensor makes workflows of messages; the executor reports results."""
    verbs = ["create", "patch"]
    if role.endswith("-sensor"):
        return {"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["get", *verbs]}
    return {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": verbs}


def _workflow_problems(spec: dict[str, Any]) -> Iterator[str]:
    if spec.get("automountServiceAccountToken") is not False:
        yield "its pods have a Kubernetes token"
    if spec.get("serviceAccountName") != "reelwright-jobs":
        yield "its pods have another's identity, or the namespace's default one"
    for template in spec["templates"]:
        container = template.get("container", {"env": [], "envFrom": []})
        yield from _variable_problems(env["name"] for env in container["env"])
        if {"automountServiceAccountToken", "serviceAccountName"} & set(template):
            yield f"{template['name']}: has an identity of its own"
        if any("emptyDir" not in volume for volume in template.get("volumes", [])):
            yield f"{template['name']}: mounts more than scratch space"
        if any(each["secretRef"]["name"] != "reelwright-store" for each in container["envFrom"]):
            yield f"{template['name']}: has a secret that is not the store's"


def _variable_problems(names: Iterable[str]) -> list[str]:
    return [f"it is told {name}" for name in names if name not in JOB_VARIABLES]


def _secret_problems(names: Iterable[str]) -> list[str]:
    return [f"it has the secret {name}" for name in names if name not in JOB_SECRETS]


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def documents(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text))


def one(check: Callable[[dict[str, Any]], list[str]]) -> Callable[[str], list[str]]:
    return lambda text: [problem for document in documents(text) for problem in check(document)]


CHECKS: dict[str, Callable[[str], list[str]]] = {
    "cloudrun/README.md": google_problems,
    "codeengine/README.md": ibm_problems,
    "cloudrun/jobs/*.yaml": one(cloudrun_problems),
    "codeengine/jobs/*.yaml": one(codeengine_problems),
    "codeengine/kubectl/*.yaml": one(kubectl_problems),
    "infra/compose.yaml": one(compose_problems),
    "infra/*/compose.yaml": one(compose_problems),
    "infra/argo/*.yaml": lambda text: argo_problems(documents(text)),
}
FILES = [
    (path.relative_to(ROOT).as_posix(), check)
    for glob, check in CHECKS.items()
    for path in sorted(ROOT.glob(glob))
]
GRANT = "--member serviceAccount:$JOBS --role roles/"
POLICY = "ibmcloud iam service-policy-create $PREFIX-jobs --roles Writer --service-name cloud-object-storage"
MUTATIONS: dict[str, list[tuple[str, str]]] = {
    "cloudrun/README.md": [
        (f"{GRANT}storage.objectUser", f"{GRANT}run.invoker"),
        (f"{GRANT}storage.objectUser", f"{GRANT}run.developer"),
        (f"{GRANT}storage.objectUser", f"{GRANT}run.admin"),
        (f"{GRANT}storage.objectUser", f"{GRANT}run.jobsExecutorWithOverrides"),
        (f"{GRANT}storage.objectUser", f"{GRANT}editor"),
        (f"{GRANT}storage.objectUser", f"{GRANT}owner"),
        (
            f"buckets add-iam-policy-binding gs://$BUCKET {GRANT}",
            f"x; gcloud projects add-iam-policy-binding x {GRANT}",
        ),
        ("--member serviceAccount:$EVENTS", "--member=serviceAccount:$JOBS"),
        ("serviceAccount:$TRIGGER --role roles/run.viewer", "serviceAccount:$JOBS --role roles/run.viewer"),
        ("serviceAccount:$TRIGGER --role roles/secret", "serviceAccount:$JOBS --role roles/secret"),
        ("roles/run.jobsExecutorWithOverrides", "roles/run.developer"),
        ("gcloud run jobs add-iam-policy-binding $job", "gcloud projects add-iam-policy-binding $PROJECT"),
    ],
    "codeengine/README.md": [
        (POLICY, POLICY.replace("cloud-object-storage", "codeengine")),
        (POLICY, POLICY.replace("Writer", "Manager")),
        (" --resource-type bucket --resource $BUCKET", ""),
        ("service-key-create $PREFIX-jobs --", "service-key-create $PREFIX-jobs Manager --"),
        ("api-key-create $PREFIX-trigger $PREFIX-trigger", "api-key-create key $PREFIX-jobs"),
        ("--service-account none", "--service-account writer"),
    ],
    "cloudrun/jobs/story-render.yaml": [
        ("reelwright-jobs@", "reelwright-trigger@"),
        ("serviceAccountName", "unsaid"),
        ("name: LOG_FORMAT", "name: GOOGLE_APPLICATION_CREDENTIALS"),
        ("value: json", "valueFrom: {secretKeyRef: {name: key, key: latest}}"),
    ],
    "codeengine/jobs/story-render.yaml": [
        ("run_service_account: none", "run_service_account: writer"),
        ("run_service_account: none\n", ""),
        ("name: COS_HMAC_ACCESS_KEY_ID", "name: IBMCLOUD_API_KEY"),
        ("reference: reelwright-cos", "reference: reelwright-trigger"),
        ("type: secret_key_reference", "type: secret_full_reference"),
    ],
    "codeengine/kubectl/story-render.yaml": [
        ("CONTEXT-none", "CONTEXT-manager"),
        ("name: reelwright-cos", "name: reelwright-trigger"),
        ("name: COS_HMAC_ACCESS_KEY_ID", "name: IBMCLOUD_API_KEY"),
    ],
    "infra/compose.yaml": [
        ("- scratch:/scratch", "- /var/run/docker.sock:/var/run/docker.sock"),
        ("read_only: true", "privileged: true"),
        ("no-new-privileges:true", "no-new-privileges:false"),
        ("AWS_SESSION_TOKEN: null", "IBMCLOUD_API_KEY: null"),
    ],
    "infra/subtitles/compose.yaml": [
        ("cap_drop:", "cap_add:"),
        ("read_only: true", "privileged: true"),
    ],
    "infra/argo/story.yaml": [
        ("automountServiceAccountToken: false", "automountServiceAccountToken: true"),
        ("  automountServiceAccountToken: false\n", ""),
        ("  serviceAccountName: reelwright-jobs\n", ""),
        ("name: reelwright-store", "name: kubeconfig"),
        ("emptyDir:", "hostPath:"),
    ],
    "infra/argo/presenter-events.yaml": [
        ("- workflows\n", '- "*"\n'),
        ("      - patch\n", "      - patch\n      - delete\n"),
    ],
    "infra/argo/identities.yaml": [
        ("- workflowtaskresults", '- "*"'),
        (
            "  - kind: ServiceAccount\n    name: reelwright-executor",
            "  - kind: ServiceAccount\n    name: reelwright-jobs",
        ),
    ],
}
EACH_MUTATION = [(path, *change) for path, changes in MUTATIONS.items() for change in changes]


@pytest.mark.parametrize(("path", "check"), FILES, ids=[path for path, _ in FILES])
def test_jobs_reach_the_store_and_nothing_else(path: str, check: Callable[[str], list[str]]) -> None:
    assert check(read(path)) == []


@pytest.mark.parametrize(("path", "text", "mutated"), EACH_MUTATION)
def test_a_file_that_gives_jobs_more_is_found(path: str, text: str, mutated: str) -> None:
    before = read(path)
    assert text in before
    assert dict(FILES)[path](before.replace(text, mutated))


def test_every_grant_in_the_pages_is_read() -> None:
    """A command that the parser missed would be a grant that nobody checks."""
    google, ibm = read("cloudrun/README.md"), read("codeengine/README.md")
    grants = [command for command in commands(google) if "add-iam-policy-binding" in command.words]
    policies = [command for command in commands(ibm) if "service-policy-create" in command.words]
    assert len(grants) == google.count("add-iam-policy-binding")
    assert len(policies) == ibm.count("service-policy-create")
    assert all(command.options.get("--member") and command.options.get("--role") for command in grants)


def test_no_setting_that_jobs_heed_opens_a_cloud() -> None:
    """What jobs may be told follows from the settings, so it is said here once what that must never be."""
    with_power = {"IBMCLOUD_API_KEY", "API_TOKEN", "GOOGLE_CLOUD_PROJECT", "CE_PROJECT_ID", "WEBHOOK_SECRET"}
    assert not with_power & JOB_VARIABLES


def test_no_stage_holds_a_cloud_library_with_which_to_start_jobs() -> None:
    import tomllib

    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    for name, packages in extras.items():
        if name.startswith("story") or name in ("gs", "s3"):
            assert not re.search(
                r"cloud-run|ibm-cloud|code-engine|kubernetes|\[cli|docker", " ".join(packages)
            )
