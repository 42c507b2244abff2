"""`make demo-ad`: makes an ad for the bundled sample product and shows its progress."""

import os
import sys

from rich.console import Console

from jobs.ad.command import AdOptions, make_ad
from jobs.ad.styles import DEFAULT_STYLE, style_named
from scripts.run import RunDesk
from scripts.sample_product import write_sample_product
from shared.machine.temporary import scratch
from shared.settings import Settings
from shared.worker.entry import DONE, guarded


def main() -> int:
    def work(settings: Settings) -> int:
        style = style_named(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_STYLE).name
        Console(stderr=True).print("drawing the sample product's picture ...", style="dim")
        with scratch() as folder:
            picture = folder / "watch.png"
            write_sample_product(picture)
            options = AdOptions(
                product_name="Premium Watch",
                style=style,
                cta_text="Shop Now",
                image=picture,
            )
            make_ad(RunDesk(settings=settings), f"sample-ad-{style}", options)
        return DONE

    return guarded(work, {"LOG_FORMAT": "text", **os.environ})


if __name__ == "__main__":
    sys.exit(main())
