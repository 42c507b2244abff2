"""script_gen: the brief checked, the product looked at, the script written as the stages after it need it."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobs.ad import PIPELINE_FILE
from jobs.ad.brief import BRIEF_NAME, MOST_PICTURE_BYTES, Brief, write_brief
from jobs.ad.plan.frame import Frame
from jobs.ad.plan.pace import windows_of
from jobs.ad.plan.script import SCRIPT_NAME, Script, read_script
from jobs.ad.script_gen import STAGE, _shown_in, ad_brief
from jobs.ad.styles import style_named, style_names
from shared.errors import InvalidAssets, ProviderDenied
from shared.pipelines.definition import load_pipeline
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.records.documents import Record
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from shared.worker.box import run_task
from tests.jobs.ad.makings import script_of
from tests.support.faces import make_font, use_fonts

PIPELINE = load_pipeline(PIPELINE_FILE)
BRIEF = {"product_name": "Premium Watch", "style": "luxury", "cta_text": "Shop Now"}


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "job-123")


@pytest.fixture
def japanese(no_noto: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with a font for the Japanese words below."""
    use_fonts(monkeypatch, make_font(tmp_path / "Japanese.ttf", "今すぐ購入高級腕時計"))


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 80)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, (180, 30, 40)).save(buffer, kind)
    return buffer.getvalue()


def run(creation: Creation, **settings: Any) -> Record:
    return run_task(STAGE, PIPELINE, creation, Task(), Settings(**settings))


def write(creation: Creation, **changes: Any) -> None:
    creation.write(BRIEF_NAME, json.dumps({**BRIEF, **changes}).encode())


def written(creation: Creation, **changes: Any) -> Script:
    write(creation, **changes)
    run(creation)
    return read_script(creation)


@pytest.mark.parametrize("style", style_names())
def test_a_script_has_four_scenes_and_the_call_to_action_in_thirty_seconds(
    creation: Creation, style: str
) -> None:
    script = written(creation, style=style)
    assert [scene.duration for scene in script.scenes] == [8, 7, 7, 4]
    assert script.cta_scene.duration == 4
    assert script.total_duration == 30
    assert [scene.id for scene in script.scenes] == [1, 2, 3, 4]
    assert {scene.type for scene in script.scenes} == {"video"}


@pytest.mark.parametrize("style", style_names())
def test_each_style_opens_and_closes_in_its_own_words(creation: Creation, style: str) -> None:
    script = written(creation, style=style)
    opening = {"luxury": "Discover", "energetic": "Introducing", "minimal": "Meet", "bold": "This is"}[style]
    closing = {
        "luxury": "Get yours today.",
        "energetic": "Get it now!",
        "minimal": "Learn more.",
        "bold": "Take action now.",
    }[style]
    overlays = {
        "luxury": ["Transform Your Experience", "See for Yourself"],
        "energetic": ["Unleash Your Potential", "Jump Right In"],
        "minimal": ["Keep It Simple", "Take a Closer Look"],
        "bold": ["Make Your Statement", "Make Up Your Mind"],
    }[style]
    assert script.scenes[0].voiceover_text.startswith(f"{opening} Premium Watch")
    assert closing in script.scenes[3].voiceover_text
    assert [scene.text_overlay for scene in script.scenes[1:3]] == overlays


@pytest.mark.parametrize("style", style_names())
def test_a_proof_is_shown_and_spoken_in_the_third_scene(creation: Creation, style: str) -> None:
    proof = "4.8 stars from 2,100 reviews"
    scenes = written(creation, style=style, proof=proof).scenes
    assert [proof == scene.text_overlay for scene in scenes] == [False, False, True, False]
    assert [proof in scene.voiceover_text for scene in scenes] == [False, False, True, False]


def test_a_proof_that_can_not_be_said_is_shown_with_a_warning(creation: Creation) -> None:
    write(creation, proof="★★★★★")
    assert any("'★★★★★' can't be said" in warning for warning in run(creation).warnings)
    assert read_script(creation).scenes[2].text_overlay == "★★★★★"


@pytest.mark.parametrize(
    ("ratio", "size"), [("1:1", (1080, 1080)), ("4:5", (1080, 1350)), ("16:9", (1920, 1080))]
)
def test_the_brief_s_aspect_ratio_is_the_script_s_frame(
    creation: Creation, ratio: str, size: tuple[int, int]
) -> None:
    frame = written(creation, aspect_ratio=ratio).frame
    assert (frame.width, frame.height) == size
    assert frame.rate == 30


