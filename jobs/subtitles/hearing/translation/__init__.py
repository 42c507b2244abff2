"""Subtitles in another language than what is said: the text of each sentence is translated, and its words are
spread over the times of that sentence. Nothing is ever aligned across languages.

Claude translates into any language where its key is set; else Whisper itself does, into English, less well.
"""
