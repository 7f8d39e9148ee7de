# One environment in .venv, installed from hashed pins; everything else runs in it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SOURCES := audits connectors governance policies tests
WORKERS ?= 3
# Where nothing compiled is kept, each worker compiles every test anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo test check format lint types contracts gate smoke bench accuracy soak lock clean

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(INSTALLED)

install: $(INSTALLED)  ## Make the environment in .venv

demo: $(INSTALLED)  ## Build the demo project in demo/ and walk through it
	@$(BIN)/governance demo demo --walk

test: $(INSTALLED)  ## Run every test, PostgreSQL included
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

check: $(INSTALLED) lint types contracts gate test smoke  ## What CI runs: format, lint, types, imports, gate, tests, wheel

format: $(INSTALLED)  ## Format the sources
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix-only --quiet $(SOURCES)

lint: $(INSTALLED)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types: $(INSTALLED)
	$(BIN)/mypy

contracts: $(INSTALLED)
	$(BIN)/lint-imports

gate: $(INSTALLED)  ## Check our own migrations by our own rules
	$(BIN)/governance --config .ci/check/governance.yaml check

smoke: $(INSTALLED)  ## Install the wheel in an empty environment and use it from another folder
	$(BIN)/python tests/smoke/wheel_smoke.py

bench: $(INSTALLED)  ## Run the benchmarks; each prints one JSON line per figure
	@for file in tests/benchmarks/*.py; do echo "# $$file" >&2; $(BIN)/python $$file || exit 1; done

accuracy: $(INSTALLED)  ## Measure spans and columns on the measuring sets and write docs/accuracy.md
	@$(BIN)/python tests/accuracy/write_accuracy.py

SOAKED := tests/governance/guard/test_grammar.py tests/governance/guard/test_write_grammar.py \
  tests/governance/jobs/test_kills.py tests/governance/consent/test_importing.py tests/governance/retention tests/governance/ledger/test_processes.py \
  tests/governance/protect/existing tests/governance/copies tests/governance/scan/test_bad_input.py \
  tests/governance/scan/test_demo_labels.py tests/governance/guard/compiled \
  tests/governance/access/test_casbin_model.py tests/governance/requests tests/governance/erasing/test_kills.py tests/governance/crm/test_kills.py tests/governance/crm/test_cuts.py

soak: $(INSTALLED)  ## Run the long versions: 10,000 generated statements for each kind of store, 100 kills of each job
	GOVERNANCE_GRAMMAR_EXAMPLES=10000 GOVERNANCE_COMPILED_POLICIES=300 GOVERNANCE_POLICY_EXAMPLES=3000 \
	  GOVERNANCE_KILLS=100 GOVERNANCE_REQUEST_EXAMPLES=500 GOVERNANCE_CELL_MEGABYTES=100 GOVERNANCE_DEMO_CUSTOMERS=20000 \
	  $(BIN)/python -m pytest -q -n $(WORKERS) $(SOAKED)

lock: $(INSTALLED)  ## Pin requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --extra test --extra build --output-file requirements.lock pyproject.toml

clean:  ## Remove the environment and everything built
	rm -rf $(VENV) build dist demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
