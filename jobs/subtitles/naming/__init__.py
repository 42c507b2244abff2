"""Names: which may be said in a film, how they are prompted, and how misheard ones are mended.

`film_title` guesses what the film is, `tmdb_client` and `facts` tell who is in it, `entities` collects the
names, `prompts` words them for the recogniser. `sounds` and `mending` find misheard ones by how
they sound; `introductions` finds who says their own name. Here belongs what knows names, and no stage's frame.
"""
