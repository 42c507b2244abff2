"""What people put in: which file is what, captions, parts, options. Problems name the file and the remedy."""
