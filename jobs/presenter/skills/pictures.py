"""Which asset a picture of a text is."""

from pathlib import PurePosixPath
from urllib.parse import unquote

from jobs.presenter.skills.wish import Wish


def asset_of(name: str, wish: Wish) -> str | None:
    """By the name as it is written, or without its folders; None if no such picture was given."""
    plain = unquote(name)
    names = (name, plain, plain.removeprefix("./"), PurePosixPath(plain).name)
    return next((wish.media[each] for each in names if each in wish.media), None)
