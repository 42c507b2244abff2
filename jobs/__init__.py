"""The pipelines, a folder each. A pipeline may use `shared/` and never another pipeline."""
