"""Bodies, forms, preconditions, media types and problems: HTTP without anything about creations or runs."""
