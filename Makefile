# Everything happens in .venv, made from Python 3.11+ and the pinned versions in constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test bench soak format docs lock clean

run: $(VENV)/.installed
	$(BIN)/newsflash run

# Four at once on two cores, too: most tests wait for processes that they started.
test: $(VENV)/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 4 --dist loadfile

bench: $(VENV)/.developed
	$(BIN)/python -m benchmarks

soak: $(VENV)/.developed
	$(BIN)/python -m benchmarks.soak

format: $(VENV)/.developed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.developed
	$(BIN)/python -m bot.store.keys > docs/redis.md

# Writes constraints.txt anew from the ranges in pyproject.toml.
lock:
	rm -rf $(VENV)/lock && $(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet '.[development]'
	$(VENV)/lock/bin/pip freeze --exclude newsflash | sed '/^pip==/d;/^setuptools==/d' > constraints.txt
	rm -rf $(VENV)/lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Newsflash needs Python 3.11 or newer; set PYTHON=/path/to/it." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.developed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[development]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