def test_a_brief_of_the_usual_shape_has_the_script_that_one_without_a_shape_has(creation: Creation) -> None:
    write_brief(creation, Brief.model_validate({**BRIEF, "aspect_ratio": "9:16"}))
    assert "aspect_ratio" not in json.loads(creation.read(BRIEF_NAME)[0])
    run(creation)
    assert "frame" not in json.loads(creation.read(SCRIPT_NAME)[0])
    assert read_script(creation).frame == Frame(width=1080, height=1920)


def test_a_brief_without_proof_is_stored_as_before(creation: Creation) -> None:
    write_brief(creation, Brief.model_validate(BRIEF))
    assert json.loads(creation.read(BRIEF_NAME)[0]) == {**BRIEF, "variation": 0, "captions": False}
    write_brief(creation, Brief.model_validate({**BRIEF, "proof": "4.8 stars"}))
    assert json.loads(creation.read(BRIEF_NAME)[0])["proof"] == "4.8 stars"


def test_the_script_is_stored_in_the_format_that_the_stages_after_it_read(creation: Creation) -> None:
    write(creation)
    record = run(creation)
    stored = json.loads(creation.read(SCRIPT_NAME)[0])
    assert record.outputs["script"].key == SCRIPT_NAME
    expected = {"total_duration", "style", "product_name", "hook", "cta", "scenes", "product_analysis"}
    assert expected <= set(stored)
    scene = {"id", "duration", "type", "voiceover_text", "video_prompt_template", "use_product_image"}
    assert scene <= set(stored["scenes"][0])


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize("cta", ["Jetzt kaufen!", "اشتر الآن", "今すぐ購入", "{product_name}", "x" * 50])
def test_the_call_to_action_is_the_askers_own(creation: Creation, cta: str) -> None:
    script = written(creation, cta_text=cta)
    assert (script.cta, script.cta_scene.text) == (cta, cta)


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize(
    "name", ["X", "The Premium Watch of the Northern Lights", "Uhr " * 24 + "Uhr", "高級腕時計"]
)
def test_names_of_any_length_leave_voices_time_to_say_them(creation: Creation, style: str, name: str) -> None:
    script = written(creation, style=style, product_name=name)
    for scene, window in zip(script.scenes, windows_of(style_named(style)), strict=True):
        assert 0 < len(scene.voiceover_text.split()) <= window.words
    assert script.product_name == name.strip()


def test_another_variation_is_another_script(creation: Creation) -> None:
    scripts = {json.dumps(written(creation, variation=number).model_dump(mode="json")) for number in range(3)}
    assert len({json.loads(each)["scenes"][1]["voiceover_text"] for each in scripts}) > 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_of_the_product_is_looked_at(creation: Creation, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "what.ever"
    path.write_bytes(picture(kind))
    write_brief(creation, Brief.model_validate(BRIEF), picture=path)
    run(creation)
    script = read_script(creation)
    suffix = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}[kind]
    assert script.product_image == f"assets/product.{suffix}"
    assert script.product_analysis.colours


def test_another_picture_takes_the_first_ones_place(creation: Creation, tmp_path: Path) -> None:
    for kind in ("PNG", "JPEG"):
        path = tmp_path / kind
        path.write_bytes(picture(kind))
        write_brief(creation, Brief.model_validate(BRIEF), picture=path)
    assert [name for name, _ in creation.list("assets/product")] == ["assets/product.jpg"]


def test_unchanged_briefs_are_not_written_for_again(creation: Creation) -> None:
    write(creation)
    assert not run(creation).reused
    assert run(creation).reused
    write(creation, style="bold")
    assert not run(creation).reused


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"style": "cheap"}, ["style", "bold, energetic, luxury, minimal"]),
        ({"product_name": ""}, ["product_name"]),
        ({"product_name": " \n\t"}, ["product_name", "empty"]),
        ({"product_name": "\u200b"}, ["product_name", "empty"]),
        ({"product_name": "x" * 101}, ["product_name", "100"]),
        ({"cta_text": "x" * 51}, ["cta_text", "50"]),
        ({"cta_text": None}, ["cta_text"]),
        ({"colour": "red"}, ["colour"]),
        ({"variation": -1}, ["variation"]),
        ({"proof": " "}, ["proof", "empty"]),
        ({"proof": "x" * 101}, ["proof", "100"]),
        ({"aspect_ratio": "2:1"}, ["aspect_ratio", "9:16, 1:1, 4:5, 16:9"]),
    ],
)
def test_a_brief_that_can_not_be_used_names_its_field(
    creation: Creation, changes: dict[str, Any], said: list[str]
) -> None:
    write(creation, **changes)
    with pytest.raises(InvalidAssets) as caught:
        run(creation)
    assert all(word in str(caught.value) for word in [BRIEF_NAME, *said])


