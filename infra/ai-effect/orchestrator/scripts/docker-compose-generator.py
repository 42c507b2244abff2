#!/usr/bin/env python3
"""Writes the docker-compose.yml of an onboarding export, or of a use case; `reelwright blueprint` does the
work."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from scripts.blueprint import compose_main

if __name__ == "__main__":
    sys.exit(compose_main())
