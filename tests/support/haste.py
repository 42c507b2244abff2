"""What takes longer than the small films of tests is done once in a process, or once in a run of tests."""

import gc
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import yaml

from jobs.ad.music import composer
from jobs.story import narrate
from shared.machine import memory
from shared.machine.workers import Workers
from shared.text import guessing
from shared.video.encoding import x264
from shared.video.lettering import font_copies
from shared.video.lettering.fonts import Face
from shared.video.subjects.subjects import what_matters
from shared.worker import meter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.pipelines.definition import Pipeline
    from shared.video.subjects.boxes import Box

SetAttribute = Callable[[Any, str, Any], object]
Made = Callable[[Any, Callable[[], Any]], Any]
"""What a function returns; it is called once for a key, whichever process comes first."""
save_instance: Final = font_copies._save_instance
"""What `instance_once` replaces."""


def load_model_once(set_attribute: SetAttribute) -> None:
    """The model that detects languages."""
    set_attribute(guessing, "load_model", cache(guessing.load_model))


def look_once(set_attribute: SetAttribute, made: Made) -> None:
    """For what matters in a picture: narrate remembers it for equal pixels."""

    @cache
    def seen(pixels: bytes, shape: tuple[int, ...]) -> "tuple[Box, ...]":
        import numpy as np

        picture = np.frombuffer(pixels, np.uint8).reshape(shape)
        boxes: tuple[Box, ...] = made((pixels, shape), lambda: what_matters(picture))
        return boxes

    def look(picture: "NDArray[np.uint8]") -> "tuple[Box, ...]":
        return seen(picture.tobytes(), picture.shape)

    set_attribute(narrate, "what_matters", look)


def compose_once(set_attribute: SetAttribute, made: Made) -> None:
    """The same music; its own tests compose it each time."""
    compose = composer.compose

    @lru_cache(maxsize=8)
    def kept(**asked: Any) -> "NDArray[np.float32]":
        music: NDArray[np.float32] = made(sorted(asked.items()), lambda: compose(**asked))
        return music

    def composed(*, cuts_s: Sequence[float], **asked: Any) -> "NDArray[np.float32]":
        return kept(cuts_s=tuple(cuts_s), **asked)

    set_attribute(composer, "compose", composed)


def keep_decoders(set_attribute: SetAttribute) -> None:
    """The processes that decode pictures live on when a stage has ended."""
    set_attribute(meter, "DECODERS", Workers("unused", most=1))


def parse_once(set_attribute: SetAttribute) -> None:
    """YAML, such as the pipelines that every run and every app reads; each call has its own copy."""
    load = yaml.load

    @cache
    def parsed(text: str | bytes, loader: Any) -> bytes:
        return pickle.dumps(load(text, loader))

    def load_kept(source: Any, Loader: Any) -> Any:  # noqa: N803 - PyYAML's own name
        kept = isinstance(source, str | bytes)
        return pickle.loads(parsed(source, Loader)) if kept else load(source, Loader)

    set_attribute(yaml, "load", load_kept)


def keep_frozen(set_attribute: SetAttribute) -> None:
    """What `tests/conftest.py` froze: rendering would thaw it, and every film's end would scan it all."""
    for name in ("freeze", "unfreeze"):
        set_attribute(gc, name, lambda: None)


def collect_young(set_attribute: SetAttribute) -> None:
    """Garbage of the segment that was just encoded: the old objects of this large process stay unscanned."""
    set_attribute(x264, "gc", SimpleNamespace(collect=lambda: gc.collect(1)))


def measure_roughly(set_attribute: SetAttribute) -> None:
    """A process's memory, and seldom: the kernel walks all pages of this large one to tell which of them are
    shared, and its many threads are asked for children."""

    def resident_kib(pid: int) -> int:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024

    set_attribute(memory, "_share_kib", resident_kib)
    set_attribute(memory, "_EVERY_S", 0.5)


def instance_once(set_attribute: SetAttribute, made: Made) -> None:
    """A variable font at the same places of its axes."""
    known: dict[Any, bytes] = {}

    def save(face: Face, places: dict[str, float], target: Path, text: str) -> None:
        letters = text if face.path.suffix.lower().endswith("c") else ""
        key = str(face.path), face.number, tuple(places.items()), letters

        def make() -> bytes:
            save_instance(face, places, target, text)
            return target.read_bytes()

        if key not in known:
            known[key] = made((*key, face.path.stat().st_mtime_ns), make)
        target.write_bytes(known[key])

    set_attribute(font_copies, "_save_instance", save)


