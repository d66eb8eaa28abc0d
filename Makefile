# `make reproduce` and `make test` are all that a new user needs: each makes the environment itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Another environment may be active, and pip or uv may be told by it where to install: only ours counts here.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH
# Snakemake, DVC and the tests call `hrm` and each other by name.
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)

.DEFAULT_GOAL := help
.PHONY: help environment reproduce reference test lint format lock clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## */make \1 \t/p' $(MAKEFILE_LIST)

environment: $(READY)  ## the environment in .venv, from the locked requirements

$(READY): requirements/uv.txt requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit("make: $(PYTHON) is Python %d.%d; hrm needs 3.11, 3.12 or 3.13 (make PYTHON=python3.12)" % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/uv.txt
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/lock.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

reproduce: $(READY)  ## everything: data, trainings, evaluations, claims, figures
	$(RUN)/snakemake --cores all

reference: $(READY)  ## tables, verdicts, figures and page of the records in results/reference
	$(RUN)/snakemake --snakefile workflow/reference.smk --cores all --forceall
	$(RUN)/hrm claims --readme README.md --claims-page docs/claims.md --ledgers results/reference/claims.json
	$(RUN)/python -m hrm.report.first_picture results/reference sudoku docs/images/first.png
	$(RUN)/python -m hrm.commands_page docs/commands.md

test: $(READY)  ## the tests, offline
	$(RUN)/python -m pytest -n 2

lint: $(READY)  ## what .ci/run checks before the tests
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/mypy
	$(RUN)/snakefmt --check Snakefile workflow/reference.smk workflow/rules
	$(RUN)/python workflow/lint.py

format: $(READY)  ## format the code
	$(RUN)/ruff format
	$(RUN)/ruff check --fix
	$(RUN)/snakefmt Snakefile workflow/reference.smk workflow/rules

lock: $(READY)  ## the newest versions that fit pyproject.toml, with hashes
	$(RUN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
	  --python-version 3.11 --extra dev pyproject.toml --output-file requirements/lock.txt
	echo uv | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
	  --python-version 3.11 - --output-file requirements/uv.txt

clean:  ## remove the environment
	rm -rf $(VENV)
