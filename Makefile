PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check bench serve-neo4j clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## run a pipeline on real taxi trips and find the run that spoiled its predictions
	@$(BIN)/headwater demo

test: $(INSTALLED) ## run every test; inner loop: .venv/bin/python -m pytest tests/unit
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --hypothesis-profile thorough

check: $(INSTALLED) ## lint, formatting, types, who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(INSTALLED) ## measure both stores beside the naive ways and print the table
	@$(BIN)/python -m benchmarks

serve-neo4j: $(INSTALLED) ## run a real Neo4j with its Browser in the foreground and print its URLs
	@$(BIN)/python -m tests.support.neo4j_server

clean: ## remove the virtual environment, caches and built packages; lineage in .headwater stays
	@rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Headwater needs Python 3.11 or newer and '$(PYTHON)' is not: try make PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing Headwater and its tools into .venv (once, about two minutes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
