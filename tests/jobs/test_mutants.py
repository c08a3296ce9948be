"""Prove the state machine: it finds nothing in the engine, and every guard taken out of it."""

import os
from collections.abc import Callable

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from batchops.errors import BatchOpsError
from tests.jobs.harness import checks
from tests.jobs.harness.machine import Nights
from tests.jobs.harness.mutants import MUTANTS, Mutation

pytestmark = [pytest.mark.sql, pytest.mark.django_db]

# How many nights the sound engine is played; `make chaos` plays more.
ROUNDS = int(os.environ.get("BATCHOPS_ROUNDS", "6"))
NIGHTS_OF_A_MUTANT = 120
# What the machine finds, what the database forbids, and a move that should have been possible.
CAUGHT = (AssertionError, IntegrityError, BatchOpsError)


@pytest.fixture(autouse=True)
def audited(_django_db_helper: None) -> None:
    checks.install_audit()


def play(nights: int, *, shrinks: bool = True) -> None:
    """Play so many nights, the same at each call, by a seed that soon meets every mutant."""
    phases = (Phase.generate, Phase.shrink) if shrinks else (Phase.generate,)
    run_state_machine_as_test(
        seed(5)(Nights),
        settings=settings(
            max_examples=nights,
            stateful_step_count=25,
            phases=phases,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


class TestTheEngine:
    def test_no_night_breaks_it(self) -> None:
        play(ROUNDS)


class TestAMutant:
    @pytest.mark.parametrize("mutate", MUTANTS.values(), ids=MUTANTS)
    def test_it_is_caught(self, mutate: Callable[[], Mutation]) -> None:
        with mutate(), pytest.raises(CAUGHT):
            play(NIGHTS_OF_A_MUTANT, shrinks=False)
