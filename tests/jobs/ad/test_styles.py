"""Styles: a new one is a data file, a new look a folder and a line."""

import json
from collections.abc import Iterator
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from jobs.ad import styles
from jobs.ad.brief import BRIEF_NAME, Brief
from jobs.ad.copy.vocabulary import vocabulary
from jobs.ad.looks import LOOKS, drawing_named
from jobs.ad.looks.drawing import Drawing
from jobs.ad.music.moods import MOODS, piece_for
from jobs.ad.plan.direction import Filmed, Footage, direct_ad
from jobs.ad.plan.script import read_script
from jobs.ad.scenery import ClipOrder
from jobs.ad.scenery.filming import set_up
from jobs.ad.scenery.product.cutout import Cutout
from jobs.ad.script_gen import STAGE, ad_brief
from jobs.ad.styles import DEFAULT_STYLE, style_named, style_names
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore
from tests.jobs.ad.makings import context_of, voiceovers_of

FOOTAGE = Footage(
    clips={scene: Filmed(name=f"assets/{scene}.mp4", content_hash=f"clip {scene}") for scene in range(1, 5)},
    cta=Filmed(name="assets/cta.png", content_hash="cta"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the styles' files, which is where styles come from."""
    for file in files("jobs.ad.styles").iterdir():
        if file.name.endswith(".yaml"):
            (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(styles, "FOLDER", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    style_names.cache_clear()
    style_named.cache_clear()


def write_neon(folder: Path, *more: tuple[str, str]) -> None:
    """A fifth style, with the look, the mood and the sentences of another but a slower beat."""
    text = (folder / "energetic.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("name: energetic\ntone", "name: neon\ntone"),
        ("tempo_bpm: 124", "tempo_bpm: 100"),
        *more,
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "neon.yaml").write_text(text, encoding="utf-8")


def test_every_look_is_listed_and_has_all_its_pieces() -> None:
    home = Path(__file__).parents[3] / "jobs" / "ad" / "looks"
    there = {path.parent.name for path in home.glob("*/__init__.py")}
    wrong = [
        f"jobs/ad/looks/{name} has no line in LOOKS of jobs/ad/looks/__init__.py"
        for name in there - LOOKS.keys()
    ]
    for name in LOOKS:
        try:
            drawing = drawing_named(name)
        except (ImportError, TypeError) as error:
            wrong.append(f"jobs/ad/looks/{name}: {error}")
            continue
        wrong += [f"jobs/ad/looks/{name} makes no Drawing"] * (not isinstance(drawing, Drawing))
        wrong += [f"jobs/ad/looks/{name} has {len(drawing.scenes)} scenes, not 4"] * (
            len(drawing.scenes) != 4
        )
    assert wrong == [], "\n".join(wrong)


def test_what_styles_name_is_there() -> None:
    assert DEFAULT_STYLE in style_names()
    assert {style_named(name).lines for name in style_names()} <= vocabulary().styles.keys()
    assert all(callable(piece_for(mood)) for mood in MOODS)


def test_a_fifth_style_is_one_file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    write_neon(folder)
    creation = Creation(MemoryStore(), "neon-watch")
    brief = Brief(product_name="Premium Watch", style="neon", cta_text="Shop Now")
    creation.write(BRIEF_NAME, json.dumps(brief.as_json).encode())
    scratch = tmp_path_factory.mktemp("scratch")
    result = STAGE.run(context_of(creation, scratch))
    creation.write("assets/script.json", result.outputs["script"].path.read_bytes())
    script = read_script(creation)
    timeline = direct_ad(script, style_named("neon"), voiceovers_of(), FOOTAGE, music=None, fonts=())
    assert script.style == "neon"
    assert script.hook in vocabulary().styles["energetic"].hooks
    assert timeline.duration_s == pytest.approx(30)
    with pytest.raises(ValueError, match="minimal, neon"):
        Brief(product_name="Premium Watch", style="cheap", cta_text="Shop Now")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("look:\n  name: energetic", "look:\n  name: soft"), "look: unknown look 'soft'; use one of bold,"),
        (("mood: energetic", "mood: sad"), "music.mood: unknown mood 'sad'; use one of bold,"),
        (("name: neon", "name: noen"), "name: is 'noen'; write the file's own, neon"),
    ],
)
def test_a_style_that_names_what_is_not_there_is_refused(
    folder: Path, more: tuple[str, str], said: str
) -> None:
    write_neon(folder, more)
    with pytest.raises(BadRequest, match=r"neon\.yaml") as refused:
        style_named("neon")
    assert said in str(refused.value)


def frame(name: str, tempo_bpm: float, at: float) -> NDArray[np.int64]:
    """A moment of the second scene, at this tempo."""
    order = ClipOrder(
        prompt="",
        product=None,
        colours=(),
        width=54,
        height=96,
        frames=8,
        frame_rate=Fraction(30),
        look=style_named(name).look,
        tempo_bpm=tempo_bpm,
        scene=2,
    )
    pixels = np.random.default_rng(1).integers(0, 255, (60, 40, 4), np.uint8)
    canvas, scene = set_up(order, Cutout(rgba=pixels, kind="card"))
    scene.draw(canvas, at)
    return canvas.pixels[..., :3].astype(np.int64)


@pytest.mark.parametrize("tempo_bpm", [124, 100])
def test_close_looks_are_cut_on_every_second_beat_of_the_music(tempo_bpm: float) -> None:
    cut_s = 2 * 60 / tempo_bpm
    before, after, later = (frame("energetic", tempo_bpm, cut_s + s) for s in (-0.01, 0.01, 0.03))
    assert np.abs(after - before).mean() > 2 * np.abs(later - after).mean()


@pytest.mark.parametrize("tempo_bpm", [92, 100])
def test_a_block_covers_the_frame_on_every_fourth_beat_of_the_music(tempo_bpm: float) -> None:
    covered, open_ = (frame("bold", tempo_bpm, 4 * 60 / tempo_bpm + s) for s in (0.0, 0.4))
    assert covered[:40].std(axis=(0, 1)).max() < 5 < open_[:40].std(axis=(0, 1)).max()


def test_what_a_model_is_asked_has_nothing_of_the_built_in_lines() -> None:
    brief = Brief(product_name="Premium Watch", style="bold", cta_text="Shop Now")
    assert "lines" not in ad_brief(brief, style_named("bold")).model_dump()
