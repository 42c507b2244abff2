"""Talks over HTTP: `POST /assist`. Polling, WebSockets and assets are those of every pipeline.

May use `jobs/presenter/messages/`, `shared/api/` and all that is below it.
"""
