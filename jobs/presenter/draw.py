"""draw: draws the slides in all their states and writes the deck as PDF and PPTX."""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.deck.slides import SLIDES_NAME
from jobs.presenter.film.drawn import DRAWN, Deck, State, deck_of, pages_in
from jobs.presenter.talk import OPTIONS_NAME, read_talk
from shared.machine.process import usable_cores
from shared.records.creation import Creation, canonical_json
from shared.stages.film_steps import fetch_assets, write_output
from shared.stages.stage import Context, Output, Result, Stage
from shared.worker.entry import stage_main

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Load = Callable[[str], NDArray[np.uint8]]

PDF_NAME: Final = "assets/slides.pdf"
PPTX_NAME: Final = "assets/slides.pptx"
_LIST_NAME: Final = "cache/drawn.json"
"""The names of all states' pictures."""
_BEGUN, _DRAWN = 0.05, 0.85


def picture_name(slide: int) -> str:
    """The asset with a slide's last state, from 1."""
    return f"assets/slides/{slide:03}.png"


def run(context: Context) -> Result:
    """The stage's work."""
    context.progress.update(0.02, "laying out the slides")
    deck = deck_of(context.creation, read_talk(context.creation, context.parameters))
    pictures = fetch_assets(context, sorted(deck.media))
    load = _loader(pictures)
    states = list(deck.states())
    last = _drawn(context, deck, states, load)
    context.progress.update(_DRAWN, "writing the deck as PDF and PPTX")
    names = sorted({state.name for state in states})
    return Result(
        outputs={
            **_slides(last),
            **_decks(context, deck, load),
            "drawn": write_output(context, _LIST_NAME, canonical_json(names), "the names of all pictures"),
        },
        metadata={"slides": len(deck.slides.slides), "pictures": len(states), "theme": deck.theme.name},
        keep={DRAWN: frozenset(names)},
    )


def _loader(pictures: dict[str, Path]) -> "Load":
    from shared.video.frames.pictures import load_picture

    def load(name: str) -> "NDArray[np.uint8]":
        return load_picture(pictures[name], name=name)

    return load


def _drawn(context: Context, deck: Deck, states: list[State], load: "Load") -> list[Path]:
    """Draw and store all states; returns the files of each slide's last one."""
    from jobs.presenter.drawing.states import draw_state

    folder = context.scratch / "slides"
    folder.mkdir()
    count = len(deck.slides.slides)

    def draw(number: int) -> Path:
        state = states[number]
        slide = deck.slides.slides[state.slide]
        picture = draw_state(
            slide, deck.canvas, deck.theme, shown=state.shown, number=state.slide + 1, count=count, load=load
        )
        path = folder / f"{state.slide + 1:03}-{state.shown}.png"
        picture.save(path, compress_level=1)
        context.creation.upload_once(path, state.name)
        part = _BEGUN + (_DRAWN - _BEGUN) * (number + 1) / len(states)
        context.progress.update(part, f"drew {number + 1} of {len(states)} pictures")
        return path

    with ThreadPoolExecutor(context.settings.cores or usable_cores(), thread_name_prefix="draw") as pool:
        paths = list(pool.map(draw, range(len(states))))
    return [path for path, state in zip(paths, states, strict=True) if _is_last(deck, state)]


def _is_last(deck: Deck, state: State) -> bool:
    return state.shown + 1 == deck.slides.slides[state.slide].states


def _decks(context: Context, deck: Deck, load: "Load") -> dict[str, Output]:
    from jobs.presenter.drawing.written.pdf import write_pdf
    from jobs.presenter.drawing.written.pptx import write_pptx

    pdf, pptx = context.scratch / "slides.pdf", context.scratch / "slides.pptx"
    canvas = replace(deck.canvas, keep_free=None, floor=0)
    write_pdf(deck.slides, canvas, deck.theme, load, pdf)
    write_pptx(deck.slides, canvas, deck.theme, load, pptx)
    return {
        "pdf": Output(name=PDF_NAME, path=pdf, description="the slides, PDF"),
        "pptx": Output(name=PPTX_NAME, path=pptx, description="the slides with notes, PowerPoint"),
    }


def _slides(last: list[Path]) -> dict[str, Output]:
    return {
        f"slide_{number:03}": Output(name=picture_name(number), path=path, description=f"slide {number}")
        for number, path in enumerate(last, 1)
    }


def _inputs(creation: Creation) -> list[str]:
    options = [OPTIONS_NAME] if creation.stat(OPTIONS_NAME) else []
    return [SLIDES_NAME, *options, *pages_in(creation)]


def _pictures_stand(creation: Creation) -> bool:
    """Whether the pictures of all states are in the store."""
    there = {name for name, _ in creation.list(DRAWN)}
    return there.issuperset(json.loads(creation.read(_LIST_NAME)[0]))


STAGE: Final = Stage(
    pipeline="presenter", name="draw", version=1, inputs=_inputs, run=run, stands=_pictures_stand
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
