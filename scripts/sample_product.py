"""The bundled sample product, whose picture is drawn on demand."""

from pathlib import Path

from PIL import Image

from scripts.sample.product import packshot


def write_sample_product(path: Path) -> None:
    """Write a PNG of 1600x2000, a wrist watch on white; the file is the same every time."""
    Image.fromarray(packshot()).save(path, format="PNG", compress_level=4)
