# Two commands do everything, on a fresh Debian or Ubuntu with python3, git and make:
#   make fuzz     a campaign against the simulated cluster   (make fuzz ARGS="--time 10m")
#   make test     all tests, on all cores
# The rest is for those who change splitbrain: make lint, make bench, make clean.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# The first interpreter that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.PHONY: fuzz test lint bench clean

fuzz: $(VENV)/.installed
	$(BIN)/splitbrain fuzz $(ARGS)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed
	$(BIN)/python bench/executions.py
	$(BIN)/python bench/zoo.py
	$(BIN)/python bench/lincheck.py

clean:
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache store

# Debian and Ubuntu keep venv in a package of its own; it is installed where it is missing.
$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "splitbrain needs Python 3.11 or newer (python3 is older, or missing)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		root=$$(test "$$(id -u)" = 0 || echo sudo); \
		echo "installing python3-venv"; \
		$$root apt-get update -q && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -q python3-venv; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install -q -e '.[dev]'
	@touch $@
