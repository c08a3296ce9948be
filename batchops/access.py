"""Say who is calling: a person, a program with a token, or a part of the system."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from batchops.errors import Conflict, InvalidInput
from batchops.models import ApiToken, User

# A busy program must not write a row with every call.
NOTED_EVERY = timedelta(minutes=1)

if TYPE_CHECKING:

    class AuthenticatedHttpRequest(HttpRequest):
        """A request whose user is known; only views behind a permission get one."""

        user: User
else:
    AuthenticatedHttpRequest = HttpRequest


def create_token(*, user: User, name: str, expires_at: datetime | None = None) -> str:
    """Make an API token and return its key, which is stored only as a digest.

    :raises InvalidInput: when the name is empty, too long or not printable.
    :raises Conflict: when the user has a live token of that name.
    """
    key = secrets.token_urlsafe(32)
    token = ApiToken(user=user, name=name, digest=digest_of(key), expires_at=expires_at)
    try:
        token.clean_fields()
    except ValidationError as error:
        sentences = [str(one) for one in error.messages]
        raise InvalidInput(
            f"This name of a token cannot be used: {' '.join(sentences)}", error.message_dict
        ) from error
    try:
        with transaction.atomic():
            token.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            f"{user.get_username()} already has a token named '{name}'. "
            "Revoke that one in the admin, or choose another name."
        ) from error
    return key


def revoke_token(token_id: int, *, at: datetime) -> None:
    """Make an API token useless from `at` on, for ever.

    :raises Conflict: when it is unknown or revoked already.
    """
    revoked = ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=at)
    if not revoked:
        raise Conflict(f"API token {token_id} is revoked already, or does not exist.")


def find_token(key: str) -> ApiToken | None:
    """Return the live token of `key` with its user, or None when there is none.

    Expired and revoked tokens, and those of people who were deactivated, count as none.
    """
    return (
        ApiToken.objects.select_related("user")
        .filter(digest=digest_of(key), revoked_at=None, user__is_active=True)
        .exclude(expires_at__lte=timezone.now())
        .first()
    )


def use_token(key: str, *, at: datetime) -> ApiToken | None:
    """Return what `find_token` finds, and note that it was used; at most once a minute each."""
    token = find_token(key)
    if token is not None and not _noted_lately(token, at):
        stale = Q(last_used_at=None) | Q(last_used_at__lte=at - NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
    return token


def _noted_lately(token: ApiToken, at: datetime) -> bool:
    return token.last_used_at is not None and token.last_used_at > at - NOTED_EVERY


def actor_of(request: HttpRequest) -> str:
    """Return who acts, as event rows keep it: `user:<name>` or `token:<user>/<token name>`."""
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken):
        return f"token:{token.user.get_username()}/{token.name}"
    return f"user:{request.user.get_username()}"


def name_of(actor: str, viewer: str) -> str:
    """Return what people call an actor: you, a name, somebody's token, or the system's part."""
    kind, _colon, name = actor.partition(":")
    if kind == "user":
        return _("you") if name == viewer else name
    if kind == "token":
        user, _slash, token = name.partition("/")
        return _("%(user)s's token %(token)s") % {"user": user, "token": token}
    return _("the system") if kind == "system" else actor


def digest_of(key: str) -> str:
    """Return the SHA-256 of a token's key, in hex; keys are random, so no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()