def adapt_once(set_attribute: SetAttribute) -> None:
    """Types of parameters and answers: FastAPI makes an adapter of each, hundreds for one app, and most of
    them alike."""
    if "fastapi" not in sys.modules:
        return
    from fastapi._compat import v2

    make = v2.ModelField.__post_init__
    made: dict[Any, Any] = {}

    def adapt(self: v2.ModelField) -> None:
        given = v2.asdict(self.field_info)
        named = ((name, type(value), value) for name, value in given["attributes"].items())
        try:
            key = given["annotation"], tuple(given["metadata"]), tuple(named)
            known = made.get(key)
        except TypeError:  # a value that can change
            make(self)
            return
        if known and not self.config:
            self._type_adapter = known
            return
        make(self)
        if not self.config:
            made[key] = self._type_adapter

    set_attribute(v2.ModelField, "__post_init__", adapt)


def sign_once(set_attribute: SetAttribute) -> None:
    """The signature of a function: FastAPI asks for those of the same dependencies for each route."""
    if "fastapi" not in sys.modules:
        return
    from fastapi.dependencies import utils

    read = utils.get_typed_signature
    known: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def signature(call: Any) -> Any:
        if not isinstance(call, FunctionType):
            return read(call)
        if call not in known:
            known[call] = read(call)
        return known[call]

    set_attribute(utils, "get_typed_signature", signature)


def route_once(set_attribute: SetAttribute) -> None:
    """The routes of our modules: FastAPI prepares them for each app that includes them. Apps share what was
    prepared for the first of them, so no test may override a dependency."""
    if "fastapi" not in sys.modules:
        return
    from fastapi import routing

    from shared.api import app
    from shared.api.routes.runs import runs_router as make_router

    contexts = routing._EffectiveRouteContext
    prepare = contexts.from_api_route
    routers: dict[str, Any] = {}
    made: dict[Any, Any] = {}
    """What was prepared holds its route, whose ID is therefore no other's."""

    def runs_router(action: str, pipeline: "Pipeline") -> Any:
        key = f"{action} {pipeline.model_dump_json()}"
        if key not in routers:
            routers[key] = make_router(action, pipeline)
        return routers[key]

    def from_api_route(*, original_route: Any, include_context: Any) -> Any:
        given = include_context
        key = id(original_route), given.prefix, tuple(given.tags), tuple(given.dependencies)
        if key in made:
            return made[key]
        prepared = prepare(original_route=original_route, include_context=given)
        of_a_test = original_route.endpoint.__module__.startswith("tests.")
        return prepared if of_a_test else made.setdefault(key, prepared)

    set_attribute(app, "runs_router", runs_router)
    set_attribute(contexts, "from_api_route", from_api_route)


def trust_once(set_attribute: SetAttribute) -> None:
    """The certificates that IBM's clients trust: each of them reads the long file."""
    if "ibm_cloud_sdk_core" not in sys.modules:
        return
    from certifi import where
    from ibm_cloud_sdk_core.http_adapter import SSLHTTPAdapter
    from urllib3.util.ssl_ import create_urllib3_context

    @cache
    def trusted() -> Any:
        context = create_urllib3_context()
        context.load_verify_locations(where())
        return context

    def init_poolmanager(self: SSLHTTPAdapter, connections: int, maxsize: int, block: bool = False) -> None:
        super(SSLHTTPAdapter, self).init_poolmanager(connections, maxsize, block, ssl_context=trusted())

    set_attribute(SSLHTTPAdapter, "init_poolmanager", init_poolmanager)


def describe_once(set_attribute: SetAttribute) -> None:
    """The services that botocore knows: each client reads long JSON files."""
    if "botocore" not in sys.modules:
        return
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader.load_file
    made: dict[str, Any] = {}

    def load_file(self: JSONFileLoader, path: str) -> Any:
        found = made.get(path)
        if found is None and (found := read(self, path)) is not None:
            made[path] = found
        return found

    set_attribute(JSONFileLoader, "load_file", load_file)


IN_EACH_PROCESS: Final = (
    *(load_model_once, parse_once, keep_decoders, keep_frozen, collect_young, measure_roughly),
    *(adapt_once, sign_once, route_once, trust_once, describe_once),
)
FOR_ALL_PROCESSES: Final = (instance_once, look_once, compose_once)
