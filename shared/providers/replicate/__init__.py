"""Replicate (https://replicate.com/docs/reference/http): predictions, bought once and fetched later."""
