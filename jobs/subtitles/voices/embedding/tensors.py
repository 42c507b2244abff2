"""Tensors from a checkpoint in torch's older format, without torch; nothing that a pickle may hold is run.

The file is five pickles (a magic number, the format's version, facts about the machine, the object, the names
of the storages in order), then each storage as a count of 64 bits and its numbers.
"""

import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tensor = NDArray[np.float32]

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_VERSION: Final = 1001
_FLOAT_BYTES: Final = 4


class UnreadableTensors(ValueError):
    """The file is no checkpoint of this format, or holds other things than tensors."""


@dataclass(frozen=True, kw_only=True)
class _Storage:
    name: str
    size: int


@dataclass(frozen=True, kw_only=True)
class _View:
    """A tensor before its numbers are read."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def __post_init__(self) -> None:
        reach = sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        in_bounds = min((*self.shape, *self.strides, self.offset + 1), default=1) > 0
        if not in_bounds or self.offset + reach >= self.storage.size:
            raise UnreadableTensors("a tensor reaches beyond its storage")


@dataclass(kw_only=True)
class _Named:
    """An ordered dictionary, to which the pickle gives its items after it was made."""

    items: dict[str, Any] = field(default_factory=dict)

    def __setitem__(self, name: str, value: object) -> None:
        self.items[name] = value


def read_tensors(data: bytes, group: str) -> "Mapping[str, Tensor]":
    """The tensors of one group of a checkpoint, e.g. `model_state`; raises `UnreadableTensors`."""
    file = io.BytesIO(data)
    try:
        magic, version, _machine, held, names = (_Reader(file).load() for _ in range(5))
        if (magic, version) != (_MAGIC, _VERSION):
            raise UnreadableTensors("not a checkpoint of torch's older format")
        views = held[group].items
        storages = _read_storages(file, names, views)
        return {name: _tensor(view, storages[view.storage.name]) for name, view in views.items()}
    except UnreadableTensors:
        raise
    except (pickle.UnpicklingError, EOFError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise UnreadableTensors(f"{type(error).__name__}: {error}") from error


class _Reader(pickle.Unpickler):
    """Admits the three names that tensors need, each as a harmless stand-in, and no others."""

    def find_class(self, module: str, name: str) -> Any:
        known = {
            "collections.OrderedDict": _Named,
            "torch._utils._rebuild_tensor_v2": _rebuilt,
            "torch.FloatStorage": "float",
        }
        if (found := known.get(f"{module}.{name}")) is None:
            raise UnreadableTensors(f"it names {module}.{name}; only tensors of floats are read")
        return found

    def persistent_load(self, pid: Any) -> _Storage:
        _kind, _type, name, _device, size, _view = pid
        return _Storage(name=name, size=int(size))


def _rebuilt(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _View:
    return _View(storage=storage, offset=offset, shape=shape, strides=strides)


def _read_storages(file: io.BytesIO, names: list[str], views: Mapping[str, _View]) -> "dict[str, Tensor]":
    """Those that the views need; all others are passed over."""
    import numpy as np

    wanted = {view.storage.name for view in views.values()}
    found = {}
    for name in names:
        count = int.from_bytes(file.read(8), "little")
        data = file.read(count * _FLOAT_BYTES)
        if len(data) != count * _FLOAT_BYTES:
            raise UnreadableTensors("the file ends too early")
        if name in wanted:
            found[name] = np.frombuffer(data, "<f4")
    return found


def _tensor(view: _View, numbers: "Tensor") -> "Tensor":
    import numpy as np

    if numbers.size != view.storage.size:
        raise UnreadableTensors("a storage has another size than is said")
    strides = [stride * _FLOAT_BYTES for stride in view.strides]
    seen = np.lib.stride_tricks.as_strided(numbers[view.offset :], view.shape, strides, writeable=False)
    return np.ascontiguousarray(seen)
