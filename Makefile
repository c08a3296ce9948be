# `make run` and `make test` are all a newcomer needs; README.md says what each stands for.

# The first Python on the PATH that is new enough, else python3, whose age is then named.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	echo "$$name" && exit; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); test "$$n" -gt 4 && echo 6 || echo "$$((n + 2))")
PIP := $(BIN)/python -m pip install --disable-pip-version-check

# Where bytecode is not kept, each of our many processes compiles all modules anew, 0.3 s of it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run audit upgrade-drill test chaos check format bench load soak bench-peers

run: $(VENV)/run.stamp
	@$(BIN)/python manage.py up --stop-with-parent

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# The tests that play with chance, with ten times the rounds of `make test` and more; then a whole
# site that lives for so many minutes while everything in it is broken by a seeded plan.
chaos: export BATCHOPS_ROUNDS ?= 200
chaos: export BATCHOPS_CHAOS_MINUTES ?= 30
chaos: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest --timeout 900 tests/alerts/test_races.py tests/jobs/test_races.py tests/jobs/test_outside_races.py tests/jobs/test_mutants.py tests/jobs/test_bill_stop_races.py tests/api/test_chance.py tests/monitoring/test_scenarios.py tests/monitoring/test_replay.py tests/hosts $(PYTEST_ARGS)
	@$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

bench: $(VENV)/dev.stamp
	@$(BIN)/python manage.py bench all --json

# Screens and readers on a whole site of its own; LOAD_ARGS="--phases 1x1000 --seconds 60" and so on.
load: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.load $(LOAD_ARGS)

# Two hours of a whole site at 60 times the speed; SOAK_ARGS="--minutes 10" for fewer.
soak: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.soak $(SOAK_ARGS)

# The same batch on Celery with Redis, plain django-q2 and procrastinate, who have their own packages.
bench-peers: $(VENV)/dev.stamp .venv-peers/stamp
	@$(BIN)/python -m tests.peers --python .venv-peers/bin/python

check: export SECRET_KEY = only-for-static-checks-and-long-enough-to-pass-them
check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python manage.py check
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

# Asks PyPI for known holes in what requirements.txt pins, for which it must be reached.
audit: $(VENV)/dev.stamp
	@$(PIP) --quiet pip-audit==2.10.1
	$(BIN)/pip-audit --requirement requirements.txt --no-deps --disable-pip --strict || { \
		echo "Something has a known hole, or https://pypi.org cannot be reached; see above."; exit 1; }

# From which commit or tag: make upgrade-drill FROM=v0.1.0
upgrade-drill: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.upgrade $(FROM)

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A stamp is younger than the requirements it stands for, so pip runs only when they change.
$(VENV)/run.stamp: requirements.txt $(BIN)/python
	@echo "Installing what BatchOps needs (once) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: tests/requirements.txt requirements.txt $(BIN)/python
	@echo "Installing what the tests need (once) ..."
	@$(PIP) -r tests/requirements.txt
	@touch $@

.venv-peers/stamp: tests/peers/requirements.txt $(BIN)/python
	@echo "Installing the peers (once) ..."
	@$(BIN)/python -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --disable-pip-version-check -q -r $<
	@touch $@

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "BatchOps needs Python 3.11 or newer, and '$(PYTHON)' is not. Install one, or name it:"; \
		echo "  make run PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Creating the virtual environment $(VENV) ..."
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "The virtual environment could not be made. On Debian and Ubuntu install it first:"; \
		echo "  apt-get install python3-venv"; exit 1; }
