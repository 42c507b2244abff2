"""Chooses the provider of a creative act: the one that a setting names, or the first one that is ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.errors import ProviderDenied, UnknownName
from shared.providers.account import Account
from shared.settings import AUTO, SETTINGS, Settings

_Opened = TypeVar("_Opened")


@dataclass(frozen=True, kw_only=True)
class Provider(Generic[_Opened]):
    """How to open a provider, and the key that it needs."""

    open: Callable[[Settings, Account], _Opened]
    key: str | None = None
    """The field of `Settings` that holds its key; None for a built-in provider."""
    missing: Callable[[], list[str]] = list
    """Lists the packages that it needs and that are not installed."""
    by_name: bool = False
    """`auto` never takes it: its key may be set for something else."""

    def is_ready(self, settings: Settings) -> bool:
        """Whether its key is set and its packages are installed."""
        return bool(not self.key or getattr(settings, self.key)) and not self.missing()


@dataclass(frozen=True, kw_only=True)
class Choice(Generic[_Opened]):
    """All providers of one kind."""

    setting: str
    """The field of `Settings` that names one of them, or is `auto`."""
    providers: Mapping[str, Provider[_Opened]]
    """By name, in the order in which `auto` prefers them; the last one is always ready."""

    def name(self, settings: Settings) -> str:
        """The setting's value, or for `auto` the first provider that is ready."""
        asked: str = getattr(settings, self.setting)
        known = self.providers.items()
        ready = (name for name, each in known if each.is_ready(settings) and not each.by_name)
        return next(ready) if asked == AUTO else asked

    def open(self, settings: Settings, account: Account) -> _Opened:
        """The provider; raises `UnknownName` that names the variable."""
        name = self.name(settings)
        if name not in self.providers:
            variable = SETTINGS[self.setting].variable
            kind = variable.removesuffix("_PROVIDER").lower()
            raise UnknownName(f"{kind} provider (variable {variable})", name, list(self.providers))
        return self.providers[name].open(settings, account)


def demand_key(provider: str, settings: Settings, field: str) -> str:
    """The key in this field, or `ProviderDenied` that names the variable to set."""
    key: str | None = getattr(settings, field)
    if not key:
        raise ProviderDenied(provider, f"{SETTINGS[field].variable} is unset: set it to the account's key")
    return key
