# Two commands: `make demo` and `make test`. Both set themselves up; a second call starts in seconds.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

OPA_VERSION := 1.22.2
TOOLS := $(CURDIR)/.tools
OPA = $(or $(wildcard $(TOOLS)/opa),$(shell command -v opa))
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --no-input

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test coverage check mutants bench tools lock setup clean

help: ## what can be done here
	@grep -hE '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

demo: $(VENV)/.runtime ## start the broker and seven parties and play the stories (ARGS="--once --json FILE")
	@$(BIN)/grondslag demo $(ARGS)

test: $(VENV)/.development ## run the tests (ARGS="-k word" for some of them)
	@$(BIN)/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder $(ARGS)

coverage: $(VENV)/.development ## the tests once more, and which branches they reach
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n 3 --dist loadgroup --no-loadscope-reorder $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

check: $(VENV)/.development ## format, lint, types, import rules, Rego
	@echo "Format"; $(BIN)/ruff format --check .
	@echo "Lint"; $(BIN)/ruff check .
	@echo "Types"; $(BIN)/mypy
	@echo "Import rules"; $(BIN)/lint-imports --no-logo
	@scripts/check-rego "$(OPA)" policies/handout

mutants: $(VENV)/.development ## change the program in one place at a time; do the tests see it? (ARGS="--each 5")
	@$(BIN)/python -m tests.mutants $(ARGS)

bench: $(VENV)/.development ## what an enrichment costs, as ratios in one run
	@$(BIN)/python -m bench $(ARGS)

tools: ## the pinned opa and the foreign verifier, built with Go into .tools
	@scripts/tools "$(TOOLS)" "$(OPA_VERSION)"

setup: $(VENV)/.development ## the virtual environment with everything in it

lock: $(VENV)/.development ## pin all dependencies again (ARGS=--upgrade for newer ones)
	@scripts/lock "$(BIN)/pip-compile" $(ARGS)

clean: ## remove all that was made here
	@rm -rf $(VENV) .tools .demo build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache .coverage* htmlcov
	@find adapters audit bench contract demo gateway grondslag party policies tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@scripts/venv "$(PYTHON)" "$(VENV)"

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the $$(grep -c '==' requirements.lock) packages of requirements.lock into $(VENV)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what tests and checks need ($$(grep -c '==' requirements-dev.lock) packages with the above) into $(VENV)"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
