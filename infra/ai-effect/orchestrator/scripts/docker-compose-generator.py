#!/usr/bin/env python3
"""Writes the docker-compose.yml of an onboarding export, or of a use case; `reelwright blueprint` does the
work."""

import sys

import reelwright_code

if __name__ == "__main__":
    reelwright_code.find()
    from scripts.blueprint import compose_main

    sys.exit(compose_main())
