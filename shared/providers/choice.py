"""Which provider does a creative act: the one that a setting names, or the paid one where its key is set."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from shared.errors import ProviderDenied, UnknownName
from shared.settings import AUTO

_Opened = TypeVar("_Opened")


def chosen(setting: str, *, paid: str, key: str | None, embedded: str) -> str:
    """The provider's name: `setting` itself unless that is `auto`."""
    if setting != AUTO:
        return setting
    return paid if key else embedded


def opened(variable: str, name: str, providers: Mapping[str, Callable[[], _Opened]]) -> _Opened:
    """The provider with this name; raises `UnknownName` that names the variable."""
    if name not in providers:
        kind = variable.removesuffix("_PROVIDER").lower()
        raise UnknownName(f"{kind} provider (variable {variable})", name, list(providers))
    return providers[name]()


def demand_key(provider: str, variable: str, key: str | None) -> str:
    """The key, or `ProviderDenied` that names the variable to set."""
    if not key:
        raise ProviderDenied(provider, f"{variable} is unset: set it to the account's key")
    return key
