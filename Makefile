# The two commands of the README are `make demo` and `make test`. Each does its own set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PATH := $(abspath $(BIN)):$(PATH)

ATLAS_WEB := src/quakeloom/atlas/web

.PHONY: help demo test test-long test-atlas test-cluster test-faults test-fuzz test-s3 bench test-slurm test-wheel format docs \
  docs-site clean

help:  ## Show the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(STAMP): pyproject.toml envs/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "quakeloom needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint envs/constraints.txt --editable '.[dev,docs,slurm,networks,s3]'
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
	pytest -n 2 --dist worksteal -m "not long and not cluster and not faults and not slurm and not s3"

test-long: $(STAMP)  ## Run the thorough tests that make test leaves out.
	pytest -n 2 --dist worksteal -m long

test-cluster: $(STAMP)  ## Run through a Dask scheduler and workers that are killed and join meanwhile.
	pytest -m cluster -rP tests/cluster

test-faults: $(STAMP)  ## Kill and damage runs at random moments (FAULTS_KILLS=100, FAULTS_TRIES=5, FAULTS_SEED=15).
	pytest -m faults -rP tests/faults

FUZZ_INPUTS ?= 100000
FUZZ_SECONDS ?= 90
FUZZ_READERS ?=

test-fuzz: $(STAMP)  ## Give every reader broken inputs: FUZZ_INPUTS each, at most FUZZ_SECONDS.
	$(BIN)/python tests/fuzz/driver.py $(FUZZ_READERS) --inputs $(FUZZ_INPUTS) \
	  --seconds $(FUZZ_SECONDS) --workers 2

test-atlas: $(STAMP)  ## Build the atlas's page and click through it (needs node 20 and Chromium).
	cd $(ATLAS_WEB) && npm ci && npm run check
	rm -rf build/atlases
	$(BIN)/python tests/atlas/make_atlases.py build/atlases
	ATLASES=$(abspath build/atlases) SCREENSHOTS=$(abspath build/atlas-pictures) \
	  node --test --test-concurrency=1 tests/atlas/pages.test.mjs

bench: $(STAMP)  ## Run every benchmark; each also runs alone. QUICK=--quick for short runs.
	@for script in benchmarks/[a-z]*.py; do \
	  echo "== $$script"; $(BIN)/python $$script $(QUICK) || exit 1; done

S3_VENV := .venv-s3

$(S3_VENV)/.installed:
	$(PYTHON) -m venv $(S3_VENV)
	$(S3_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'moto[server]==5.2.5'
	touch $@

test-s3: $(STAMP) $(S3_VENV)/.installed  ## Run into an S3 server on this machine that is slow, fails and is killed.
	QUAKELOOM_S3_SERVER=$(abspath $(S3_VENV))/bin/moto_server pytest -m s3 -rP tests/s3

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
