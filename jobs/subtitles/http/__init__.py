"""Jobs of films over HTTP: `POST /subtitles/jobs`. Uploads, polling and assets are those of every pipeline.

May use `jobs/subtitles/job/`, `shared/api/` and all that is below it.
"""
