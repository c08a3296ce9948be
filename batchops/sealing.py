"""Seal secrets that have to be read again, by the keys of BATCHOPS_SECRETS_KEY."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext

from batchops.errors import Unavailable


class SecretUnreadable(Unavailable):
    """Say that a secret can be neither sealed nor opened, and which setting is at fault."""

    code = "secret_unreadable"


def seal(text: str) -> str:
    """Return `text` sealed by the first key.

    :raises SecretUnreadable: when there is no key, or one that is none.
    """
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed, by whichever key.

    :raises SecretUnreadable: when no key opens it.
    """
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise _unreadable() from None


def resealed(sealed: str) -> str:
    """Return the same secret sealed by the first key.

    :raises SecretUnreadable: when no key opens it.
    """
    try:
        return _keys().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise _unreadable() from None


def _keys() -> MultiFernet:
    if not settings.BATCHOPS_SECRETS_KEYS:
        raise SecretUnreadable(
            gettext("BATCHOPS_SECRETS_KEY is not set. Set it (docs/settings.md), then restart.")
        )
    try:
        return MultiFernet([Fernet(key) for key in settings.BATCHOPS_SECRETS_KEYS])
    except ValueError:
        raise SecretUnreadable(
            gettext("A key in BATCHOPS_SECRETS_KEY is none. docs/settings.md says how to make one.")
        ) from None


def _unreadable() -> SecretUnreadable:
    return SecretUnreadable(
        gettext(
            "No key in BATCHOPS_SECRETS_KEY opens a stored secret. Add the key that it was sealed "
            "by, or enter the secret again."
        )
    )
