"""assemble: the film is what every player expects, frame by frame what was drawn, and the same every time."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from jobs.story.assemble import STAGE
from shared.errors import StageFailed
from shared.platforms.task import Task
from shared.records.creation import Creation
from shared.stages.plan import read_plan
from shared.storage.memory import MemoryStore
from shared.video.captions.bitmaps import draw_states
from shared.video.captions.pages import caption_states
from shared.video.frames.frames import Frame
from shared.video.frames.pictures import load_picture
from shared.video.rendering.engines import native_drawer
from shared.video.rendering.segments import Segment
from shared.video.rendering.shots import Shots, TimedCaption
from shared.video.timeline import Timeline
from shared.worker.box import run_task
from tests.support.films import boxes, frames, psnr, soft_captions, srt_captions, tracks, vtt_captions
from tests.support.stories import ID, PIPELINE, SETTINGS, Hum, data, new_story, record, told, use_voice, wav

STORY = [["One morning the sea was calm."], ["A boat set out.", "Gulls followed it."], ["Then it came home."]]


@dataclass(frozen=True)
class Told:
    """A story that was run to its end."""

    store: MemoryStore
    rate: Fraction

    @property
    def film(self) -> bytes:
        return data(self.store, "assets/video.mp4")

    @property
    def timeline(self) -> Timeline:
        return Timeline.model_validate_json(data(self.store, "assets/timeline.json"))


Teller = Callable[..., Told]


@pytest.fixture(scope="module")
def teller() -> Teller:
    """Tells a story once for all tests that ask for the same."""
    known: dict[str, Told] = {}

    def tell(rate: str = "12", **options: object) -> Told:
        key = f"{rate} {options}"
        if key not in known:
            with pytest.MonkeyPatch.context() as patch:
                use_voice(patch, Hum())
                store = new_story(STORY, frame_rate=rate, **options)
                told(store)
                known[key] = Told(store, Fraction(rate))
        return known[key]

    return tell


RATES = ["12", "24", "25", "30", "60", "30000/1001"]
TIMED = pytest.mark.parametrize("rate", RATES)


def test_the_picture_is_what_every_player_expects(teller: Teller) -> None:
    video = tracks(teller().film)["video"]
    bt709, limited = 1, 1
    assert video.codec == "h264"
    assert video.facts["profile"] == "High"
    assert video.facts["pixels"] == "yuv420p"
    assert video.facts["colour"] == (bt709, bt709, bt709, limited)
    assert video.facts["size"] == (160, 284)


@TIMED
def test_the_frame_rate_is_exactly_what_was_asked_and_every_step_the_same(teller: Teller, rate: str) -> None:
    story = teller(rate)
    video = tracks(story.film)["video"]
    assert video.facts["average_rate"] == video.facts["guessed_rate"] == story.rate
    assert {step * video.tick_s for step in video.steps} == {1 / story.rate}
    assert {duration * video.tick_s for _, _, duration, _ in video.packets} == {1 / story.rate}
    assert min(pts for pts, *_ in video.packets) == 0
    decoding = [dts for _, dts, *_ in video.packets]
    assert decoding == sorted(set(decoding))
    assert all(dts <= pts for pts, dts, *_ in video.packets)


@TIMED
def test_the_film_has_exactly_the_frames_of_the_timeline(teller: Teller, rate: str) -> None:
    story = teller(rate)
    assert len(frames(story.film)) == story.timeline.frames == tracks(story.film)["video"].facts["frames"]


@TIMED
def test_sound_and_picture_are_equally_long(teller: Teller, rate: str) -> None:
    story = teller(rate)
    found = tracks(story.film)
    frame_s = float(1 / story.rate)
    assert found["video"].duration_s == pytest.approx(story.timeline.duration_s, abs=1e-6)
    assert found["audio"].duration_s == pytest.approx(story.timeline.duration_s, abs=frame_s)


def test_the_sound_is_aac_in_stereo(teller: Teller) -> None:
    audio = tracks(teller().film)["audio"]
    assert audio.codec.startswith("aac")
    assert audio.facts == {"rate_hz": 48_000, "layout": "stereo", "profile": "LC"}


def test_the_film_starts_to_play_before_it_is_there_whole(teller: Teller) -> None:
    found = boxes(teller().film)
    assert found.index("moov") < found.index("mdat")


@pytest.mark.parametrize(("language", "stored"), [("en-GB", "eng"), ("de", "deu"), ("xx", "und")])
def test_sound_and_captions_are_tagged_with_their_language(
    teller: Teller, language: str, stored: str
) -> None:
    found = tracks(teller(language=language, narration=False).film)
    assert found["audio"].language == found["subtitle"].language == stored


@TIMED
def test_the_soft_track_and_both_files_say_the_same_at_the_same_time(teller: Teller, rate: str) -> None:
    story = teller(rate)
    srt = srt_captions(data(story.store, "assets/captions.srt").decode())
    assert soft_captions(story.film) == srt
    assert vtt_captions(data(story.store, "assets/captions.vtt").decode()) == srt
    assert " ".join(text.replace("\n", " ") for *_, text in srt) == " ".join(chain(*STORY))


def test_captions_that_are_not_burnt_in_are_still_in_the_soft_track(teller: Teller) -> None:
    assert len(soft_captions(teller(captions="off", motion="none").film)) >= 4


def test_the_poster_is_the_first_picture_in_the_frame_s_size(teller: Teller) -> None:
    story = teller(captions="off", motion="none")
    with Image.open(io.BytesIO(data(story.store, "assets/poster.jpg"))) as poster:
        assert (poster.format, poster.size) == ("JPEG", (160, 284))
        grey = np.asarray(poster.convert("L"), np.uint8)
    first = frames(story.film)[0][:284].astype(np.float64)
    assert psnr(grey, ((first - 16) * 255 / 219).clip(0, 255).astype(np.uint8)) > 25


def drawn(story: Told, scratch: Path) -> list[NDArray[np.uint8]]:
    """The film's frames, drawn in one go, without segments and without an encoder."""
    timeline = story.timeline

    def load(name: str) -> NDArray[np.uint8]:
        path = Creation(story.store, ID).download(name, scratch / "picture")
        return load_picture(path, name=name)

    states = caption_states(timeline)
    captions = [
        TimedCaption(first_frame=state.first_frame, end_frame=state.end_frame, bitmap=bitmap)
        for state, bitmap in zip(states, draw_states(states, timeline, scratch), strict=True)
    ]
    shots = Shots(timeline, load)
    made, start = [], 0
    for number, shot in enumerate(timeline.shots):
        whole = Segment(key="", shot=number, offset=0, first_frame=start, frames=shot.frames)
        draw = native_drawer(shots, whole, captions)
        for at in range(shot.frames):
            frame = Frame.blank(timeline.width, timeline.height)
            draw(at, frame)
            made.append(_planar(frame))
        start += shot.frames
    return made


