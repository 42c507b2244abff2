"""`reelwright`: the command line. One file per verb; this one only parses."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command

from jobs.catalogue import pipelines
from scripts.blueprint import app as blueprint
from scripts.platforms import EXPORTS
from shared.errors import BadRequest, UnknownName
from shared.pipelines.definition import Pipeline, named
from shared.settings import Settings
from shared.worker.entry import guarded

if TYPE_CHECKING:
    from jobs.desk import Desk

app = typer.Typer(
    name="reelwright",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    help="""Turn pictures, captions and speech into finished films.

    A [bold]creation[/] is one piece of work. What you put in lies under
    [bold]<creation_id>/assets/[/] in the store, and so does the film.

    [bold]reelwright run --help[/] lists the pipelines, [bold]reelwright run story --help[/] the options of
    one.

    [bold]reelwright run story --assets-dir my-story[/]  make a film from a folder\n
    [bold]reelwright run ad --product-name "Premium Watch" --style luxury
    --cta "Shop Now" --image watch.jpg[/]  make an ad\n
    [bold]reelwright status my-story[/]  show its state, what it used and cost\n
    [bold]reelwright resume my-story[/]  continue after a failure or an edit\n
    [bold]reelwright serve[/]  offer the same over HTTP

    Settings are environment variables. STORE_URL says where creations are kept,
    ENV and PLATFORM where jobs run. A paid provider is used if its key is set.
    [bold]reelwright settings[/] lists them all.
    """,
)
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show everything that the stages log.")]


class _Work:
    """Holds the settings once they have been read."""

    settings = Settings()


class _Pipelines(TyperGroup):
    """A sub-command for each pipeline: its own, or a general one that takes a folder of assets."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(pipelines())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        known = pipelines()
        if cmd_name not in known:
            raise UnknownName("pipeline", cmd_name, list(known))
        pipeline = known[cmd_name]
        command = named(pipeline.command) if pipeline.command else _of_folder(pipeline.name)
        single = typer.Typer(rich_markup_mode="rich", add_completion=False)
        single.command(name=pipeline.name, help=_guide(pipeline))(command)
        return get_command(single)


run = typer.Typer(cls=_Pipelines, no_args_is_help=True, help="Run a pipeline and watch it.")
app.add_typer(run, name="run")


@run.callback()
def open_desk(context: typer.Context) -> None:
    """Run a pipeline and watch it."""
    from scripts.run import RunDesk

    context.obj = RunDesk(settings=_Work.settings)


app.add_typer(blueprint, name="blueprint")


@blueprint.callback()
def open_settings(context: typer.Context) -> None:
    """Services that speak gRPC: run, check and draw an onboarding export of AI-Effect or AI4EU."""
    context.obj = _Work.settings


def _guide(pipeline: Pipeline) -> str:
    example = f"\n\n[bold]reelwright {escape(pipeline.examples.command)}[/]" if pipeline.examples else ""
    return f"{pipeline.description}\n\n{escape(' '.join(pipeline.guide.split()))}{example}"


def _of_folder(pipeline: str) -> Callable[..., None]:
    def run_folder(
        context: typer.Context,
        creation_id: Annotated[
            str | None, typer.Argument(help="Its creation ID; made from the folder's name if left out.")
        ] = None,
        assets_dir: Annotated[
            Path | None, typer.Option("--assets-dir", help="The folder that holds the assets.")
        ] = None,
        replace: Annotated[
            bool, typer.Option("--replace", help="Replace the other folder that has this creation ID.")
        ] = False,
        verbose: Verbose = False,
    ) -> None:
        desk: Desk = context.obj
        desk.make_of_folder(pipeline, creation_id, assets_dir, replace=replace, verbose=verbose)

    return run_folder


@app.command()
def status(
    creation_id: Annotated[str, typer.Argument(help="Its creation ID.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest, for programs.")] = False,
) -> None:
    """Show the state of a creation, what each stage used and what it cost."""
    from scripts.status import show_status

    show_status(_Work.settings, creation_id, as_json=as_json)


