# Hybrid Mesh. `make` lists the targets.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.locks-installed
REGISTERED := $(VENV)/.project-registered
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
IS_ROOT := $(filter 0,$(shell id -u))
LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url \
	--no-emit-find-links --custom-compile-command 'make lock' --quiet --upgrade

# Keep Python's bytecode and mypy's cache, independent of the environment: without them a clean checkout takes
# minutes longer.
unexport PYTHONDONTWRITEBYTECODE
CACHE := $(or $(HYBRID_MESH_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hybrid-mesh)
export MYPY_CACHE_DIR ?= $(CACHE)/mypy

.DEFAULT_GOAL := help
.PHONY: help setup toolchain extras toolchain-bundle up verify down test test-fast test-emulated lint format bench lock

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(REGISTERED) ## Create .venv from the locked requirements (Python only)

$(INSTALLED): requirements.txt requirements-dev.txt
	@python=$$(for name in python3.13 python3.12 python3.11 python3; do \
		"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$name" -c 'import ensurepip' 2>/dev/null && echo "$$name" && break; done); \
	if [ -z "$$python" ]; then \
		echo "setup: Python 3.11 or later with venv is required: run as root: apt-get install python3 python3-venv" >&2; exit 1; \
	fi; \
	echo "setup: .venv with $$("$$python" --version)"; "$$python" -m venv --clear $(VENV)
	@$(PIP) --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

$(REGISTERED): $(INSTALLED) pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

toolchain: setup ## Fetch or build what the local site runs (a build takes 20 to 28 min, once)
	@$(BIN)/python -m hybrid_mesh.local.toolchain build

extras: toolchain
	@for extra in browser observability; do \
		$(BIN)/python -m hybrid_mesh.local.toolchain build --extra $$extra || echo "test: goes on without the extra $$extra"; done

toolchain-bundle: toolchain ## Write the built toolchain as archives to publish, and record their checksums
	@$(BIN)/python -m hybrid_mesh.local.toolchain bundle

up: toolchain ## Create the mesh of stacks/Pulumi.local.yaml on this host, and verify it
	@$(BIN)/hybrid-mesh up

verify: setup ## Check the running mesh with real requests
	@$(BIN)/hybrid-mesh verify

down: setup ## Destroy the mesh; nothing of it is left
	@$(BIN)/hybrid-mesh down

test: setup $(if $(IS_ROOT),extras) ## Run lint and all tests; those on a real lab only as root
	@$(BIN)/python -m tests.stages

test-fast: setup ## Run the tests that need neither a lab nor the Pulumi engine
	@$(BIN)/pytest -n auto --dist worksteal -m "not lab and not engine and not browser" --durations=15

test-emulated: toolchain ## Create a small mesh under a cgroup v2-only kernel in QEMU (root, about an hour)
	@$(BIN)/python -m tests.emulated

lint: setup ## Check style, types and import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@if command -v shellcheck >/dev/null; then \
		git grep -nIE '^#!.*[/ ](ba)?sh( |$$)' | sed -n 's/^\([^:]*\):1:.*/\1/p' | xargs -r shellcheck; \
	else echo "lint: shellcheck is not installed; shell scripts are not checked"; fi

format: setup ## Rewrite the sources in the project's style
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

bench: toolchain ## Run the benchmarks, one line per figure
	@for script in benchmarks/*.py; do $(BIN)/python "$$script" || exit 1; done

lock: ## Lock the Python packages again, at their newest versions
	@python3 -m venv --clear build/lock && build/lock/bin/pip install --quiet uv
	@build/lock/bin/uv pip compile $(LOCK_OPTIONS) --output-file requirements.txt pyproject.toml >/dev/null
	@build/lock/bin/uv pip compile $(LOCK_OPTIONS) --output-file requirements-dev.txt --extra dev \
		--constraint requirements.txt pyproject.toml >/dev/null
	@build/lock/bin/uv pip compile $(LOCK_OPTIONS) --no-deps --output-file local/toolchain/packages.txt \
		local/toolchain/packages.in >/dev/null
