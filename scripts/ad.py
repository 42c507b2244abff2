"""`reelwright run ad`: a brief from the command line becomes assets, then an ad; or only its price."""

import shlex
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from jobs.ad.card import image_provider
from jobs.ad.copy import text_provider
from jobs.ad.plan.pace import windows_of
from jobs.ad.scenery import video_provider
from jobs.ad.script_gen import ad_brief
from jobs.ad.styles import style_named
from scripts.follow import LogPanel
from scripts.naming import creation_id_of_product
from scripts.run import watch
from scripts.source import claim_creation
from scripts.wiring import make_trigger
from shared.brief import Brief, check_files, write_brief
from shared.errors import BadRequest
from shared.providers.account import Account
from shared.providers.speech import speech_provider
from shared.records.creation import Creation, check_creation_id
from shared.records.documents import Source
from shared.runs.status import RunStatus
from shared.settings import Settings

_LETTERS_A_WORD = 6
_OPTIONS = {
    "product_name": "--product-name",
    "style": "--style",
    "cta_text": "--cta",
    "variation": "--variation",
    "proof": "--proof",
}


@dataclass(frozen=True, kw_only=True)
class AdOptions:
    """What was typed."""

    product_name: str
    style: str
    cta_text: str
    image: Path | None = None
    music: Path | None = None
    variation: int = 0
    captions: bool = False
    proof: str | None = None

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
            )
        except ValidationError as error:
            problems = [_problem(str(each["loc"][0]), each["msg"]) for each in error.errors()]
            raise BadRequest(*problems) from None

    @property
    def words(self) -> str:
        """The options as they are typed."""
        said = {"--product-name": self.product_name, "--style": self.style, "--cta": self.cta_text}
        optional = {
            "--image": self.image,
            "--music": self.music,
            "--variation": self.variation or None,
            "--proof": self.proof,
        }
        given = {name: str(value) for name, value in {**said, **optional}.items() if value is not None}
        words = [word for pair in given.items() for word in pair]
        return shlex.join([*words, "--captions"] if self.captions else words)


def _problem(field: str, message: str) -> str:
    if field == "variation":
        return f"{_OPTIONS[field]}: must be a number from 0 to 1000000"
    return f"{_OPTIONS[field]}: {message.removeprefix('Value error, ')}"


def run_ad(
    settings: Settings,
    creation_id: str | None,
    options: AdOptions,
    *,
    replace: bool = False,
    verbose: bool,
) -> RunStatus:
    """Make the ad and show how it goes on; raises `StageFailed` or `BadRequest` when it failed.

    Who names the creation may change the product; with `replace` it may take the place of another one's.
    """
    brief = options.brief
    console = Console(stderr=True)
    replace = replace or creation_id is not None
    creation_id = check_creation_id(creation_id or creation_id_of_product(brief.product_name, brief.style))
    trigger = make_trigger(settings, on_log=LogPanel(console, verbose=verbose))
    creation = Creation(trigger.store, creation_id)
    claim_creation(creation, Source(product=brief.product_name), "ad", replace=replace)
    write_brief(creation, brief, picture=options.image, music=options.music)
    console.print("making the ad; without paid providers that takes a minute or two", style="dim")
    start = partial(trigger.start, "ad", creation_id)
    return watch(trigger, creation_id, console, start, again=f"run ad {creation_id} {options.words}")


def estimate(settings: Settings, options: AdOptions) -> dict[str, float]:
    """US dollars, list price, by component; asks nothing of the network, and makes nothing.

    Raises `BadRequest` for what `run_ad` would refuse.
    """
    brief = options.brief
    check_files(picture=options.image, music=options.music)
    style = style_named(brief.style)
    nothing = Account.closed()
    letters = _LETTERS_A_WORD * sum(window.words for window in windows_of(style))
    text = text_provider(settings, nothing)
    speech = speech_provider(settings, nothing)
    video = video_provider(settings, nothing)
    image = image_provider(settings, nothing)
    filming = sum(video.estimate_usd(scene.seconds) for scene in style.scenes)
    return {
        f"script ({text.name})": text.estimate_usd(
            ad_brief(brief, style), with_picture=options.image is not None
        ),
        f"4 voice-overs ({speech.name})": speech.estimate_usd(letters),
        f"4 scenes ({video.name})": filming,
        f"call to action ({image.name})": image.estimate_usd(),
    }


def show_estimate(settings: Settings, options: AdOptions) -> None:
    """The price as a table on stdout."""
    prices = estimate(settings, options)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for component, usd in prices.items():
        table.add_row(component, f"${usd:.4f}")
    table.add_row("[bold]total[/]", f"[bold]${sum(prices.values()):.4f}[/]")
    Console().print(table)
    note = "list prices of the providers; what was bought before, for any creation, costs nothing again"
    Console(stderr=True).print(note, style="dim")
