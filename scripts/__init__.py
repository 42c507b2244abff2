"""What a person types: one file a verb. The one place that puts everything together."""
