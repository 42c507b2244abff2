"""The temporary folder, and the error when it is full."""

import errno
import shutil
import tempfile
from typing import Final

from shared.errors import StoreError

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""The system's text for this error."""
_MIB: Final = 1024 * 1024


def full_scratch() -> StoreError:
    """The error to raise when the temporary folder has no space left."""
    folder = tempfile.gettempdir()
    disk = shutil.disk_usage(folder)
    return StoreError(
        "write to the temporary folder",
        folder,
        f"its disk is full ({disk.free // _MIB} of {disk.total // _MIB} MiB are free); free some space, or "
        "let TMPDIR name a folder on a larger disk",
    )
