"""`reelwright run ad`: what is typed becomes a brief; the price is told without asking anybody."""

import socket
from pathlib import Path
from typing import Any

import pytest

from jobs.ad.command import AdOptions, estimate_usd
from jobs.ad.styles import style_named
from shared.errors import BadRequest, UnknownName
from shared.settings import Settings

PAID = Settings(anthropic_api_key="a", elevenlabs_api_key="e", replicate_api_token="r")


def options(**changes: Any) -> AdOptions:
    return AdOptions(
        **{"product_name": "Premium Watch", "style": "luxury", "cta_text": "Shop Now", **changes}
    )


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_what_is_made_here_costs_nothing_to_providers() -> None:
    prices = estimate_usd(Settings(speech_provider="espeak"), options())
    assert list(prices) == [
        "script (template)",
        "4 voice-overs (espeak)",
        "4 scenes (motion)",
        "call to action (drawn)",
    ]
    assert sum(prices.values()) == 0


@pytest.mark.parametrize("style", ["luxury", "energetic", "minimal", "bold"])
def test_paid_providers_are_taken_where_their_keys_are_and_each_has_its_price(style: str) -> None:
    prices = estimate_usd(PAID, options(style=style))
    assert list(prices) == [
        "script (claude)",
        "4 voice-overs (elevenlabs)",
        "4 scenes (replicate)",
        "call to action (replicate)",
    ]
    assert all(usd > 0 for usd in prices.values())
    assert prices["4 scenes (replicate)"] == max(prices.values())


def test_the_cheaper_model_is_cheaper() -> None:
    dear = estimate_usd(PAID, options())["4 scenes (replicate)"]
    cheap = Settings(replicate_api_token="r", video_model="ltx")
    assert estimate_usd(cheap, options())["4 scenes (replicate)"] < dear


def test_a_provider_that_there_is_none_of_names_the_variable() -> None:
    with pytest.raises(UnknownName, match="TEXT_PROVIDER"):
        estimate_usd(Settings(text_provider="shakespeare"), options())


def test_every_option_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(BadRequest) as caught:
        _ = options(product_name="", style="cheap", cta_text="x" * 51, proof=" ", aspect_ratio="2:1").brief
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "--product-name",
        "--style",
        "--cta",
        "--proof",
        "--aspect-ratio",
    ]


def test_the_command_to_go_on_with_is_quoted_for_a_shell(tmp_path: Path) -> None:
    words = options(product_name="Bob's $(rm) watch", image=tmp_path / "a b.jpg", proof="4.8 stars").words
    assert "--proof '4.8 stars'" in words
    assert "'Bob'\"'\"'s $(rm) watch'" in words
    assert f"'{tmp_path}/a b.jpg'" in words
    assert "--aspect-ratio" not in words
    assert options(aspect_ratio="4:5").words.endswith("--aspect-ratio 4:5")


def test_styles_last_thirty_seconds() -> None:
    assert style_named("bold").seconds == 30


@pytest.mark.parametrize("words", [None, "no picture"])
def test_an_estimate_looks_at_the_picture(words: str | None, tmp_path: Path) -> None:
    image = tmp_path / "watch.jpg"
    if words:
        image.write_text(words)
    with pytest.raises(BadRequest, match="picture"):
        estimate_usd(Settings(), options(image=image))
