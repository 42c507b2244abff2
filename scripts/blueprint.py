"""`reelwright blueprint`: runs, checks and draws onboarding exports; and the two generators that write
them."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from shared.errors import BadRequest
from shared.pipelines.deployed import named_values
from shared.settings import Settings
from shared.worker.entry import DONE, guarded

app = typer.Typer(no_args_is_help=True)
Folder = Annotated[
    Path, typer.Argument(help="The onboarding export: blueprint.json, dockerinfo.json, microservice/.")
]
_MOST_INPUT_BYTES: Final = 4 << 20


@app.command()
def run(  # noqa: PLR0917 - options of a command
    context: typer.Context,
    export_dir: Folder,
    said: Annotated[
        str, typer.Option("--input", metavar="JSON", help="Fields of requests, or @FILE; also by container.")
    ] = "{}",
    creation_id: Annotated[
        str, typer.Option("--id", help="Its creation ID; made from the folder's name.")
    ] = "",
    address: Annotated[
        list[str] | None,
        typer.Option(metavar="CONTAINER=HOST:PORT", help="Where a service is; may be repeated."),
    ] = None,
    base_port: Annotated[
        int, typer.Option(min=1, max=65535, help="The first service's port, if no file names it.")
    ] = 50051,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds that one call may take.")] = 600.0,
    wait: Annotated[
        float, typer.Option(min=0.1, help="Seconds within which a service must be healthy.")
    ] = 15.0,
    trust: Annotated[
        Path | None, typer.Option(help="Speak TLS and trust the certificates in this PEM file.")
    ] = None,
    server_name: Annotated[str, typer.Option(help="The name in the services' certificates.")] = "",
    rounds: Annotated[
        int,
        typer.Option(min=0, help="How often a first RPC that takes nothing is called; 0: while it has data."),
    ] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over, also after a failure.")] = False,
) -> None:
    """Call an export's RPCs level by level. After a failure the same command goes on from the last good
    level."""
    from scripts.blueprint_run import run_export
    from shared.driving.calling import Manner

    manner = Manner(deadline_s=deadline, wait_s=wait, trusted=trust, server_name=server_name)
    run_export(
        context.obj,
        export_dir,
        creation_id=creation_id,
        said=read_input(said),
        addresses=named_values("--address", address or []),
        base_port=base_port,
        manner=manner,
        fresh=fresh,
        rounds=rounds,
    )


@app.command()
def validate(
    export_dir: Folder,
    dialect: Annotated[
        str, typer.Option(help="Whose rules: ai-effect or ai4eu; the export's own if left out.")
    ] = "",
) -> None:
    """List all that is wrong with an export; exit code 2 if anything is."""
    from shared.blueprints.folders import read_export

    export = read_export(export_dir, _dialect(dialect) if dialect else None)
    graph = export.graph
    sys.stdout.write(f"valid: {len(export.blueprint.nodes)} services, {len(graph.levels)} levels\n")


@app.command()
def draw(
    export_dir: Folder,
    to: Annotated[Path | None, typer.Option("--to", help="The SVG file; stdout if left out.")] = None,
) -> None:
    """Draw an export's graph as SVG."""
    from shared.blueprints.drawing import draw as draw_export
    from shared.blueprints.folders import read_export, write_text

    text = draw_export(read_export(export_dir, "ai-effect"))
    if to is None:
        sys.stdout.write(text)
    else:
        write_text(to, text)
        sys.stdout.write(f"{to}\n")


def _dialect(text: str) -> Any:
    if text not in ("ai-effect", "ai4eu"):
        raise BadRequest(f"unknown dialect {text!r}; known: ai-effect, ai4eu")
    return text


