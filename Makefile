# Two commands for a stranger: make demo, make test. Everything else is for people who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test test-servers check lint types contracts ground docs bench bench-elicitation coverage adaptive clean

demo: $(VENV)/.installed
	$(BIN)/personametrics demo --out demo-report

test: $(VENV)/.developer
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal # a worker a core, each with one thread

# Two servers that others wrote, asked over HTTP. One of them, llama.cpp, is compiled here the first time: some minutes.
test-servers: $(VENV)/.developer $(VENV)-servers/.installed
	PERSONAMETRICS_LLAMA=$(VENV)-servers/bin/python $(BIN)/python -m pytest tests/servers

check: lint types contracts ground docs test

lint: $(VENV)/.developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.developer
	$(BIN)/mypy
	MYPYPATH=src:benchmarks $(BIN)/mypy benchmarks

contracts: $(VENV)/.developer
	$(BIN)/lint-imports

# The ground floor runs with numpy and scipy and nothing else installed.
ground: $(VENV)-ground/.installed
	cd src && ../$(VENV)-ground/bin/python -m personametrics.stats

docs: $(VENV)/.developer
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(VENV)/.developer
	$(BIN)/python benchmarks/speed.py

# Peers live in environments of their own, since they need different versions of the same packages: PEERS="a/bin/python b/bin/python"
bench-elicitation: $(VENV)/.developer
	$(BIN)/python benchmarks/elicitation.py --peers $(PEERS)

coverage: $(VENV)/.developer
	$(BIN)/python benchmarks/coverage.py

adaptive: $(VENV)/.developer
	$(BIN)/python benchmarks/adaptive.py --markdown docs/adaptive.md

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	touch $@

# torch by itself first: what depends on it must not choose another build.
$(VENV)/.developer: $(VENV)/.installed
	$(PIP) torch
	$(PIP) --editable '.[dev]'
	touch $@

$(VENV)-ground/.installed: constraints.txt
	$(PYTHON) -m venv $(VENV)-ground
	$(VENV)-ground/bin/pip --disable-pip-version-check install --quiet --constraint constraints.txt numpy scipy
	touch $@

$(VENV)-servers/.installed: constraints.txt
	$(PYTHON) -m venv $(VENV)-servers
	$(VENV)-servers/bin/pip --disable-pip-version-check install --quiet --constraint constraints.txt 'llama-cpp-python[server]'
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-ground $(VENV)-servers site demo-report build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
