"""The HTTP face of every pipeline: one FastAPI app over a trigger, bound to a platform by whoever serves it.

`app.py` puts it together; `runs.py` starts, shows and cancels; `assets.py` takes and hands out files;
`videos.py` has the ads' own routes; `live.py` tells by WebSocket how they go on; `metrics.py` counts;
`events.py` takes hints that something ended; `auth.py` decides who may ask, `serve.py` where it listens;
`entry.py` is the command line of a cloud's trigger. FastAPI, Starlette and uvicorn live here only.
"""
