# Two commands do all there is to set up: make report, make test. Options are passed on: make report ARGS="--date 2026-11-22"
PYTHON ?= python3
PY := .venv/bin/python
ARGS ?=

.PHONY: report test faults bench notebooks lock
.DEFAULT_GOAL := report

report: .venv/.installed
	@$(PY) -m analysis build $(ARGS)

test: .venv/.installed
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m pytest --numprocesses=auto --dist=loadfile $(ARGS)

# Builds that are killed, starved and disturbed, by the hundred: about ten minutes. FAULTS=1000 for more, SEED=2 for others.
FAULTS ?= 300
SEED ?= 1
faults: .venv/.installed
	@EVROAD_FAULTS=$(FAULTS) EVROAD_FAULTS_SEED=$(SEED) $(PY) -m pytest -s -q tests/faults $(ARGS)

# What it all costs, against the naive way and other engines: twenty minutes. ARGS="start market_share --rows 1000000" for parts of it.
bench: .venv/.installed
	@$(PY) -m uv pip install --quiet --require-hashes --requirement tests/bench/requirements.lock
	@$(PY) tests/bench/bench.py $(ARGS)

# Run the notebooks and keep their outputs, which the tests compare; the same inputs give the same bytes.
notebooks: .venv/.installed
	@$(PY) -m nbconvert --log-level=ERROR --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False --ExecutePreprocessor.extra_arguments=--IPKernelApp.log_level=50 notebooks/*.ipynb

lock: .venv/.installed
	@$(PY) -m uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --group dev --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml
	@$(PY) -m uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --group bench --constraint requirements.lock --custom-compile-command "make lock" --output-file tests/bench/requirements.lock

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("evroad needs Python 3.11 or newer: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up .venv (once)"
	@$(PYTHON) -m venv --clear .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(PY) -m uv pip install --quiet --compile-bytecode --require-hashes --requirement requirements.lock
	@$(PY) -m uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
