"""compositing: clips, voices and the card become one film of thirty seconds."""

import io
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from jobs.ad import compositing
from jobs.ad.compositing import COMPOSED, STAGE, run
from jobs.ad.plan.direction import scene_starts
from jobs.ad.plan.frame import Frame
from jobs.ad.plan.scenes import CTA_NAME, clip_name
from jobs.ad.plan.voiceovers import voiceover_name
from shared.errors import InvalidAssets
from shared.machine.ffmpeg import run as ffmpeg
from shared.records.creation import Creation
from shared.stages.stage import Result
from shared.storage.memory import MemoryStore
from shared.video.encoding.x264 import segment_writer
from shared.video.rendering.segments import Segment
from shared.video.timeline import Timeline
from tests.jobs.ad.makings import Told, context_of, pitch_hz, put_script, put_voices, script_of
from tests.support.cuts import app_over, finish
from tests.support.films import frames, soft_captions, srt_captions, tracks, vtt_captions

SIZE = (72, 128)
LEVELS = {1: 60, 2: 100, 3: 140, 4: 180}
"""Luma of each scene's clip."""
CARD = 220


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Creation:
    """A creation with all that compositing needs, to be left as it is."""
    folder = tmp_path_factory.mktemp("assets")
    creation = Creation(MemoryStore(), "ad")
    put_script(creation, script_of(frame=Frame(width=SIZE[0], height=SIZE[1])))
    put_voices(creation, folder)
    for scene, seconds in ((1, 9.5), (2, 8.5), (3, 8.5), (4, 5.5)):
        path = folder / f"clip_{scene}.mp4"
        with segment_writer(path, *SIZE, Fraction(30), crf=10, key_every=30) as writer:
            for _ in range(round(seconds * 30)):
                writer.frame.luma[...], writer.frame.chroma[...] = LEVELS[scene], 128
                writer.write()
        creation.upload(path, clip_name(scene))
    card = io.BytesIO()
    Image.new("RGB", SIZE, (237, 237, 237)).save(card, "PNG")
    creation.write(CTA_NAME, card.getvalue())
    return creation


def copy_of(assets: Creation) -> Creation:
    creation = Creation(MemoryStore(), "ad")
    for name, _ in assets.list("assets/"):
        creation.write(name, assets.read(name)[0])
    return creation


@dataclass(frozen=True, kw_only=True)
class Made:
    """A film that was made, and what is left of it."""

    creation: Creation
    result: Result
    files: dict[str, bytes]
    steps: list[str]


def make(creation: Creation, scratch: Path, told: Told | None = None) -> Made:
    scratch.mkdir()
    context = context_of(creation, scratch, told=told)
    result = run(context)
    files = {label: output.path.read_bytes() for label, output in result.outputs.items()}
    return Made(creation=creation, result=result, files=files, steps=[context.progress.step.message])


