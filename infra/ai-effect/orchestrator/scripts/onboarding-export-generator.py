#!/usr/bin/env python3
"""Writes the onboarding export of a use case; `reelwright blueprint` does the work."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from scripts.blueprint import onboarding_main

if __name__ == "__main__":
    sys.exit(onboarding_main())
