"""The pipelines, one folder each. A pipeline may import `shared/`, but no other pipeline."""
