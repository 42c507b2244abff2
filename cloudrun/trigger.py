"""`python -m cloudrun.trigger`: the HTTP server for creations whose stages are Cloud Run jobs."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from cloudrun.identity import open_verify
from cloudrun.platform import open_platform
from shared.api.cloud_trigger import Cloud, trigger_main

CLOUD: Final = Cloud(open_platform=open_platform, schemes=("gs",), open_verify=open_verify)


def main(environ: Mapping[str, str] | None = None, *, on_ready: Callable[[str], None] | None = None) -> int:
    """Serve on $PORT until SIGTERM; 0 done, 1 failed, 2 bad settings."""
    return trigger_main(CLOUD, os.environ if environ is None else environ, on_ready=on_ready)


if __name__ == "__main__":
    sys.exit(main())
