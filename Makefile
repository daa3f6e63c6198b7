# Everything runs in .venv, made on first use and remade when a pin changes.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: repro test test-slow lint setup

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
	pip install --quiet --constraint constraints.txt --editable ".[run,train,dev]"
	touch $@

