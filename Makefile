# `make demo` and `make test` set up all they need in .venv; nothing else on the machine is touched.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo demo-ad test soak bench images test-containers format clean

demo: .venv/demo.stamp  ## Make the sample story's film and tell what to type next.
	$(BIN)/python -m scripts.demo

demo-ad: .venv/demo.stamp  ## Make an ad for the sample product (STYLE=luxury, energetic, minimal or bold).
	$(BIN)/python -m scripts.demo_ad $(STYLE)

test: .venv/dev.stamp  ## Lint, types and all tests.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

soak: .venv/dev.stamp  ## The long form of the tests that kill, race and repeat.
	$(BIN)/python -m pytest -m soak

bench: .venv/dev.stamp  ## Speed, memory and reuse, in figures and ratios.
	$(BIN)/python -m benchmarks

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
	$(PIP) --editable '.[story,ad,cli]'
	@touch $@

.venv/dev.stamp: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing what the tests need into .venv (about a minute) ..."
	$(PIP) --editable '.[dev]'
	@touch $@ .venv/demo.stamp
