"""Films drawn by code: each style and scene its own view, always moving, whatever the product's picture."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from jobs.ad.scenery import ClipOrder
from jobs.ad.scenery.film_maker import MotionProvider
from jobs.ad.scenery.filming import set_up, shown
from jobs.ad.scenery.look import Look
from jobs.ad.scenery.product import sculpture
from jobs.ad.scenery.product.cutout import Cutout, cut_out, outlined
from jobs.ad.scenery.product.details import details
from jobs.ad.styles import style_named, style_names
from shared.errors import InvalidAssets, Stopped
from tests.support.films import tracks

Pixels = NDArray[np.uint8]
SIZE = (108, 192)
SCENES = (1, 2, 3, 4)
RATE = Fraction(30)


def order(style: str, scene: int, *, product: Path | None = None, frames: int = 8) -> ClipOrder:
    return ClipOrder(
        prompt="",
        product=product,
        colours=("#2050C0",),
        width=SIZE[0],
        height=SIZE[1],
        frames=frames,
        frame_rate=RATE,
        look=look_of(style),
        tempo_bpm=style_named(style).music.tempo_bpm,
        scene=scene,
    )


def look_of(style: str) -> Look:
    return style_named(style).look


def drawn(style: str, scene: int, cutout: Cutout, moments: list[float]) -> list[Pixels]:
    """Frames (h, w, 3) at these seconds."""
    canvas, what = set_up(order(style, scene), cutout)
    frames = []
    for at in moments:
        what.draw(canvas, at)
        frames.append(canvas.pixels[..., :3].copy())
    return frames


def picture(path: Path, ground: tuple[int, int, int], product: tuple[int, int, int]) -> Path:
    """A bottle of one colour, with a label, on a plain ground with a soft shadow."""
    image = Image.new("RGB", (300, 400), ground)
    shadow = Image.new("L", image.size, 0)
    ImageDraw.Draw(shadow).ellipse((70, 335, 230, 375), fill=60)
    image.paste((0, 0, 0), mask=shadow.filter(ImageFilter.GaussianBlur(12)))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((100, 110, 200, 360), 22, fill=product)
    pen.rectangle((130, 40, 170, 130), fill=product)
    pen.rectangle((101, 200, 199, 280), fill=(230, 180, 60))
    for row in range(4):
        pen.line((115, 215 + 16 * row, 185, 215 + 16 * row), fill=(40, 40, 40), width=3)
    image.save(path)
    return path


@pytest.fixture(autouse=True, scope="module")
def _coarse_sculptures() -> Iterator[None]:
    """They are drawn as finely as these small frames need."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sculpture, "_FINE", 300)
        patch.setattr(sculpture, "_SIDE", 250)
        sculpture.sculpture.cache_clear()
        yield
        sculpture.sculpture.cache_clear()


@pytest.fixture(scope="module")
def bottle(tmp_path_factory: pytest.TempPathFactory) -> Cutout:
    return cut_out(picture(tmp_path_factory.mktemp("bottle") / "b.png", (255, 255, 255), (30, 60, 120)))


