# `make run` and `make test` are all a newcomer needs; README.md says what each stands for.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check format

check: export SECRET_KEY = only-for-static-checks-and-long-enough-to-pass-them
check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python manage.py check
	$(BIN)/python manage.py makemigrations --check --dry-run
