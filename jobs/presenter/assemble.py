"""assemble: joins the segments, mixes the sound, adds captions, chapters, poster and transcript."""
