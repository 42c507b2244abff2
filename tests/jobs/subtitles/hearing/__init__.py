"""Recognition, word by word: what is asked of Whisper, what is believed of it, and when each word is."""
