from pathlib import Path

import pytest

from shared.errors import StoreError
from shared.machine.ffmpeg import run

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full, which stands for a full disk")
@pytest.mark.parametrize("kind", [["-f", "s16le"], ["-f", "ipod", "-c:a", "aac"]])
def test_a_disk_that_is_full_inside_ffmpeg_is_no_fault_of_the_input_and_the_remedy_is_named(
    kind: list[str],
) -> None:
    with pytest.raises(StoreError) as caught:
        run(["-f", "lavfi", "-i", "sine=d=9", *kind, "-y", f"file:{FULL}"])
    assert "TMPDIR" in str(caught.value)
    assert "MiB are free" in str(caught.value)
