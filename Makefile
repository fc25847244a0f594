# The two commands of the README are `make demo` and `make test`. Each does its own set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PATH := $(abspath $(BIN)):$(PATH)

ATLAS_WEB := src/quakeloom/atlas/web

.PHONY: help demo test test-long test-cluster test-atlas bench test-slurm test-wheel format docs docs-site clean

help:  ## Show the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(STAMP): pyproject.toml envs/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "quakeloom needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint envs/constraints.txt --editable '.[dev,docs,slurm,networks]'
	touch $@

demo: $(STAMP)  ## Simulate seismograms of a small region, run the whole workflow, write a report.
	quakeloom run --config config/demo.yaml
	quakeloom atlas --run results/demo --to results/demo-atlas
	@echo "Report: $(abspath results/demo/report.html)"
	@echo "Atlas: $(abspath results/demo-atlas/index.html)"

test: $(STAMP)  ## Lint, check formatting, types and import floors, and run the tests.
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	mypy
	lint-imports
	pytest -n 2 --dist worksteal -m "not long and not cluster"

test-long: $(STAMP)  ## Run the thorough tests that make test leaves out.
	pytest -n 2 --dist worksteal -m long

test-cluster: $(STAMP)  ## Run through a Dask scheduler and workers that are killed and join meanwhile.
	pytest -m cluster -rP tests/cluster

test-atlas: $(STAMP)  ## Build the atlas's page and click through it (needs node 20 and Chromium).
	cd $(ATLAS_WEB) && npm ci && npm run check
	rm -rf build/atlases
	$(BIN)/python tests/atlas/make_atlases.py build/atlases
	ATLASES=$(abspath build/atlases) SCREENSHOTS=$(abspath build/atlas-pictures) \
	  node --test --test-concurrency=1 tests/atlas/pages.test.mjs

bench: $(STAMP)  ## Run every benchmark; each also runs alone. QUICK=--quick for short runs.
	@for script in benchmarks/[a-z]*.py; do \
	  echo "== $$script"; $(BIN)/python $$script $(QUICK) || exit 1; done

test-slurm: $(STAMP)  ## Run the demo through a real SLURM on this machine (needs root, Debian).
	bash tests/slurm/run.sh

WHEEL_VENV := .venv-wheel
WHEEL_PYTHON ?= $(PYTHON)

test-wheel: $(STAMP)  ## Install the wheel in an empty environment and run the demo from it.
	rm -rf $(WHEEL_VENV)
	$(WHEEL_PYTHON) -m venv $(WHEEL_VENV)
	$(BIN)/python -c 'import tomllib; \
	  print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
	  > $(WHEEL_VENV)/dependencies.txt
	$(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint envs/constraints.txt --requirement $(WHEEL_VENV)/dependencies.txt
	QUAKELOOM_TEST_WHEEL=$(abspath $(WHEEL_VENV))/bin/python $(BIN)/pytest tests/unit/cli/test_wheel.py

format: $(STAMP)  ## Format the code.
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

docs: $(STAMP)  ## Generate the pages that follow from the code.
	quakeloom config reference > config/README.md
	quakeloom config schema > workflow/schemas/settings.schema.json
	quakeloom schema > docs/tables.md
	quakeloom stages > docs/stages.md
	python docs/make_library_reference.py > docs/library-reference.md

docs-site: $(STAMP)  ## Build the site of the documentation, which opens without a network.
	sphinx-build --quiet --fail-on-warning -c docs -d build/doctrees . build/docs-site
	@echo "Site: $(abspath build/docs-site/index.html)"

clean:  ## Remove results, logs and the site, not the environment.
	rm -rf results logs build docs/generated
