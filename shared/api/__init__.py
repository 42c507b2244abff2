"""The HTTP API of every pipeline: one FastAPI app over a trigger, bound to a platform by the program that
serves it.

`app.py` assembles it, `cloud_trigger.py` is the command line of a cloud's trigger. `routes/` holds the
routes, `http/` how bodies are read and answered, `guard/` who may send requests, where the server listens and
how long a client may keep a connection, `live/` the WebSockets. A pipeline's own routes are in its folder.
FastAPI, Starlette and uvicorn are used only here.
"""
