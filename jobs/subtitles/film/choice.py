"""Which track of sound is heard."""

from collections.abc import Sequence
from typing import Final

from jobs.subtitles.film.inventory import Inventory
from jobs.subtitles.job.documents import Track
from jobs.subtitles.job.options import JobOptions
from shared.errors import InvalidAssets
from shared.text.language import is_same_language

_ABOUT_THE_FILM: Final = frozenset({"comment", "visual_impaired", "descriptions", "karaoke", "lyrics"})
"""Dispositions of tracks that are spoken over the film: comments, descriptions of the picture."""
_UNKNOWN: Final = "und"


def chosen_track(film: Inventory, options: JobOptions, *, name: str) -> tuple[Track, str]:
    """The track, and a doubt about it or an empty text.

    Raises `InvalidAssets`, naming the film as `name`, if it has no sound or none in the language that
    `audio_language` demands.
    """
    tracks = film.of_kind("audio")
    if not tracks:
        remedy = "put a film with sound, or a script in script.txt and the recording of it as the film"
        raise InvalidAssets(f"{name}: has no sound, so there is nothing to hear; {remedy}")
    if options.audio_language:
        return _demanded(tracks, options.audio_language, name)
    return _best(tracks, options.language), ""


def _best(tracks: Sequence[Track], language: str | None) -> Track:
    def rank(track: Track) -> tuple[bool, bool, bool, int]:
        is_other = not (language and is_same_language(track.language, language))
        is_aside = bool(_ABOUT_THE_FILM & {*track.dispositions})
        return is_aside, is_other, not track.is_default, track.index

    return min(tracks, key=rank)


def _demanded(tracks: Sequence[Track], language: str, name: str) -> tuple[Track, str]:
    spoken = [track for track in tracks if is_same_language(track.language, language)]
    if spoken:
        return _best(spoken, language), ""
    unknown = [track for track in tracks if track.language == _UNKNOWN]
    if not unknown:
        there = ", ".join(track.language for track in tracks)
        raise InvalidAssets(
            f"{name}: has no sound in {language!r}, only in {there}; change audio_language or leave it out"
        )
    taken = _best(unknown, language)
    return taken, f"{name}: track {taken.index} doesn't say its language; it is taken for {language!r}"
