"""When each word of a known text is said."""
