"""What two pipelines or platforms use: rooms on floors (docs/architecture.md) over a ground for all."""