def test_a_product_on_white_is_cut_out_without_its_shadow(bottle: Cutout) -> None:
    alpha = bottle.rgba[..., 3]
    assert bottle.kind == "cut"
    assert bottle.aspect == pytest.approx(100 / 320, rel=0.06)
    assert alpha[alpha.shape[0] // 2, 12:-12].min() > 240
    assert alpha[0, 0] == alpha[20, 2] == 0


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_an_alpha_channel_is_the_matte(tmp_path: Path, kind: str) -> None:
    image = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((40, 10, 160, 90), fill=(200, 30, 30, 255))
    image.save(tmp_path / f"p.{kind}")
    cutout = cut_out(tmp_path / f"p.{kind}")
    assert cutout.kind == "cut"
    assert cutout.aspect == pytest.approx(1.5, rel=0.05)
    half_seen = (cutout.rgba[..., 3] > 20) & (cutout.rgba[..., 3] < 200)
    assert np.abs(cutout.rgba[half_seen][:, :3].astype(int) - (200, 30, 30)).max() < 30


def test_a_phones_picture_is_cut_out_upright() -> None:
    cutout = cut_out(Path(__file__).parents[3] / "shared" / "video" / "frames" / "heic" / "clear.heic")
    assert cutout.kind == "cut"
    assert cutout.rgba[10, -10, 3] == 0


def white_mug(path: Path, body: int, ground: int = 255) -> Path:
    """A mug, its sides a little darker, on a ground of about its colour with a soft shadow."""
    image = Image.new("RGB", (400, 500), (ground,) * 3)
    shadow = Image.new("L", image.size, 0)
    ImageDraw.Draw(shadow).ellipse((90, 385, 340, 430), fill=70)
    image.paste((0, 0, 0), mask=shadow.filter(ImageFilter.GaussianBlur(14)))
    across = np.clip((np.arange(400) - 110) / 180, 0, 1)
    sides = np.repeat((body - 30 * ((across - 0.35) / 0.65) ** 2)[None], 500, axis=0)
    shape = Image.new("L", (1600, 2000), 0)
    pen = ImageDraw.Draw(shape)
    pen.ellipse((1040, 760, 1440, 1320), fill=255)
    pen.ellipse((1120, 850, 1360, 1230), fill=0)
    pen.rounded_rectangle((440, 500, 1160, 1640), 60, fill=255)
    side = Image.fromarray(np.rint(sides).astype(np.uint8)).convert("RGB")
    ImageDraw.Draw(side).rectangle((118, 133, 282, 140), fill=(body - 30,) * 3)
    image.paste(side, mask=shape.resize(image.size, Image.Resampling.LANCZOS))
    image.save(path)
    return path


@pytest.mark.parametrize(("body", "ground"), [(252, 255), (240, 255), (252, 200)])
def test_white_goods_on_white_are_cut_out_whole(tmp_path: Path, body: int, ground: int) -> None:
    cutout = cut_out(white_mug(tmp_path / "mug.png", body, ground))
    alpha = cutout.rgba[..., 3]
    assert cutout.kind == "cut"
    assert cutout.aspect == pytest.approx(250 / 285, rel=0.04)
    assert alpha[20:-20, 20 : alpha.shape[1] // 2].min() > 240
    assert alpha[: alpha.shape[0] // 8, -alpha.shape[1] // 6 :].max() < 20


def test_goods_that_are_lost_on_their_ground_are_said_to_be(tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "white").save(tmp_path / "white.png")
    for name, warned in (("white", 1), ("blue", 0)):
        if not warned:
            picture(tmp_path / "blue.png", (255, 255, 255), (30, 60, 120))
        provider = MotionProvider(cores=1)
        wanted = order("minimal", 1, product=tmp_path / f"{name}.png", frames=1)
        provider.film(wanted, tmp_path / "c.mp4", on_progress=lambda _: None)
        assert len(provider.warnings) == warned
        assert all("transparent background" in each for each in provider.warnings)


def noise(path: Path) -> Path:
    pixels = np.random.default_rng(3).integers(0, 255, (40, 50, 3), np.uint8)
    Image.fromarray(pixels).resize((250, 200), Image.Resampling.NEAREST).save(path)
    return path


def dark_on_dark(path: Path) -> Path:
    """A bottle whose sides get lost in the dark."""
    pixels = np.full((400, 300, 3), 20.0)
    across = np.arange(100)
    pixels[110:360, 100:200] += (30 * np.cos(across / 11) ** 2)[:, None]
    pixels[200:280, 120:180] = (200, 190, 160)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize("make", [noise, dark_on_dark])
def test_what_cannot_be_told_from_its_background_becomes_a_card(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    cutout = cut_out(make(tmp_path / "p.png"))
    alpha = cutout.rgba[..., 3]
    assert cutout.kind == "card"
    assert alpha[0, 0] == 0
    assert alpha[alpha.shape[0] // 2].min() == 255


@pytest.mark.parametrize(("size", "aspect"), [((1000, 60), 16 / 9), ((60, 1000), 9 / 16), ((20, 20), 1.0)])
def test_cards_keep_a_shape_that_can_be_shown(size: tuple[int, int], aspect: float, tmp_path: Path) -> None:
    pixels = np.random.default_rng(4).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    assert cut_out(tmp_path / "p.png").aspect == pytest.approx(aspect, rel=0.05)


def test_a_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_text("no picture")
    with pytest.raises(InvalidAssets):
        MotionProvider(cores=1).film(
            order("bold", 1, product=tmp_path / "p.png"), tmp_path / "c.mp4", on_progress=lambda _: None
        )
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


def test_a_sticker_has_its_border_on_all_sides(bottle: Cutout) -> None:
    sticker = outlined(bottle, (255, 255, 255), 0.02)
    alpha = sticker.rgba[..., 3]
    middle = sticker.rgba[alpha.shape[0] // 2]
    seen = np.flatnonzero(middle[:, 3] > 250)
    assert sticker.rgba.shape[0] > bottle.rgba.shape[0]
    assert middle[seen[0], :3].min() > 240
    assert middle[seen[-1], :3].min() > 240


def test_what_is_worth_a_close_look_is_found(bottle: Cutout) -> None:
    (u, v), *others = details(bottle, 3)
    assert 0.2 < u < 0.8
    assert 0.45 < v < 0.8  # the label
    assert all(np.hypot(u - x, v - y) > 0.1 for x, y in others)


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_moves_from_its_first_second_to_its_last(style: str, scene: int, bottle: Cutout) -> None:
    moments = [0.5, 1.0, 2.2, 2.6, 4.8, 5.2]
    frames = drawn(style, scene, bottle, moments)
    for before, after in pairwise(frames):
        assert np.abs(after.astype(int) - before).mean() > 0.1
    assert all(frame.std() > 4 for frame in frames)


@pytest.mark.parametrize("style", style_names())
def test_the_four_scenes_are_four_views(style: str, bottle: Cutout) -> None:
    frames = [drawn(style, scene, bottle, [2.0])[0].astype(int) for scene in SCENES]
    for number, one in enumerate(frames):
        for other in frames[number + 1 :]:
            assert np.abs(one - other).mean() > 4


@pytest.mark.parametrize("style", style_names())
def test_a_product_without_a_picture_has_something_in_its_place(style: str) -> None:
    cutout = shown(None, look_of(style))
    frame = drawn(style, 3, cutout, [2.0])[0]
    assert cutout.kind == "cut"
    assert frame[60:110].std() > 10


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("scene", [1, 2, 3])
def test_words_can_be_read_where_they_go(style: str, scene: int, bottle: Cutout) -> None:
    text = float(_luminance(np.array(style_colour(look_of(style).text))))
    for frame in drawn(style, scene, bottle, [1.8, 4.0, 6.5]):
        ground = float(_luminance(frame[128:154].reshape(-1, 3)).mean())
        dark, light = sorted((text, ground))
        assert (light + 0.05) / (dark + 0.05) > 4.5


def style_colour(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _luminance(rgb: NDArray[np.integer]) -> NDArray[np.float64]:
    """WCAG 2, relative luminance."""
    part = rgb / 255
    linear = np.where(part <= 0.03928, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def test_a_black_product_shows_in_the_dark(tmp_path: Path) -> None:
    image = Image.new("RGBA", (200, 300), (0, 0, 0, 0))
    ImageDraw.Draw(image).rounded_rectangle((20, 20, 180, 280), 30, fill=(4, 4, 4, 255))
    image.save(tmp_path / "p.png")
    frame = drawn("luxury", 1, cut_out(tmp_path / "p.png"), [4.9])[0].astype(int).mean(axis=2)
    row = frame[76]
    inside, around = row[48:60].mean(), row[8:20].mean()
    assert around > inside + 6


def test_a_white_product_shows_on_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (200, 300), (0, 0, 0, 0))
    ImageDraw.Draw(image).rounded_rectangle((20, 20, 180, 280), 30, fill=(255, 255, 255, 255))
    image.save(tmp_path / "p.png")
    frame = drawn("minimal", 4, cut_out(tmp_path / "p.png"), [2.0])[0].astype(int).mean(axis=2)
    edge = np.abs(np.diff(frame[60:90], axis=1)).max(axis=1)
    assert np.median(edge) > 6


def test_a_clip_is_as_ordered_and_can_be_cut_at_every_second(tmp_path: Path) -> None:
    target = tmp_path / "clip.mp4"
    wanted = order("bold", 2, frames=70)
    MotionProvider(cores=1).film(wanted, target, on_progress=lambda _: None)
    found = tracks(target.read_bytes())
    assert set(found) == {"video"}
    assert found["video"].codec == "h264"
    assert len(found["video"].packets) == 70
    assert found["video"].facts["size"] == SIZE
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == RATE
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (1, 1)
        keys = [number for number, frame in enumerate(container.decode(stream)) if frame.key_frame]
    assert keys[0] == 0
    assert max(after - before for before, after in pairwise([*keys, 70])) <= 30


def test_another_variation_is_another_clip(bottle: Cutout) -> None:
    plain = order("luxury", 1)
    canvas, scene = set_up(plain, bottle)
    scene.draw(canvas, 3.0)
    other_canvas, other = set_up(ClipOrder(**{**vars(plain), "variation": 1}), bottle)
    other.draw(other_canvas, 3.0)
    assert (canvas.pixels != other_canvas.pixels).any()


def test_cancelling_ends_it_at_the_next_frame_and_leaves_nothing(tmp_path: Path) -> None:
    provider = MotionProvider(cores=1)
    parts: list[float] = []

    def cancel(part: float) -> None:
        parts.append(part)
        provider.cancel()

    with pytest.raises(Stopped):
        provider.film(order("minimal", 4, frames=300), tmp_path / "clip.mp4", on_progress=cancel)
    assert parts == [0.0]
    assert list(tmp_path.iterdir()) == []


def test_after_a_cancel_it_films_again(tmp_path: Path) -> None:
    provider = MotionProvider(cores=1)
    provider.cancel()
    provider.film(order("minimal", 4), tmp_path / "clip.mp4", on_progress=lambda _: None)
    assert (tmp_path / "clip.mp4").exists()


def test_it_costs_nothing_and_uses_the_cores_it_is_given() -> None:
    provider = MotionProvider(cores=3)
    assert provider.estimate_usd(8) == 0
    assert provider.concurrency == 3
