"""`reelwright run ad`: makes an ad from options, or prints its price."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from jobs.ad.brief import ASPECT_RATIOS, Brief, check_files, write_brief
from jobs.ad.plan.estimate import prices
from jobs.ad.styles import DEFAULT_STYLE, style_names
from jobs.desk import Desk
from shared.accepted import PICTURE_NAMES
from shared.errors import BadRequest
from shared.records.creation import Creation, check_creation_id
from shared.records.documents import Source
from shared.records.naming import creation_id_of_product
from shared.settings import Settings

_OPTIONS = {
    "product_name": "--product-name",
    "style": "--style",
    "cta_text": "--cta",
    "variation": "--variation",
    "proof": "--proof",
    "aspect_ratio": "--aspect-ratio",
}


@dataclass(frozen=True, kw_only=True)
class AdOptions:
    """The options of the command."""

    product_name: str
    style: str
    cta_text: str
    image: Path | None = None
    music: Path | None = None
    variation: int = 0
    captions: bool = False
    proof: str | None = None
    aspect_ratio: str = "9:16"

    @property
    def brief(self) -> Brief:
        """The brief; raises `BadRequest` naming every option that is wrong."""
        try:
            return Brief(
                product_name=self.product_name,
                style=self.style,
                cta_text=self.cta_text,
                variation=self.variation,
                captions=self.captions,
                proof=self.proof,
                aspect_ratio=self.aspect_ratio,
            )
        except ValidationError as error:
            problems = [_problem(str(each["loc"][0]), each["msg"]) for each in error.errors()]
            raise BadRequest(*problems) from None

    @property
    def words(self) -> str:
        """The options as one types them."""
        said = {"--product-name": self.product_name, "--style": self.style, "--cta": self.cta_text}
        optional = {
            "--image": self.image,
            "--music": self.music,
            "--variation": self.variation or None,
            "--proof": self.proof,
            "--aspect-ratio": None if self.aspect_ratio == "9:16" else self.aspect_ratio,
        }
        given = {name: str(value) for name, value in {**said, **optional}.items() if value is not None}
        words = [word for pair in given.items() for word in pair]
        return shlex.join([*words, "--captions"] if self.captions else words)


def _problem(field: str, message: str) -> str:
    if field == "variation":
        return f"{_OPTIONS[field]}: must be a number from 0 to 1000000"
    return f"{_OPTIONS[field]}: {message.removeprefix('Value error, ')}"


def run_ad(  # noqa: PLR0917 - each is an option
    context: typer.Context,
    creation_id: Annotated[
        str | None, typer.Argument(help="Its creation ID; made from the product and style if left out.")
    ] = None,
    product_name: Annotated[str, typer.Option(help="The product's name, up to 100 characters.")] = "",
    style: Annotated[str, typer.Option(help=f"One of {', '.join(style_names())}.")] = DEFAULT_STYLE,
    cta: Annotated[str, typer.Option(help="The call to action, up to 50 characters.")] = "Shop Now",
    image: Annotated[
        Path | None, typer.Option(help=f"The product's picture: {PICTURE_NAMES}, up to 10 MB.")
    ] = None,
    music: Annotated[Path | None, typer.Option(help="Your own music; composed if left out.")] = None,
    variation: Annotated[int, typer.Option(help="Another number makes another ad from the same brief.")] = 0,
    captions: Annotated[
        bool, typer.Option("--captions", help="Draw the spoken words into the film.")
    ] = False,
    proof: Annotated[
        str | None,
        typer.Option(help='What others say about it, word for word: "4.8 stars from 2,100 reviews".'),
    ] = None,
    aspect_ratio: Annotated[
        str, typer.Option(help=f"Width to height: {', '.join(ASPECT_RATIOS[:-1])} or {ASPECT_RATIOS[-1]}.")
    ] = ASPECT_RATIOS[0],
    assets_dir: Annotated[
        Path | None, typer.Option("--assets-dir", help="A folder with ad.json, instead of these options.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the other product that has this creation ID.")
    ] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Print what it will cost, and stop.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show everything that the stages log.")
    ] = False,
) -> None:
    desk: Desk = context.obj
    if assets_dir is not None or (creation_id is not None and not product_name and not estimate):
        desk.make_of_folder("ad", creation_id, assets_dir, replace=replace, verbose=verbose)
        return
    if not product_name:
        raise BadRequest('name the product: --product-name "<your product>", or --assets-dir <folder>')
    options = AdOptions(
        product_name=product_name,
        style=style,
        cta_text=cta,
        image=image,
        music=music,
        variation=variation,
        captions=captions,
        proof=proof,
        aspect_ratio=aspect_ratio,
    )
    if estimate:
        show_estimate(desk.settings, options)
    else:
        make_ad(desk, creation_id, options, replace=replace, verbose=verbose)


def make_ad(
    desk: Desk, creation_id: str | None, options: AdOptions, *, replace: bool = False, verbose: bool = False
) -> None:
    """Make the ad and show its progress; raises `StageFailed` or `BadRequest` if it fails.

    A creation made for another product is refused, unless `creation_id` names it or `replace` is set.
    """
    brief = options.brief
    found = check_creation_id(creation_id or creation_id_of_product(brief.product_name, brief.style, "ad"))

    def bring(creation: Creation) -> None:
        write_brief(creation, brief, picture=options.image, music=options.music)

    desk.make(
        "ad",
        found,
        Source(product=brief.product_name),
        bring,
        again=f"{found} {options.words}",
        replace=replace or creation_id is not None,
        verbose=verbose,
    )


def estimate_usd(settings: Settings, options: AdOptions) -> dict[str, float]:
    """US dollars at list prices, by component; uses no network and makes nothing.

    Raises `BadRequest` for what `make_ad` would refuse.
    """
    brief = options.brief
    check_files(picture=options.image, music=options.music)
    return prices(settings, brief, with_picture=options.image is not None)


def show_estimate(settings: Settings, options: AdOptions) -> None:
    """Print the price as a table on stdout."""
    found = estimate_usd(settings, options)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for component, usd in found.items():
        table.add_row(component, f"${usd:.4f}")
    table.add_row("[bold]total[/]", f"[bold]${sum(found.values()):.4f}[/]")
    Console().print(table)
    note = "list prices of the providers; results already bought, for any creation, are free"
    Console(stderr=True).print(note, style="dim")