@pytest.fixture(scope="module")
def made(assets: Creation, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(copy_of(assets), tmp_path_factory.mktemp("ad") / "scratch")


@pytest.fixture(scope="module")
def luma(made: Made) -> list[NDArray[np.uint8]]:
    return [frame[: SIZE[1]] for frame in frames(made.files["video"])]


def test_the_film_is_thirty_seconds_of_picture_sound_and_captions(made: Made) -> None:
    found = tracks(made.files["video"])
    assert set(found) == {"video", "audio", "subtitle"}
    assert len(found["video"].packets) == 900
    assert found["video"].steps == {found["video"].packets[0][2]}
    assert found["video"].facts["size"] == SIZE
    assert found["video"].facts["colour"] == (1, 1, 1, 1)
    assert abs(found["audio"].duration_s - 30) < 0.03


def test_each_scene_is_seen_in_its_time_and_the_card_last(luma: list[NDArray[np.uint8]]) -> None:
    corners = [float(frame[:20].mean()) for frame in luma]
    middles = {1: (5, 235), 2: (262, 445), 3: (472, 655), 4: (682, 775)}
    for scene, (first, last) in middles.items():
        assert all(abs(level - LEVELS[scene]) < 3 for level in corners[first:last]), scene
    assert all(abs(level - CARD) < 3 for level in corners[800:])


def test_the_words_are_seen_over_scenes_one_to_three(made: Made, luma: list[NDArray[np.uint8]]) -> None:
    timeline = Timeline.model_validate_json(made.files["timeline"])
    assert [words.text for words in timeline.overlays] == [
        "Nightwatch",
        "Transform Your Experience",
        "See for Yourself",
    ]
    rows = slice(int(0.64 * SIZE[1]), int(0.78 * SIZE[1]))
    for words in timeline.overlays:
        middle = words.at_frame + words.frames // 2
        assert np.ptp(luma[middle][rows]) > 40
        assert np.ptp(luma[words.at_frame + words.frames + 1][:20]) < 12


def test_each_voice_is_heard_in_its_scene(made: Made, tmp_path: Path) -> None:
    (tmp_path / "video.mp4").write_bytes(made.files["video"])
    ffmpeg(["-i", tmp_path / "video.mp4", "-f", "f32le", "-ac", "1", "-ar", "8000", tmp_path / "sound"])
    sound = np.fromfile(tmp_path / "sound", "<f4")
    timeline = Timeline.model_validate_json(made.files["timeline"])
    for scene, spoken in enumerate(timeline.speech, 1):
        start = round((spoken.at_frame / 30 + 0.2) * 8000)
        spectrum = np.abs(np.fft.rfft(sound[start : start + 16000]))
        assert abs(int(np.argmax(spectrum[100:])) + 100 - 2 * pitch_hz(scene)) <= 12, scene


def test_the_sound_is_as_loud_as_it_should_be(made: Made) -> None:
    assert abs(made.result.metadata["loudness_lufs"] + 14) <= 0.5
    assert made.result.metadata["true_peak_dbtp"] <= -1


def test_the_figures_are_those_of_the_film(made: Made) -> None:
    facts = made.result.metadata
    assert (facts["duration_s"], facts["frames"]) == (30, 900)
    assert (facts["width"], facts["height"], facts["frame_rate"]) == (*SIZE, "30")
    assert facts["size_bytes"] == len(made.files["video"])


def test_captions_are_soft_and_beside_the_film(made: Made) -> None:
    srt = srt_captions(made.files["captions_srt"].decode())
    assert srt == vtt_captions(made.files["captions_vtt"].decode())
    assert soft_captions(made.files["video"]) == srt
    assert srt[0][2].split()[:2] == ["Discover", "Nightwatch."]


def test_the_poster_is_the_first_scene_with_its_words(made: Made) -> None:
    with Image.open(io.BytesIO(made.files["poster"])) as poster:
        assert poster.size == SIZE
        grey = np.asarray(poster.convert("L"), int)
    assert abs(grey[:20].mean() - (LEVELS[1] - 16) * 255 / 219) < 6
    assert np.ptp(grey[82:100]) > 40


def test_all_outputs_have_their_names_and_segments_are_kept(made: Made) -> None:
    names = {output.name for output in made.result.outputs.values()}
    files = ("video.mp4", "poster.jpg", "captions.srt", "captions.vtt", "timeline.json")
    assert names == {*(f"assets/{name}" for name in files), COMPOSED}
    there = {name for name, _ in made.creation.list("cache/segments/")}
    assert there == made.result.keep["cache/segments/"]
    assert len(there) == made.result.metadata["segments"]


def test_a_second_try_renders_only_what_is_missing_and_makes_the_same_film(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.video.rendering import render

    gone = sorted(name for name, _ in made.creation.list("cache/segments/"))[:2]
    for name in gone:
        made.creation.delete(name)
    rendered: list[int] = []
    real = render.render_segments

    def counted(timeline: Timeline, todo: list[Segment], *rest: Any, **more: Any) -> None:
        rendered.append(len(todo))
        real(timeline, todo, *rest, **more)

    monkeypatch.setattr(render, "render_segments", counted)
    again = make(made.creation, tmp_path / "scratch")
    assert rendered == [2]
    assert again.files == made.files


def test_own_music_takes_the_place_of_composed(assets: Creation, tmp_path: Path) -> None:
    creation = copy_of(assets)
    ffmpeg(["-f", "lavfi", "-i", "sine=frequency=2500", "-t", "4", f"file:{tmp_path / 'music.wav'}"])
    creation.upload(tmp_path / "music.wav", "assets/music.wav")
    assert "assets/music.wav" in list(STAGE.inputs(creation))
    (tmp_path / "scratch").mkdir()
    film = compositing._direct(context_of(creation, tmp_path / "scratch"))
    assert film.timeline.music is not None
    assert film.timeline.music.key == "assets/music.wav"
    assert film.files["assets/music.wav"].read_bytes() == (tmp_path / "music.wav").read_bytes()
    assert COMPOSED not in film.files


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (voiceover_name(2), "voice-over of scene 2 .*run voice_gen again"),
        (clip_name(3), "clip of scene 3 .*run video_gen again"),
        (CTA_NAME, "call to action .*run cta_gen again"),
        ("assets/script.json", "script .*run script_gen again"),
    ],
)
def test_what_is_missing_is_named_with_the_stage_that_makes_it(
    assets: Creation, tmp_path: Path, name: str, words: str
) -> None:
    creation = copy_of(assets)
    creation.delete(name)
    (tmp_path / "scratch").mkdir()
    with pytest.raises(InvalidAssets, match=words):
        run(context_of(creation, tmp_path / "scratch"))