@app.command()
def cut(
    creation_id: Annotated[str, typer.Argument(help="Its creation ID.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; standard output without.")
    ] = None,
) -> None:
    """Write the cut of a finished film as OpenTimelineIO, for editors such as DaVinci Resolve."""
    from scripts.cut import write_cut

    write_cut(_Work.settings, creation_id, to)


@app.command()
def resume(
    creation_id: Annotated[str, typer.Argument(help="Its creation ID.")], verbose: Verbose = False
) -> None:
    """Run a creation again with the same parameters; finished work is not repeated."""
    from scripts.resume import resume as resume_run

    resume_run(_Work.settings, creation_id, verbose=verbose)


@app.command("list")
def list_command() -> None:
    """List all creations in the store and their states."""
    from scripts.list import list_creations

    list_creations(_Work.settings)


@app.command()
def cancel(creation_id: Annotated[str, typer.Argument(help="Its creation ID.")]) -> None:
    """Stop a creation's run; finished work is kept, and [bold]resume[/] continues it."""
    from scripts.cancel import cancel as cancel_run

    cancel_run(_Work.settings, creation_id)


@app.command()
def sweep() -> None:
    """Advance every run under way, as a scheduler does each minute in a cloud."""
    from scripts.sweep import sweep as sweep_all

    sweep_all(_Work.settings)


@app.command()
def settle(
    pipeline: Annotated[str, typer.Argument(help="Its pipeline.")],
    creation_id: Annotated[str, typer.Argument(help="Its creation ID.")],
    workflow: Annotated[str, typer.Option(help="The workflow's UID; its stages get it as REELWRIGHT_RUN.")],
    outcome: Annotated[str, typer.Option(help="How the workflow ended, e.g. Succeeded or Failed.")],
) -> None:
    """End a run that an Argo workflow drove; stages that have not ended by now are recorded as dead."""
    from scripts.cancel import settle as settle_run

    settle_run(_Work.settings, pipeline, creation_id, workflow=workflow, outcome=outcome)


@app.command()
def clean(
    older_than: Annotated[str, typer.Option("--older-than", help="Age since a run's end: 30d, 12h or 90m.")],
    keep: Annotated[
        str, typer.Option(help="Assets to keep: all, final (the film and its captions, poster …) or none.")
    ] = "final",
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without this they are only listed.")] = False,
) -> None:
    """Delete old data: assets and caches of ended runs, paid results, temporary folders."""
    from scripts.clean import clean as clean_up

    clean_up(_Work.settings, older_than=older_than, keep=keep, yes=yes)


db = typer.Typer(no_args_is_help=True, help="The database that mirrors the store (DATABASE_URL).")
app.add_typer(db, name="db")


@db.command()
def upgrade() -> None:
    """Create the tables or bring them up to date."""
    from scripts.db import upgrade as upgrade_database

    upgrade_database(_Work.settings)


@db.command()
def rebuild() -> None:
    """Rebuild the tables from the store."""
    from scripts.db import rebuild as rebuild_database

    rebuild_database(_Work.settings)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but loopback requires API_TOKEN.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8080,
    studio: Annotated[bool, typer.Option("--studio", help="Add the studio, a page for people.")] = False,
) -> None:
    """Start the HTTP server; /docs documents its routes."""
    from scripts.serve import serve as serve_http

    serve_http(_Work.settings, host, port, studio=studio)


