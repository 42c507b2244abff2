"""Code that several pipelines or platforms use, in rooms on floors (docs/architecture.md) over a common
ground."""
