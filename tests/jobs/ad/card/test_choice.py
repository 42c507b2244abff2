"""One behaviour for all who paint."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from jobs.ad.card import ImageProvider, PictureOrder, image_provider
from jobs.ad.scenery.look import Look
from shared.errors import ProviderDenied, UnknownName
from shared.providers.account import Account
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.emulators.replicate import TOKEN, ReplicateServer

LOOK = Look(
    name="bold",
    background="#101010",
    ground="#303030",
    accent="#ff2020",
    text="#ffffff",
    energy=0.6,
    contrast=0.9,
)


@contextmanager
def at_replicate() -> Iterator[ImageProvider]:
    with ReplicateServer() as server:
        settings = Settings(replicate_api_token=TOKEN, replicate_url=server.url)
        yield image_provider(settings, Account(MemoryStore(), sleep=lambda _s: None))


def embedded(name: str) -> Callable[[], AbstractContextManager[ImageProvider]]:
    @contextmanager
    def opened() -> Iterator[ImageProvider]:
        yield image_provider(Settings(image_provider=name), Account(MemoryStore()))

    return opened


PROVIDERS: dict[str, Callable[[], AbstractContextManager[ImageProvider]]] = {
    "replicate": at_replicate,
    "drawn": embedded("drawn"),
}


@pytest.fixture(params=list(PROVIDERS))
def provider(request: pytest.FixtureRequest) -> Iterator[ImageProvider]:
    with PROVIDERS[request.param]() as opened:
        yield opened


@pytest.fixture
def order() -> PictureOrder:
    return PictureOrder(prompt="Red light on black velvet.", width=108, height=192, look=LOOK)


@pytest.mark.parametrize("size", [(108, 192), (192, 108), (100, 100), (37, 211)])
def test_a_picture_has_the_size_that_was_ordered(
    provider: ImageProvider, order: PictureOrder, tmp_path: Path, size: tuple[int, int]
) -> None:
    target = tmp_path / "background.png"
    provider.paint(replace(order, width=size[0], height=size[1]), target)
    with Image.open(target) as image:
        image.load()
        assert (image.size, image.format) == (size, "PNG")
    assert list(tmp_path.iterdir()) == [target]


def test_the_same_order_gives_the_same_picture(
    provider: ImageProvider, order: PictureOrder, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.png", tmp_path / "2.png"
    provider.paint(order, first)
    provider.paint(order, second)
    assert first.read_bytes() == second.read_bytes()


def test_it_says_who_it_is_and_what_it_costs(provider: ImageProvider) -> None:
    assert provider.name
    assert provider.version
    assert 0 <= provider.estimate_usd() < 0.1


def test_cancelling_nothing_is_no_error(provider: ImageProvider) -> None:
    provider.cancel()


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownName) as caught:
        image_provider(Settings(image_provider="paint"), Account(MemoryStore()))
    assert caught.value.args[1] == "paint"
    assert "replicate" in caught.value.args[2]


def test_without_its_key_replicate_names_the_variable() -> None:
    with pytest.raises(ProviderDenied, match="REPLICATE_API_TOKEN"):
        image_provider(Settings(image_provider="replicate"), Account(MemoryStore()))
