"""The bundled sample product: its picture is drawn when asked for."""

from pathlib import Path

from PIL import Image

from scripts.sample.product import packshot


def write_sample_product(path: Path) -> None:
    """Write a PNG of 1600x2000: a wrist watch on white, the same file every time."""
    Image.fromarray(packshot()).save(path, format="PNG", compress_level=4)
