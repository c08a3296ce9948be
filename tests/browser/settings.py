"""The settings of the harness, whose types take files, with the quick hasher of the tests."""

from tests.jobs.harness.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
