"""The skills without a model: a text's own structure, or where its topics shift, decides."""
