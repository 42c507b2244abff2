"""The temporary folder, and what to say when it is full."""

import errno
import shutil
import tempfile
from typing import Final

from shared.errors import StoreError

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""What the system calls it."""
_MIB: Final = 1024 * 1024


def full_scratch() -> StoreError:
    """What to raise when something could not be written to the temporary folder for want of room."""
    folder = tempfile.gettempdir()
    disk = shutil.disk_usage(folder)
    return StoreError(
        "write to the temporary folder",
        folder,
        f"its disk is full ({disk.free // _MIB} of {disk.total // _MIB} MiB are free); free some space, or "
        "let TMPDIR name a folder on a larger disk",
    )
