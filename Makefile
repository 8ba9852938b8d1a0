# Every target makes what it needs: a virtual environment in .venv with this checkout installed in it.
# Paths are relative, so the checkout may have any name and stand anywhere.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
JOBS ?= 2
SF ?=
SUITE ?=
QUERIES ?=
DESIGN ?=
THREADS ?=
TESTS ?=
COUNT ?=
SEED ?=
MEMORY ?=
PROCESSES ?=
N ?=
SECONDS ?=

.DEFAULT_GOAL := help
# Some tests start processes, dozens of them: without kept bytecode each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
.DELETE_ON_ERROR:
.PHONY: help demo test lint format typecheck bench fuzz fuzz-load examples crash stress golden coverage warmup clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed (PYTHON=... names one)" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "making .venv" >&2; $(PYTHON) -m venv .venv; }
	@echo "installing into .venv" >&2
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --editable '.[test,pandas]'
	@touch $@

# mypy finds a package by the name of its folder; this link gives the checkout the package's name.
.venv/typecheck/warehouse: $(READY)
	@mkdir -p .venv/typecheck
	@ln -sfn ../.. $@

demo: $(READY)  ## load TPC-H (SF=0.1), explain a join in two designs, run and check the 22 queries
	@$(BIN)/python -m warehouse.bench demo $(if $(SF),--sf $(SF)) $(if $(THREADS),--threads $(THREADS))

test: $(READY)  ## [TESTS_SEED=all]: lint, types, tests (a sample of the largest, or all), and docs/coverage.toml
	@$(MAKE) --no-print-directory --jobs 2 lint typecheck warmup
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadgroup --check-coverage $(TESTS)

lint: $(READY)  ## ruff over everything
	@$(BIN)/ruff check --quiet . && echo "lint: clean"

format: $(READY)  ## let ruff mend what it can
	@$(BIN)/ruff check --quiet --fix .

typecheck: .venv/typecheck/warehouse  ## mypy over the package
	@cd .venv/typecheck && ../bin/mypy --config-file warehouse/pyproject.toml --cache-dir ../.mypy_cache \
		--no-error-summary && echo "types: clean"

bench: $(READY) warmup  ## SF=1 [SUITE=tpch|tpcds|copy|unload|external|dml|wlm] [QUERIES=1,6] [DESIGN=demo,even] [THREADS=2] [MEMORY=512MB]: beside DuckDB
	@$(BIN)/python -m warehouse.bench run $(if $(SUITE),--suite $(SUITE)) $(if $(SF),--sf $(SF)) $(if $(QUERIES),--queries $(QUERIES)) \
		$(if $(DESIGN),--design $(DESIGN)) $(if $(THREADS),--threads $(THREADS)) \
		$(if $(MEMORY),--memory-limit $(MEMORY)) $(if $(SECONDS),--seconds $(SECONDS))

fuzz: $(READY) warmup  ## [COUNT=5000] [SEED=7]: random queries against DuckDB, for long runs
	@PYTHONPATH=tests $(BIN)/python -m fuzz --count $(or $(COUNT),5000) $(if $(SEED),--seed $(SEED))
	@PYTHONPATH=tests $(BIN)/python -m fuzz --planted --count 1000 $(if $(SEED),--seed $(SEED))

fuzz-load: $(READY) warmup  ## [COUNT=10000] [SEED=7]: COPY of files that are broken in every way
	@PYTHONPATH=tests $(BIN)/python -m fuzz.loads --count $(or $(COUNT),10000) $(if $(SEED),--seed $(SEED))

examples: $(READY) warmup  ## [TESTS=...]: the property tests with 1,000 new examples each
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --hypothesis-profile long --timeout 0 -m hypothesis $(TESTS)

crash: $(READY) warmup  ## [N=1000] [SEED=7]: kill a writing process N times and look after each
	@PYTHONPATH=tests $(BIN)/python -m crash --count $(or $(N),1000) $(if $(SEED),--seed $(SEED))

stress: $(READY) warmup  ## [PROCESSES=8] [SECONDS=10] [SEED=7]: many processes on one folder, invariants checked
	@PYTHONPATH=tests $(BIN)/python -m stress --processes $(or $(PROCESSES),8) --seconds $(or $(SECONDS),10) $(if $(SEED),--seed $(SEED))

golden: $(READY)  ## rewrite the golden files; read the difference like code
	@$(BIN)/python -m pytest --update-golden -m golden

coverage: $(READY)  ## check docs/coverage.toml and rewrite the README's support table and docs/functions.md
	@$(BIN)/python tests/support_table.py --write
	@$(BIN)/python tests/function_table.py --write

warmup: $(READY)  ## compile the kernels that the kernel pack lacks
	@$(BIN)/warehouse-sql warmup --quiet

clean:  ## remove the environment and what was built
	@rm -rf .venv build dist *.egg-info
