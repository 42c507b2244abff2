"""The cut of a talk, read over HTTP."""

from fractions import Fraction

from shared.records.creation import Creation
from shared.stages.plan import read_timeline
from shared.storage.memory import MemoryStore
from tests.support.cuts import app_over
from tests.support.talks import ID


def test_every_state_of_a_slide_is_a_shot_and_every_caption_is_there(made: MemoryStore) -> None:
    copy = MemoryStore()
    for info in made.list(""):
        copy.write(info.key, made.read(info.key)[0])
    with app_over(copy) as client:
        cut = client.get(f"/me/creation/{ID}/cut").json()
        assert all(client.head(shot["url"]).status_code == 200 for shot in cut["shots"] if shot["url"])
    timeline = read_timeline(Creation(made, ID))
    assert (cut["frame_rate"], cut["duration_s"]) == ("10", timeline.duration_s)
    lengths = [round((shot["end_s"] - shot["start_s"]) * 10) for shot in cut["shots"]]
    assert lengths == [shot.frames for shot in timeline.shots]
    assert {shot["kind"] for shot in cut["shots"]} == {"picture"}
    assert [each["text"] for each in cut["captions"]] == [cue.text for cue in timeline.cues]
    assert {each["asset"] for each in cut["captions"]} == {None}
    for caption, cue in zip(cut["captions"], timeline.cues, strict=True):
        began = cue.at_frame / Fraction(10)
        assert [word["start_s"] for word in caption["words"]] == [
            float(began + Fraction(word.start_ms, 1000)) for word in cue.words
        ]
    assert max(cut["loudness"]["values"]) > 0.5
