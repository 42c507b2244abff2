"""How long tests wait for what is sure to come."""

from typing import Final

HANGS_AFTER_S: Final = 300.0
"""Then it is taken for never coming. Far above what a busy machine needs: no test measures time by it."""
