# backtrail: what a developer runs. `make help` lists the targets.
#
# Needs make, git, a C compiler for nothing but optional extras, and any Python from 3.11 on. Everything else is installed
# into .venv on demand; stamp files make repeated calls quick.

SHELL      := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
MAKEFLAGS  += --no-builtin-rules
.DEFAULT_GOAL := help

# The tests start hundreds of processes: each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

VENV    ?= .venv
BIN     := $(VENV)/bin
PY      := $(BIN)/python
PIP     := $(PY) -m pip --disable-pip-version-check --quiet
ARGS    ?=
JOBS    ?= auto
PYTEST  := $(PY) -m pytest

# The newest interpreter that suits; PYTHON=/path/to/python make … decides otherwise.
PYTHON  ?= $(shell scripts/find-pythons --first)

RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: help run test check test-all test-long bench coverage format clean distclean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(RUN_STAMP) ## run the quickstart and print its report (ARGS=--json for machines)
	@$(BIN)/backtrail quickstart $(ARGS)

test: check ## check, then every test but the long campaigns
	@$(PYTEST) -n $(JOBS) --dist worksteal --ignore=tests/test_architecture.py $(ARGS)

check: $(DEV_STAMP) ## lint, types, layers, laws of the architecture
	@echo "ruff"; $(BIN)/ruff check .
	$(BIN)/mypy > $(VENV)/mypy.log 2>&1 & types=$$!  # it takes as long as the others together
	echo "import layers"; $(BIN)/lint-imports --no-logo
	echo "laws of the architecture"; $(PYTEST) -q tests/test_architecture.py
	echo "mypy --strict"; wait $$types || failed=1; cat $(VENV)/mypy.log; exit $${failed:-0}

test-all: ## the tests on every interpreter from 3.11 to 3.13 that is found, and say which ran
	@scripts/test-all $(ARGS)

test-long: $(DEV_STAMP) ## the campaigns that take minutes
	@HYPOTHESIS_PROFILE=long $(PYTEST) -n $(JOBS) --dist worksteal -m long $(ARGS)

bench: $(DEV_STAMP) ## measure speed side by side with backtrader
	@$(PY) -m benchmarks $(ARGS)

coverage: $(DEV_STAMP) ## lines and branches covered, compilation off
	@rm -f .coverage .coverage.*
	NUMBA_DISABLE_JIT=1 $(PYTEST) -n $(JOBS) --dist worksteal --cov --cov-report=term:skip-covered $(ARGS)

format: $(DEV_STAMP) ## let ruff repair what it can
	@$(BIN)/ruff check --fix .

clean: ## remove caches and what runs left behind; keep .venv
	@rm -rf build dist runs .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name .venv\* -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

distclean: clean ## remove the environments too
	@rm -rf $(VENV) .venv-3.*

$(PY):
	@if [ -z "$(PYTHON)" ]; then
	    echo "make: creating $(VENV) needs Python 3.11 or newer with venv and pip; none was found on PATH." >&2
	    echo "make: install one (Debian: apt install python3 python3-venv) or say PYTHON=/path/to/python make …" >&2
	    exit 1
	fi
	echo "creating $(VENV) with $(PYTHON)"
	"$(PYTHON)" -m venv $(VENV)

$(RUN_STAMP): pyproject.toml | $(PY)
	@echo "installing backtrail into $(VENV)"
	$(PIP) install -e .
	touch $@

$(DEV_STAMP): pyproject.toml | $(PY)
	@echo "installing backtrail and what its tests need into $(VENV)"
	$(PIP) install --no-compile -e '.[dev]'
	touch $@ $(RUN_STAMP)
