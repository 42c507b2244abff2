"""The story's input: its files, captions, parts and options. Problems name the file and the remedy."""