def read_input(text: str) -> dict[str, Any]:
    """The object that `--input` gives, as JSON or as @FILE; raises `BadRequest`."""
    try:
        if text.startswith("@"):
            with Path(text[1:]).open("rb") as file:
                text = file.read(_MOST_INPUT_BYTES).decode("utf-8")
        found = json.loads(text)
    except OSError as error:
        raise BadRequest(f"--input {text}: can't be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"--input: is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadRequest("--input: write a JSON object with fields of requests")
    return found


def onboarding_main(arguments: Sequence[str] | None = None) -> int:
    """`onboarding-export-generator.py <use_case_dir> <output_dir>`."""
    parser = argparse.ArgumentParser(
        prog="onboarding-export-generator.py", description="Write the onboarding export of a use case."
    )
    parser.add_argument("use_case_dir", type=Path, help="holds connections.json and services/*/proto/*.proto")
    parser.add_argument("output_dir", type=Path, help="where the export is written")
    parser.add_argument("--overwrite", action="store_true", help="replace the export that is there")
    parser.add_argument("--dialect", choices=["ai-effect", "ai4eu"], help="ai-effect if left out")
    parser.add_argument("--registry", help="of the images; localhost:5000 if left out")
    parser.add_argument("--tag", help="of the images; latest if left out")
    parser.add_argument(
        "--base-port", type=int, help="of the first service, in ai4eu's dockerinfo; 50051 if left out"
    )
    parser.add_argument("--pipeline-id", help="a new UUID if left out")
    parser.add_argument("--creation-date", help="now if left out")
    asked = parser.parse_args(arguments)
    names = ("dialect", "registry", "tag", "base_port", "pipeline_id", "creation_date")
    options = {name: value for name in names if (value := getattr(asked, name)) is not None}

    def work() -> None:
        from shared.blueprints.folders import write_folder
        from shared.blueprints.generating import ExportOptions, generate

        export = generate(asked.use_case_dir, _valid(ExportOptions, options))
        files = export.files()
        write_folder(files, asked.output_dir, overwrite=asked.overwrite)
        sys.stdout.writelines(f"{asked.output_dir / path}\n" for path in files)
        _print_next(f"python orchestrator/scripts/docker-compose-generator.py {asked.output_dir}")

    return _guarded(work)


def compose_main(arguments: Sequence[str] | None = None) -> int:
    """`docker-compose-generator.py <onboarding_dir>`."""
    parser = argparse.ArgumentParser(
        prog="docker-compose-generator.py",
        description="Write the docker-compose.yml of an onboarding export, or of a use case for development.",
    )
    parser.add_argument("onboarding_dir", type=Path, help="an onboarding export, or a use case")
    parser.add_argument("--output", type=Path, help="another file than docker-compose.yml in that folder")
    parser.add_argument("--base-port", type=int, help="of the first service; 50051 if left out")
    parser.add_argument("--network", help="its name; ai-effect-pipeline if left out")
    parser.add_argument("--bind", help="the host's address for the ports; 127.0.0.1 if left out")
    parser.add_argument(
        "--no-health-checks", action="store_true", help="for images without the program grpc_health_probe"
    )
    asked = parser.parse_args(arguments)
    options = {
        name: value
        for name in ("base_port", "network", "bind")
        if (value := getattr(asked, name)) is not None
    }

    def work() -> None:
        from shared.blueprints.compose import ComposeOptions
        from shared.blueprints.folders import COMPOSE, write_text

        said = options | {"health_checks": not asked.no_health_checks}
        text = _composed(asked.onboarding_dir, _valid(ComposeOptions, said))
        path = asked.output or asked.onboarding_dir / COMPOSE
        write_text(path, text)
        sys.stdout.write(f"{path}\n")
        _print_next(f"docker-compose -f {path} up -d")

    return _guarded(work)


def _composed(folder: Path, options: Any) -> str:
    """The text of the compose file: of a use case if the folder holds connections.json, else of an export."""
    from shared.blueprints.compose import development, production
    from shared.blueprints.folders import read_export
    from shared.blueprints.generating import CONNECTIONS, read_use_case

    if (folder / CONNECTIONS).exists():
        return development(*read_use_case(folder), options)
    return production(read_export(folder, "ai-effect"), options)


def _valid(kind: Any, said: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from shared.validation import problems_of

    try:
        return kind.model_validate(said)
    except ValidationError as error:
        raise BadRequest(problems_of(error)) from None


def _print_next(command: str) -> None:
    sys.stderr.write(f"\nnext:\n  {command}\n")


def _guarded(work: Callable[[], None]) -> int:
    def with_settings(_settings: Settings) -> int:
        work()
        return DONE

    return guarded(with_settings, {"LOG_FORMAT": "text", **os.environ})


if __name__ == "__main__":
    from shared.blueprints.connections import json_schema

    sys.stdout.write(json_schema())
