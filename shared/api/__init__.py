"""The HTTP face of every pipeline: one FastAPI app over a trigger, bound to a platform by whoever serves it.

`app.py` puts it together, `cloud_trigger.py` is the command line of a cloud's trigger. `routes/` holds what
can be asked, `http/` how bodies are read and answered, `guard/` who may ask, where it listens and how long a
client may keep a connection, `live/` the WebSockets; `videos.py` and the files beside it are the ads' own
routes. FastAPI, Starlette and uvicorn live here only.
"""
