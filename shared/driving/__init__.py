"""Drives blueprints: each RPC of an export is a stage of a run, which a worker's box runs and records.

So a blueprint's run is kept, resumed, shown and cancelled as every other run is.
"""
