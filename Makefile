# Two commands do everything, on a fresh Debian or Ubuntu with python3, git and make:
#   make fuzz     a campaign against the simulated cluster   (make fuzz ARGS="--time 10m")
#   make test     all tests, on all cores
# For long campaigns, nearly twice as many executions a second:
#   make fuzz COMPILED=1    the same source, its hot modules compiled to C (a minute, the first time)
# The documentation, every block of it executed, and the workflows of GitHub (tests/docs/README.md):
#   make test-docs
# Clusters of containers (docs/docker.md), as root on Debian, with docker.io and debootstrap:
#   make test-docker     their tests, beside a Docker engine of their own
#   make docker-image    the image that servers run in, on the engine that is there
# The documentation as a site, in site/ (docs/index.md is its first page):
#   make docs            (make docs ARGS=serve shows it, and what is changed in it, at 127.0.0.1:8000)
# The page of reports, after a change to checker/report/page, with Node (the result is committed):
#   make page
# Rafts of others, for the simulator (docs/foreign-rafts.md):
#   make foreign         fetches them, or builds what goes between them and us
# The rest is for those who change splitbrain: make lint, make bench, make compiled, make clean.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# The first interpreter that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

# Processes that run tests, or pages of the documentation: a third of them wait for real servers, so
# more than there are cores. Of tests still more: pages have real clusters of many processes.
WORKERS ?= $(shell echo $$(($$(nproc) * 3 / 2)))
test: WORKERS = $(shell echo $$(($$(nproc) * 2)))

# Set: run with the compiled modules.
COMPILED ?=
PACKAGES := $(VENV)/compiled
SOURCES := pyproject.toml $(shell find raft checker nemesis -name '*.py')
PAGE := checker/report/page
READY := $(VENV)/.installed $(if $(COMPILED),$(PACKAGES)/.built)
WITH := $(if $(COMPILED),PYTHONPATH=$(PACKAGES))

# Tests start Python some hundred times, and each time pytest rewrites what it collects, unless
# what was compiled is kept, which images of containers often forbid.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: fuzz test test-docs test-docker docker-image page docs lint bench compiled clean

fuzz: $(READY)
	$(WITH) $(BIN)/splitbrain fuzz $(ARGS)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

# One page or job at a time for each process: they take from no time to a minute.
test-docs: $(VENV)/.installed
	$(BIN)/python -m pytest tests/docs/pages.py tests/docs/jobs.py -n $(WORKERS) --maxschedchunk 1 $(ARGS)

test-docker: $(VENV)/.installed
	$(BIN)/python -m nemesis.cluster.real.docker_engine -- \
		$(BIN)/python -m pytest tests/nemesis/real/test_docker.py $(ARGS)

docker-image: $(VENV)/.installed
	$(BIN)/python -m nemesis.cluster.real.docker_image

# Types are checked, then all is bundled into checker/report/built.
page: $(PAGE)/node_modules/.installed
	cd $(PAGE) && npm run --silent check && npm run --silent build

# Strict: a link or an anchor that leads nowhere, or a page that nothing leads to, is an error; not so
# with --quiet, which leaves warnings uncounted. The variable silences what the theme says of MkDocs 2.
docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs $(or $(ARGS),build --strict)

foreign: $(VENV)/.installed
	$(BIN)/python -m nemesis.subjects.pysyncobj.build
	$(BIN)/python -m nemesis.subjects.etcd_raft.build
	$(BIN)/python -m nemesis.subjects.c_raft.build

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed $(PACKAGES)/.built
	$(BIN)/python bench/executions.py
	PYTHONPATH=$(PACKAGES) $(BIN)/python bench/executions.py
	$(BIN)/splitbrain zoo run --seeds 1
	$(BIN)/splitbrain explore --depth 7
	$(BIN)/python bench/acceptance.py --seeds 2
	$(BIN)/python bench/lincheck.py
	$(BIN)/python bench/lincheck_registers.py
	$(BIN)/python bench/lincheck_containers.py
	$(BIN)/python bench/lincheck_stack.py
	$(BIN)/python bench/lincheck_appends.py
	$(BIN)/python bench/lincheck_depth.py
	$(BIN)/python bench/lincheck_certificates.py
	$(BIN)/python bench/isolation.py
	$(BIN)/python bench/formats.py
	$(BIN)/python bench/report.py
	$(BIN)/python bench/server.py
	$(BIN)/python bench/server_kills.py

compiled: $(PACKAGES)/.built

clean:
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache store site

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

$(PAGE)/node_modules/.installed: $(PAGE)/package.json $(PAGE)/package-lock.json
	@command -v npm >/dev/null || { \
		root=$$(test "$$(id -u)" = 0 || echo sudo); \
		echo "installing Node and npm"; \
		$$root apt-get update -q && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -q nodejs npm; }
	cd $(PAGE) && npm ci --silent
	@touch $@

# Compiled from a copy: compiled modules beside their source would be imported in its place, also
# after it has changed.
$(PACKAGES)/.built: $(VENV)/.installed $(SOURCES)
	@command -v cc >/dev/null && $(BIN)/python -c 'import os, sysconfig; open(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null || { \
		root=$$(test "$$(id -u)" = 0 || echo sudo); \
		echo "installing a C compiler and Python's headers"; \
		$$root apt-get update -q && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -q gcc libc6-dev python3-dev; }
	rm -rf $(PACKAGES)
	mkdir -p $(PACKAGES)/source
	cp -r raft checker nemesis docker pyproject.toml README.md LICENSE $(PACKAGES)/source
	HATCH_BUILD_HOOK_ENABLE_MYPYC=1 $(BIN)/python -m pip install -q --no-deps --target $(PACKAGES) $(PACKAGES)/source
	rm -rf $(PACKAGES)/source
	@touch $@
