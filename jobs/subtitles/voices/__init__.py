"""Voices: where there is speech, and who speaks it.

`sound` reads the film's sound block by block, so that memory stays flat however long it is. `silero` and
`second_opinion` (or `pyannote`) find speech, `spans` puts them together, `embedding` tells what a voice is
like and `clustering` which stretches are of one voice; `speakers` makes stretches with names of it.
`listening` is what their stages have in common.

May use `jobs.subtitles.job` and `shared`.
"""
