"""What several tests use.

    toys           a pipeline of quick stages, in this process or as processes of its own
    stories, ads   small creations of the real pipelines, and whole runs of them
    nursery        processes at a few milliseconds each, for tests that kill; ad_process has those of the ad
    clouds         every job on a platform's stand-in, over a store's stand-in
    deployments    the pipelines that deployment files are written for
    servers        real Redis and PostgreSQL
    served         a cloud's trigger as a process; client: Starlette's client on this machine
    films, faces   looking into films; fonts made by code
    languages      the model that guesses languages, loaded once
    patience       waiting for what is sure to come
    shards         parts of exhaustive tests, one each day
    toy_worker     a worker process that does what it is asked

Stand-ins for clouds, stores and providers are in `tests/emulators/`. What only one folder's tests use lies
beside them.
"""
