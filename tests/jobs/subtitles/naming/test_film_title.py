"""Title and year of a film are those of its options, else guessed from the name of its file."""

import random

import pytest

from jobs.subtitles.job.options import JobOptions
from jobs.subtitles.naming.film_title import title_of


@pytest.mark.parametrize(
    ("file", "title", "year"),
    [
        ("WALL-E.2008.mkv", "WALL-E", 2008),
        ("Spider-Man.2002.mkv", "Spider-Man", 2002),
        ("Movie 1080p (2020).mkv", "Movie", 2020),
        ("2001 A Space Odyssey (1968).mkv", "2001 A Space Odyssey", 1968),
        ("2012.2009.mkv", "2012", 2009),
        ("1917.mp4", "1917", None),
        ("Blade.Runner.2049.2017.1080p.mkv", "Blade Runner 2049", 2017),
        ("Blade Runner 2049.mkv", "Blade Runner 2049", None),
        ("S1m0ne.2002.mkv", "S1m0ne", 2002),
        ("Amélie (2001)/movie.mkv", "Amélie", 2001),
        (r"C:\films\3.Idiots.2009.Hindi.mkv", "3 Idiots", 2009),
        ("Se7en.1995.mkv", "Se7en", 1995),
        ("1984.1984.mkv", "1984", 1984),
        ("M (1931).mkv", "M", 1931),
        ("9 (2009).mkv", "9", 2009),
        ("[REC] (2007).mkv", "REC", 2007),
        ("The Room 4K HDR.mkv", "The Room", None),
        ("French Kiss (1995).mkv", "French Kiss", 1995),
        ("The.Italian.Job.1969.mkv", "The Italian Job", 1969),
        ("Ocean's Eleven (2001).mp4", "Ocean's Eleven", 2001),
        ('The "Last" Ferry 🎬 (2024).mp4', 'The "Last" Ferry', 2024),
        ("films/L'été d'Hélène 👍🏽 2019.mkv", "L'été d'Hélène", 2019),
        ("“Quoted” ‘Film’ (2001).mkv", "“Quoted” ‘Film’", 2001),
        ("The Last\nFerry\t(2020).mp4", "The Last Ferry", 2020),
        ("The \u202eLast\u202c Ferry (2011).mkv", "The Last Ferry", 2011),
        ("千と千尋の神隠し (2001).mkv", "千と千尋の神隠し", 2001),
        ("मेरी फ़िल्म.mp4", "मेरी फ़िल्म", None),
    ],
)
def test_titles_and_years_are_told_apart(file: str, title: str, year: int | None) -> None:
    found = title_of(JobOptions(file=file), this_year=2026)
    assert (found.title, found.year) == (title, year)


@pytest.mark.parametrize(
    "file",
    [
        "🎬🎬.mp4",
        "1080p.mkv",
        "   .mp4",
        "\x00\x01.mp4",
        "../..",
        "my film's cut.mp4",
        "IMG_2034.MOV",
        "VID_20240102_101112.mp4",
        "DSC_0001.MP4",
        "film.mp4",
        "final_v2.mov",
        ".mkv",
        "",
    ],
)
def test_names_that_say_nothing_give_no_title(file: str) -> None:
    assert title_of(JobOptions(file=file), this_year=2026).title == ""


def test_a_film_is_of_next_year_at_most() -> None:
    file = JobOptions(file="Blue Harbour 2027.mkv")
    early, late = (title_of(file, this_year=year) for year in (2025, 2026))
    assert (early.title, early.year) == ("Blue Harbour 2027", None)
    assert (late.title, late.year) == ("Blue Harbour", 2027)


def test_options_override_the_name_of_the_file() -> None:
    found = title_of(JobOptions(file="1917.2019.mkv", title="Lagaan", year=2001), this_year=2026)
    assert (found.title, found.year) == ("Lagaan", 2001)


def test_the_year_of_a_file_is_not_that_of_another_title() -> None:
    found = title_of(JobOptions(file="1917.2019.mkv", title="Lagaan"), this_year=2026)
    assert found.year is None


def test_an_episode_is_of_a_series() -> None:
    found = title_of(JobOptions(file="The.Office.S01E02.Diversity.Day.mkv"), this_year=2026)
    assert (found.title, found.is_series) == ("The Office", True)


@pytest.mark.parametrize("seed", range(60))
def test_no_name_is_too_odd_to_be_looked_at(seed: int) -> None:
    rng = random.Random(seed)
    parts = (*"aZ9 ._-()[]{}'\"/\\%$#&;🎬é語\n\x00\u202e", "1080p", "2020", "S01E02", "Film", "x264")
    file = "".join(rng.choice(parts) for _ in range(rng.randint(1, 40)))
    found = title_of(JobOptions(file=file), this_year=2026)
    assert found.title == " ".join(found.title.split())
    assert found.title == "" or any(map(str.isalnum, found.title))
    assert found.title.isprintable()
