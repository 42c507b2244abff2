"""One behaviour for all who film."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from jobs.ad.scenery import ClipOrder, VideoProvider, video_provider
from jobs.ad.scenery.look import Look
from shared.errors import ProviderDenied, Stopped, UnknownName
from shared.providers.account import Account
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.emulators.replicate import TOKEN, ReplicateServer, picture

LOOK = Look(
    name="minimal",
    background="#ffffff",
    ground="#eeeeee",
    accent="#333333",
    text="#000000",
    energy=0.3,
    contrast=0.3,
)


@contextmanager
def at_replicate() -> Iterator[VideoProvider]:
    with ReplicateServer() as server:
        settings = Settings(replicate_api_token=TOKEN, replicate_url=server.url)
        yield video_provider(settings, Account(MemoryStore(), sleep=lambda _s: None))


def embedded(name: str) -> Callable[[], AbstractContextManager[VideoProvider]]:
    @contextmanager
    def opened() -> Iterator[VideoProvider]:
        yield video_provider(Settings(video_provider=name, cores=1), Account(MemoryStore()))

    return opened


PROVIDERS: dict[str, Callable[[], AbstractContextManager[VideoProvider]]] = {
    "replicate": at_replicate,
    "motion": embedded("motion"),
}


@pytest.fixture(params=list(PROVIDERS))
def provider(request: pytest.FixtureRequest) -> Iterator[VideoProvider]:
    with PROVIDERS[request.param]() as opened:
        yield opened


@pytest.fixture
def order(tmp_path: Path) -> ClipOrder:
    product = tmp_path / "product.png"
    product.write_bytes(picture(120, 90))
    return ClipOrder(
        prompt="A watch turns slowly in soft light.",
        product=product,
        colours=("#dc1414", "#1414dc"),
        width=108,
        height=192,
        frames=40,
        frame_rate=Fraction(30),
        look=LOOK,
        tempo_bpm=90,
        scene=1,
    )


def seconds_of(path: Path) -> float:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        assert stream.average_rate
        return float(frames / stream.average_rate)


def nothing(part: float) -> None:
    """Nobody watches."""


@pytest.mark.parametrize("with_product", [True, False])
def test_a_clip_decodes_from_its_first_frame_to_its_last(
    provider: VideoProvider, order: ClipOrder, tmp_path: Path, with_product: bool
) -> None:
    target = tmp_path / "clip.mp4"
    wanted = order if with_product else replace(order, product=None, colours=())
    provider.film(wanted, target, on_progress=nothing)
    assert seconds_of(target) >= 1
    assert set(tmp_path.iterdir()) <= {target, tmp_path / "product.png"}


def test_progress_grows_from_0_to_1(provider: VideoProvider, order: ClipOrder, tmp_path: Path) -> None:
    parts: list[float] = []
    provider.film(order, tmp_path / "clip.mp4", on_progress=parts.append)
    assert parts == sorted(parts)
    assert 0 <= parts[0] <= parts[-1] == 1


def test_who_watches_can_end_it(provider: VideoProvider, order: ClipOrder, tmp_path: Path) -> None:
    def stop(part: float) -> None:
        raise Stopped("a signal")

    with pytest.raises(Stopped):
        provider.film(order, tmp_path / "clip.mp4", on_progress=stop)


def test_the_same_order_gives_the_same_clip(
    provider: VideoProvider, order: ClipOrder, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.mp4", tmp_path / "2.mp4"
    provider.film(order, first, on_progress=nothing)
    provider.film(order, second, on_progress=nothing)
    assert first.read_bytes() == second.read_bytes()


def test_it_says_who_it_is_and_what_it_costs(provider: VideoProvider) -> None:
    assert provider.name
    assert provider.version
    assert provider.concurrency >= 1
    assert 0 <= provider.estimate_usd(4) <= provider.estimate_usd(8) < 2


def test_cancelling_nothing_is_no_error(provider: VideoProvider) -> None:
    provider.cancel()
    provider.cancel()


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownName) as caught:
        video_provider(Settings(video_provider="replicat"), Account(MemoryStore()))
    assert caught.value.args[1] == "replicat"
    assert "replicate" in caught.value.args[2]


def test_without_its_key_replicate_names_the_variable() -> None:
    with pytest.raises(ProviderDenied, match="REPLICATE_API_TOKEN"):
        video_provider(Settings(video_provider="replicate"), Account(MemoryStore()))
