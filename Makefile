# Thin lines over commands that work without make; the first one sets up .venv/ where it is missing.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench

demo: .venv/fast.stamp
	$(BIN)/ceasefire demo

test: lint
	$(BIN)/pytest -n 2 -m "not slow and not statistical and not data"

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/test.stamp
	$(BIN)/python -m tests.bench

.venv/%.stamp: pyproject.toml tests/constraints.txt
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --constraint tests/constraints.txt --editable ".[$*]"
	touch $@
