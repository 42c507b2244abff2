"""When slides and bullets appear."""

from fractions import Fraction
from itertools import accumulate

from jobs.presenter.deck.slides import Bullet, Slide
from jobs.presenter.film.direction import Directed, Said, Scene, Setting, direct
from shared.stages.narration import Caption, pace_for_reading
from shared.video.timeline import CaptionStyle

SETTING = Setting(
    width=1920,
    height=1080,
    frame_rate=Fraction(30),
    language="en",
    captions=CaptionStyle(look="off"),
    fonts=(),
    music=None,
)
NOTES = "Gold is rare. Silver is not. Copper is everywhere."


def said(text: str, start: int = 0, pause_ms: int = 0) -> Said:
    caption = Caption(name="slide 1", text=text, language="en")
    return Said(narrated=pace_for_reading(caption), start=start, pause_ms=pause_ms)


def scene(*bullets: Bullet, notes: str = NOTES, pieces: tuple[Said, ...] | None = None) -> Scene:
    slide = Slide(title="Metals", bullets=bullets, notes=notes)
    pictures = tuple((f"cache/slides/{number}.png", str(number)) for number in range(slide.states))
    return Scene(slide=slide, pictures=pictures, said=(said(notes),) if pieces is None else pieces)


def begins(directed: Directed) -> list[int]:
    return [0, *accumulate(shot.frames for shot in directed.timeline.shots)]


def test_a_bullet_appears_just_before_its_first_word_is_heard() -> None:
    places = [NOTES.index("Gold"), NOTES.index("Silver"), NOTES.index("Copper")]
    made = direct([scene(*(Bullet(text="metal", at=place) for place in places))], SETTING)
    cue = made.timeline.cues[0]
    for place, shown in zip(places, begins(made)[1:], strict=False):
        word = next(word for word in cue.words if word.start == place)
        heard = cue.at_frame + word.start_ms * 30 / 1000
        assert 0 <= heard - shown <= 6


def test_a_bullet_that_is_always_seen_needs_no_picture_of_its_own() -> None:
    made = direct([scene(Bullet(text="always"), Bullet(text="later", at=14))], SETTING)
    assert len(made.timeline.shots) == 2


def test_bullets_at_the_same_word_appear_together() -> None:
    made = direct([scene(Bullet(text="one", at=14), Bullet(text="two", at=14))], SETTING)
    assert [shot.picture for shot in made.timeline.shots] == ["cache/slides/0.png", "cache/slides/2.png"]


def test_bullets_appear_in_their_order_on_the_slide_even_if_spoken_in_another() -> None:
    made = direct([scene(Bullet(text="second", at=14), Bullet(text="first", at=0))], SETTING)
    assert [shot.picture for shot in made.timeline.shots] == ["cache/slides/0.png", "cache/slides/2.png"]


def test_pauses_in_the_notes_are_silence_in_the_film() -> None:
    one = direct([scene(pieces=(said("One two."), said("Three.", 9)))], SETTING)
    two = direct([scene(pieces=(said("One two.", 0, 2000), said("Three.", 9)))], SETTING)
    assert two.timeline.cues[1].at_frame - one.timeline.cues[1].at_frame == 60


def test_a_slide_without_notes_is_shown_in_silence_as_long_as_it_says() -> None:
    silent = Scene(slide=Slide(title="Map", seconds=7.5), pictures=(("cache/slides/m.png", "m"),), said=())
    made = direct([scene(), silent, scene()], SETTING)
    assert made.timeline.shots[1].frames == 225
    assert made.starts == (0, made.starts[1], made.starts[1] + 225)


def test_a_slide_without_words_can_be_looked_at() -> None:
    silent = Scene(slide=Slide(title="Map", seconds=0.4), pictures=(("cache/slides/m.png", "m"),), said=())
    assert direct([scene(), silent], SETTING).timeline.shots[1].frames == 120


def test_slides_cross_fade_and_the_first_simply_begins() -> None:
    made = direct([scene(), scene()], SETTING)
    assert [shot.transition.frames for shot in made.timeline.shots] == [0, 12]


def test_an_edit_of_one_slide_moves_the_next_but_does_not_change_it() -> None:
    one = direct([scene(), scene()], SETTING).timeline
    other = direct([scene(notes="Tin.", pieces=(said("Tin."),)), scene()], SETTING).timeline
    assert one.shots[1] == other.shots[1]