@pytest.mark.usefixtures("no_noto")
def test_a_title_that_cannot_be_drawn_ends_the_work_before_anything_is_rendered(
    assets: Creation, tmp_path: Path
) -> None:
    creation = copy_of(assets)
    script = json.loads(creation.read("assets/script.json")[0])
    script["scenes"][0]["text_overlay"] = "🎉"
    creation.write("assets/script.json", json.dumps(script).encode())
    (tmp_path / "scratch").mkdir()
    with pytest.raises(InvalidAssets, match=r"'🎉': no font has the emoji or symbols .*manimgx-fonts"):
        run(context_of(creation, tmp_path / "scratch"))
    assert not list(creation.list("cache/"))


def test_a_stop_ends_the_work_and_leaves_what_was_rendered(assets: Creation, tmp_path: Path) -> None:
    creation = copy_of(assets)
    told = Told()
    told.raises, told.after = KeyError("taken over"), 12
    with pytest.raises(KeyError, match="taken over"):
        make(creation, tmp_path / "scratch", told)
    assert len(list(creation.list("cache/segments/"))) < 17


def test_a_voice_that_had_to_hurry_is_told(
    assets: Creation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compositing, "_composed", lambda *_: tmp_path / "music.wav")
    creation = copy_of(assets)
    put_voices(creation, tmp_path, {1: 9.5, 2: 7.5, 3: 7.5, 4: 8.0})
    (tmp_path / "scratch").mkdir()
    film = compositing._direct(context_of(creation, tmp_path / "scratch"))
    assert len(film.warnings) == 4
    assert "voice-over of scene 1 was sped up by 1." in film.warnings[0]


def test_the_timeline_names_everything_below_the_creation(made: Made) -> None:
    timeline = json.loads(made.files["timeline"])
    assert timeline["music"]["key"] == COMPOSED
    assert [shot.get("clip") for shot in timeline["shots"]] == [*(clip_name(n) for n in range(1, 5)), None]
    assert timeline["shots"][4]["picture"] == CTA_NAME


def test_the_cut_has_the_scenes_the_card_and_when_each_word_is_spoken(made: Made) -> None:
    creation = copy_of(made.creation)
    for label in ("video", "timeline"):
        creation.write(made.result.outputs[label].name, made.files[label])
    finish(creation, "ad", "assets/video.mp4")
    with app_over(creation.store) as client:
        cut = client.get("/me/creation/ad/cut").json()
    timeline = Timeline.model_validate_json(made.files["timeline"])
    assert [(shot["kind"], f"assets/{shot['asset']}") for shot in cut["shots"]] == [
        *(("clip", clip_name(scene)) for scene in LEVELS),
        ("picture", CTA_NAME),
    ]
    starts = [round(shot["start_s"] * 30) for shot in cut["shots"]]
    assert starts == [0, *scene_starts(timeline)]
    assert cut["shots"][-1]["end_s"] == cut["duration_s"] == 30
    assert {shot["transition"] for shot in cut["shots"][1:]} == {timeline.shots[1].transition.kind}
    assert [each["text"] for each in cut["captions"]] == [cue.text for cue in timeline.cues]
    levels = cut["loudness"]["values"]
    assert len(levels) == 300
    for caption in cut["captions"]:
        first = caption["words"][0]
        assert levels[round((first["start_s"] + first["end_s"]) * 5)] > 0.5
