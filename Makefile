# Everything happens in .venv; nothing else on the machine is changed. `make help` lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
NODE   := tests/node
UV     := $(BIN)/uv
# Wheels only: no package is ever built on this machine, so no compiler is needed.
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --only-binary :all: --require-hashes
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --only-binary :all: --python-version 3.11 \
           --no-emit-index-url --custom-compile-command 'make lock'

# Stamps: a second run installs nothing unless a file it depends on has changed.
BOOTSTRAPPED := $(VENV)/.bootstrapped
RUNTIME      := $(VENV)/.runtime
DEVELOPMENT  := $(VENV)/.development
NODE_MODULES := $(NODE)/node_modules/.installed

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test soak check format bench lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(RUNTIME) ## set up what running needs, and play the demonstration
	$(BIN)/registry demo

test: $(DEVELOPMENT) $(NODE_MODULES) ## set up everything, and run every test but the long ones
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

soak: $(DEVELOPMENT) $(NODE_MODULES) ## run the tests that take minutes
	$(BIN)/python -m pytest -m long --timeout 1800 $(ARGS)

check: $(DEVELOPMENT) ## lint, formatting, types and import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEVELOPMENT) ## put the sources into their form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(DEVELOPMENT) ## measure
	$(BIN)/registry bench $(ARGS)

lock: $(BOOTSTRAPPED) ## choose versions again, and write them down with their hashes
	$(COMPILE) --upgrade --group bootstrap --output-file requirements-bootstrap.txt
	$(COMPILE) --upgrade pyproject.toml --output-file requirements.txt
	$(COMPILE) --upgrade pyproject.toml --group dev --constraint requirements.txt \
	  --output-file requirements-dev.txt
	cd $(NODE) && npm install --package-lock-only --ignore-scripts --no-audit --no-fund

clean: ## remove everything that was set up or left behind
	rm -rf $(VENV) $(NODE)/node_modules build dist *.egg-info \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks .import_linter_cache
	find registry projections api scripts tests -name __pycache__ -prune -exec rm -rf {} + \
	  2>/dev/null || true

$(BOOTSTRAPPED): requirements-bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --only-binary :all: --require-hashes -r $<
	touch $@

$(RUNTIME): requirements.txt pyproject.toml $(BOOTSTRAPPED)
	$(INSTALL) -r $<
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	$(INSTALL) -r $<
	touch $@

$(NODE_MODULES): $(NODE)/package.json $(NODE)/package-lock.json $(DEVELOPMENT)
	cd $(NODE) && npm ci --ignore-scripts --no-audit --no-fund
	touch $@