def _planar(frame: Frame) -> NDArray[np.uint8]:
    width = frame.luma.shape[1]
    chroma = [frame.chroma[..., channel].reshape(-1, width) for channel in (0, 1)]
    return np.concatenate([frame.luma, *chroma])


@pytest.mark.parametrize("transition", ["crossfade", "slide", "dip", "cut"])
def test_every_frame_is_the_one_that_was_drawn_also_at_the_joints(
    teller: Teller, transition: str, tmp_path: Path
) -> None:
    story = teller() if transition == "crossfade" else teller(transition=transition)  # it is the default
    assert story.timeline.shots[1].transition.kind == transition
    shown, wanted = frames(story.film), drawn(story, tmp_path)
    likeness = [psnr(one, two) for one, two in zip(shown, wanted, strict=True)]
    assert min(likeness) > 32
    joints = {segment.first_frame for segment in read_plan(Creation(story.store, ID))} - {0}
    assert len(joints) >= 3
    for joint in joints:
        assert min(likeness[joint - 1], likeness[joint]) > 35
        for frame, neighbour in ((joint, joint - 1), (joint, joint + 1), (joint - 1, joint)):
            assert likeness[frame] > psnr(shown[frame], wanted[neighbour])


def test_a_film_without_music_and_narration_is_silent(teller: Teller) -> None:
    story = teller(language="de", narration=False)
    assert record(story.store, "assemble").metadata["loudness_lufs"] == -70
    assert tracks(story.film)["audio"].duration_s == pytest.approx(story.timeline.duration_s, abs=0.05)


def test_a_film_with_music_alone_is_heard(teller: Teller) -> None:
    story = teller(narration=False, music=wav(2500))
    assert -16 < record(story.store, "assemble").metadata["loudness_lufs"] < -12


@pytest.mark.logs_errors
def test_a_segment_that_is_missing_is_named_with_the_remedy(teller: Teller) -> None:
    whole, store = teller().store, MemoryStore()
    for info in whole.list(""):
        store.write(info.key, whole.read(info.key)[0])
    store.delete(f"{ID}/assets/video.mp4")
    segment = next(store.list(f"{ID}/cache/segments/"))
    store.delete(segment.key)
    with pytest.raises(StageFailed, match="run again"):
        run_task(STAGE, PIPELINE, Creation(store, ID), Task(), SETTINGS)
    assert store.stat(f"{ID}/assets/video.mp4") is None
    assert told(store).status == "completed"
