"""Helpers for several tests.

    toys           a pipeline of quick stages, in this process or in separate ones
    stories, ads   small creations of the real pipelines, and whole runs of them
    nursery        processes that start in milliseconds, for tests that kill; ad_process has those of the ad
    clouds         every job on a platform's stand-in, over a store's stand-in
    deployments    the pipelines that deployment files are written for
    servers        real Redis and PostgreSQL
    served         a cloud's trigger as a process; client: Starlette's client on this machine
    films, faces   reading films; fonts made by code
    languages      the model that detects languages, loaded once
    patience       waiting for events that are sure to happen
    shards         parts of exhaustive tests, one each day
    toy_worker     a worker process that follows commands

Stand-ins for clouds, stores and providers are in `tests/emulators/`. Helpers for only one folder's tests are
in that folder.
"""
