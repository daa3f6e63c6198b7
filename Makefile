# Everything runs in .venv, made on first use and remade when a pin changes.
PYTHON ?= python3.11
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONHASHSEED := 0

.PHONY: repro test test-slow lint setup clean

repro: setup
	dvc repro

test: setup
	pytest -n 2 -m "not slow"

test-slow: setup
	pytest -m slow

lint: setup
	ruff check .
	ruff format --check .
	mypy

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) data models runs
