"""Code that several pipelines or platforms use: rooms on floors (docs/architecture.md) over a ground."""
