"""The studio: a page where people make, watch and mend their videos, over the HTTP API and nothing else.

`site/` holds the page: HTML, a style sheet, modules of JavaScript without a build step, and a catalogue of words
a language. `serving.py` serves it beside the API, `elsewhere.py` beside a server that is somewhere else. To add a
language, write `site/words/<code>.json` and name it in `site/app/lib/words.js`.
"""
