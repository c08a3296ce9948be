"""Know who holds a socket and what they may watch, at the handshake and ever after."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import time

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from batchops.access import use_token
from batchops.live.topics import registered
from batchops.models import ApiToken, User
from batchops.sessions import SessionStore, ends_at, keep_alive

# The only backend that grants permissions; with several, Django wants it named.
PERMISSION_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Caller:
    """Say by what somebody came in: a browser's session or a program's token."""

    user_id: int
    session_key: str = ""
    session_hash: str = ""
    session_ends_at: float = 0.0
    token_id: int | None = None


def identify(headers: Mapping[str, str]) -> Caller | None:
    """Return who the handshake's token or session cookie says it is, None when it says nothing.

    Whether they may still come in is for `permissions_of` to say.
    """
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "token":
        token = use_token(key.strip(), at=timezone.now())
        return Caller(token.user_id, token_id=token.pk) if token else None
    cookies = parse_cookie(headers.get("cookie", ""))
    return _of_session(cookies.get(settings.SESSION_COOKIE_NAME, ""))


def permissions_of(callers: Collection[Caller]) -> dict[Caller, frozenset[str]]:
    """Return what each caller may watch now; who may no longer come in is not in the answer.

    However many they are it takes three queries and one for each permission that topics ask for.
    """
    ids = {caller.user_id for caller in callers}
    users = User.objects.in_bulk(ids)
    sessions, tokens = _live_sessions(callers), _live_tokens(callers)
    granted = {
        permission: set(
            User.objects.with_perm(permission, backend=PERMISSION_BACKEND)
            .filter(pk__in=ids)
            .values_list("pk", flat=True)
        )
        for permission in {topic.permission for topic in registered()}
    }
    return {
        caller: frozenset(name for name, holders in granted.items() if caller.user_id in holders)
        for caller in callers
        if (user := users.get(caller.user_id))
        and user.is_active
        and (caller.token_id in tokens or _holds(caller, user, sessions))
    }


def count_as_use(callers: Collection[Caller]) -> None:
    """Keep alive the sessions of those who watch."""
    keys = {caller.session_key for caller in callers if caller.session_key}
    keep_alive(keys, at=timezone.now())


def _of_session(key: str) -> Caller | None:
    if "\0" in key:  # no query can ask for it
        return None
    session = SessionStore(key or None)
    if SESSION_KEY not in session:
        return None
    return Caller(
        user_id=int(session[SESSION_KEY]),
        session_key=key,
        session_hash=session.get(HASH_SESSION_KEY, ""),
        session_ends_at=ends_at(session),
    )


def _holds(caller: Caller, user: User, live_sessions: set[str]) -> bool:
    """Tell whether the session lives and began with the password that the user has now."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    if caller.session_key not in live_sessions or time() >= caller.session_ends_at:
        return False
    return any(constant_time_compare(caller.session_hash, known) for known in hashes)


def _live_sessions(callers: Collection[Caller]) -> set[str]:
    keys = {caller.session_key for caller in callers if caller.session_key}
    live = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return set(live.values_list("session_key", flat=True))


def _live_tokens(callers: Collection[Caller]) -> set[int | None]:
    ids = {caller.token_id for caller in callers if caller.token_id is not None}
    live = ApiToken.objects.filter(pk__in=ids, revoked_at=None)
    return set(live.exclude(expires_at__lte=timezone.now()).values_list("pk", flat=True))