@app.command()
def studio(
    server: Annotated[
        str | None,
        typer.Option(help="A server elsewhere, e.g. https://…; on loopback API_TOKEN is sent to it."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8080,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """Open the studio: a page where videos are made, watched and mended."""
    from scripts.studio import open_studio

    open_studio(_Work.settings, server=server, host=host, port=port, browser=browser)


@app.command()
def export(  # noqa: PLR0917 - each platform has its own options
    target: Annotated[
        str, typer.Argument(help=f"The platform: {', '.join(EXPORTS)}; or ai-effect, for one pipeline.")
    ],
    pipeline: Annotated[str, typer.Argument(help="ai-effect: the pipeline.")] = "",
    to: Annotated[Path, typer.Option(help="Folder to write to; here are the committed files.")] = Path(),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if files are stale.")] = False,
    image_prefix: Annotated[str, typer.Option(help="Registry and folder of the images.")] = "",
    tag: Annotated[str, typer.Option(help="The images' tag.")] = "",
    project: Annotated[str, typer.Option(help="cloudrun: the Google Cloud project.")] = "",
    region: Annotated[str, typer.Option(help="cloudrun, codeengine: the region.")] = "",
    bucket: Annotated[str, typer.Option(help="cloudrun, codeengine: where creations are kept.")] = "",
    audience: Annotated[str, typer.Option(help="cloudrun: the audience of events' ID tokens.")] = "",
    context: Annotated[str, typer.Option(help="codeengine: the project's Kubernetes context.")] = "",
    store_url: Annotated[str, typer.Option(help="argo, keda: where creations are kept.")] = "",
    brokers: Annotated[str, typer.Option(help="argo, keda: Kafka's brokers, host:port,...")] = "",
    job_prefix: Annotated[str, typer.Option(help="How the names of jobs start.", envvar="JOB_PREFIX")] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the containers; may be repeated."),
    ] = None,
) -> None:
    """Write a platform's deployment files from every pipeline.yaml: [bold]reelwright export cloudrun[/]."""
    from scripts.export import export as export_files
    from scripts.export import export_pipeline
    from shared.pipelines.deployed import named_values

    said = {
        "image_prefix": image_prefix, "tag": tag, "project": project, "region": region, "bucket": bucket,
        "audience": audience, "context": context, "store_url": store_url, "brokers": brokers,
        "job_prefix": job_prefix, "settings": named_values("--set", settings or []),
    }  # fmt: skip
    given = {name: value for name, value in said.items() if value}
    fresh = (
        export_pipeline(target, pipeline, given, to, check=check)
        if pipeline
        else export_files(target, given, to, check=check)
    )
    if not fresh:
        raise typer.Exit(1)


@app.command()
def settings() -> None:
    """List all settings, which are environment variables."""
    from scripts.settings import show_settings

    show_settings()


@app.command()
def voices(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Only voices of this language, e.g. de; or add and the names of neural voices."),
    ] = None,
    say: Annotated[str | None, typer.Option("--say", help="Speak this to a WAV file.")] = None,
    voice: Annotated[str | None, typer.Option("--voice", help="Whose voice --say is heard in.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="The file of --say, if not speech.wav.")] = None,
    every: Annotated[
        str | None, typer.Option("--all", metavar="LANGUAGE", help="add: all voices of a language, e.g. en.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="add: take them from this file or folder.")
    ] = None,
) -> None:
    """List the voices that story.json can name, hear one, or add more.

    [bold]reelwright voices en[/]\n
    [bold]reelwright voices --say "Good morning." --voice hugo --to hugo.wav[/]\n
    [bold]reelwright voices add af_heart[/]   [bold]reelwright voices add --all en --from folder[/]
    """
    from scripts.voices import add_voices, list_voices, say_sample

    first, others = (words[0], words[1:]) if words else (None, [])
    if first == "add":
        add_voices(_Work.settings, others, language=every, source=source)
    elif others or every or source:
        raise BadRequest("say `voices add` and the names to add voices; a list is of one language")
    elif say is not None:
        typer.echo(say_sample(_Work.settings, say, language=first, voice=voice, to=to))
    else:
        list_voices(_Work.settings, first)


def main() -> int:
    """Run the program; the exit code is 0 for done, 1 for failed, 2 for a bad request."""

    def work(settings: Settings) -> int:
        _Work.settings = settings
        app(prog_name="reelwright")  # raises SystemExit, with 2 for bad arguments
        return 0

    serves = sys.argv[1:2] in (["serve"], ["studio"])  # without a terminal, programs read its log
    return guarded(work, os.environ if serves else {"LOG_FORMAT": "text", **os.environ})


if __name__ == "__main__":
    sys.exit(main())
