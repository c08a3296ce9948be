"""The product's settings with a board of notes whose topics the tests can change at will."""

from batchops.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.live.board"]  # noqa: F405
ROOT_URLCONF = "tests.live.board.urls"
