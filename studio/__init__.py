"""The studio: a page where people make, watch and mend their videos, over the HTTP API and nothing else.

`site/` holds the page: HTML, a style sheet, modules of JavaScript without a build step, and its words.
`serving.py` serves it beside the API, `elsewhere.py` beside a server that is somewhere else.

To add a language:
1. write `studio/site/words/<code>.json`; what it lacks stays English,
2. name it in `studio/site/app/lib/words.js`.
"""
