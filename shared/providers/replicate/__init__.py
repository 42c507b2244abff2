"""Replicate (https://replicate.com/docs/reference/http): predictions, paid for once and fetched later."""
