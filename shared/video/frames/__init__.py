"""Pictures and frames: decoding, motion over a picture, words on it."""