@pytest.mark.logs_errors
@pytest.mark.usefixtures("no_noto")
@pytest.mark.parametrize("field", ["product_name", "cta_text"])
def test_words_in_a_script_that_no_font_has_are_refused_before_a_writer_is_asked(
    creation: Creation, field: str
) -> None:
    write(creation, **{field: "高級腕時計"})
    with pytest.raises(InvalidAssets) as caught:
        run(creation, text_provider="claude")  # which would ask for its key
    (problem,) = caught.value.problems
    assert problem.startswith(f"{BRIEF_NAME}: {field}: no font has the Chinese (Hani) characters")
    assert "fonts-noto-cjk" in problem


@pytest.mark.usefixtures("no_noto")
@pytest.mark.logs_errors
def test_a_call_of_emoji_alone_that_no_font_has_is_refused_and_one_beside_words_is_not(
    creation: Creation,
) -> None:
    write(creation, cta_text="Shop now 🎉")
    run(creation)
    write(creation, cta_text="🎉🎁")
    with pytest.raises(InvalidAssets, match=r"cta_text: no font has the emoji .*manimgx-fonts"):
        run(creation)


@pytest.mark.parametrize("captions", [False, True])
def test_what_is_said_needs_a_font_only_where_it_is_burnt_in(captions: bool) -> None:
    script = script_of(captions=captions, product_name="Nightwatch")
    shown = "".join(_shown_in(script).values())
    assert (script.scenes[0].voiceover_text in shown) is captions
    assert script.scenes[0].text_overlay in shown


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"nothing", b"[" * 99_999, b" " * (2 << 20), b'{"product_name": "x"}'],
    ids=len,
)
def test_a_brief_that_is_none_is_refused(creation: Creation, data: bytes) -> None:
    creation.write(BRIEF_NAME, data)
    with pytest.raises(InvalidAssets, match=BRIEF_NAME):
        run(creation)


@pytest.mark.logs_errors
def test_without_a_brief_the_asker_is_told_what_to_put_there(creation: Creation) -> None:
    creation.write("assets/product.png", picture())
    with pytest.raises(InvalidAssets, match="product_name, style and cta_text"):
        run(creation)


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"II*\0", b"<svg/>", picture()[:120], b"\xff\xd8\xff" + b"x" * 100], ids=len
)
def test_a_picture_that_is_none_is_refused_by_its_name(creation: Creation, data: bytes) -> None:
    write(creation)
    creation.write("assets/product.png", data)
    with pytest.raises(InvalidAssets, match=r"assets/product\.png"):
        run(creation)


@pytest.mark.logs_errors
def test_a_picture_over_ten_megabytes_is_refused(creation: Creation) -> None:
    write(creation)
    creation.write("assets/product.png", picture() + b"\0" * MOST_PICTURE_BYTES)
    with pytest.raises(InvalidAssets, match="10 MB"):
        run(creation)


@pytest.mark.logs_errors
def test_two_pictures_of_the_product_are_one_too_many(creation: Creation) -> None:
    write(creation)
    creation.write("assets/product.png", picture())
    creation.write("assets/product.jpg", picture("JPEG"))
    with pytest.raises(InvalidAssets, match="keep one"):
        run(creation)


@pytest.mark.logs_errors
def test_a_provider_without_its_key_names_the_variable(creation: Creation) -> None:
    write(creation)
    with pytest.raises(ProviderDenied, match="ANTHROPIC_API_KEY"):
        run(creation, text_provider="claude")


def test_writers_are_asked_for_what_fits_the_time(creation: Creation) -> None:
    style = style_named("bold")
    brief = ad_brief(Brief.model_validate(BRIEF), style)
    assert [scene.seconds for scene in brief.scenes] == pytest.approx([7.3, 6.3, 6.3, 7.0])
    assert all(scene.most_words <= scene.seconds * style.voice.words_per_s for scene in brief.scenes)
