#!/usr/bin/env python3
"""Writes the onboarding export of a use case; `reelwright blueprint` does the work."""

import sys

import reelwright_code

if __name__ == "__main__":
    reelwright_code.find()
    from scripts.blueprint import onboarding_main

    sys.exit(onboarding_main())
