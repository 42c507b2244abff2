"""Names: which may be said in a film, and how they are worded for the recogniser.

`film_title` guesses what the film is, `tmdb_client` and `facts` tell who is in it, `entities` collects the
names, `prompts` words them. Here belongs what knows names, and no stage's frame.
"""
