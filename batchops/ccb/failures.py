"""Turn what a driver says into a stable code, a kind of error and a sentence for a DBA."""

from typing import NamedTuple

from batchops.ccb import errors
from batchops.ccb.source import Source


class Advice(NamedTuple):
    """One way to fail: its kind, what happened and what to do."""

    kind: type[errors.CcbError]
    happened: str
    remedy: str


ADVICE: dict[str, Advice] = {
    "ccb_not_configured": Advice(
        errors.CcbNotConfigured, "no CC&B is configured", "Set CCB_URL as docs/oracle.md shows."
    ),
    "ccb_url_unreadable": Advice(
        errors.CcbNotConfigured,
        "CCB_URL cannot be understood",
        "Write it as docs/oracle.md shows.",
    ),
    "ccb_schema_unknown": Advice(
        errors.CcbNotConfigured,
        "the schema in CCB_SCHEMA does not exist there",
        "Set CCB_SCHEMA to the owner of CC&B's tables, normally CISADM.",
    ),
    "ccb_host_unknown": Advice(
        errors.CcbUnreachable,
        "the host name cannot be resolved",
        "Check the host in CCB_URL and the DNS of this machine.",
    ),
    "ccb_connection_refused": Advice(
        errors.CcbUnreachable,
        "nothing listens at this address and port",
        "Check host and port in CCB_URL, that the listener runs and that a firewall lets us in.",
    ),
    "ccb_connect_timeout": Advice(
        errors.CcbUnreachable,
        "the connection was not answered in time",
        "Check the network path and firewall between this machine and the database.",
    ),
    "ccb_unreachable": Advice(
        errors.CcbUnreachable,
        "no connection could be made",
        "Check host, port and the network path to the database.",
    ),
    "ccb_not_open": Advice(
        errors.CcbUnreachable,
        "the database is starting, stopping or not open",
        "Nothing is to be done here: the next poll tries again.",
    ),
    "ccb_deadline": Advice(
        errors.CcbTimeout,
        "the reading did not end before its deadline and was ended",
        "Look for a hanging listener, a lost network path or a blocked session of module "
        "BatchOps; CCB_DEADLINE_S sets the limit.",
    ),
    "ccb_call_timeout": Advice(
        errors.CcbTimeout,
        "a statement took longer than allowed and was cancelled",
        "Look at the load of the database and the plan of the statement.",
    ),
    "ccb_login_wrong": Advice(
        errors.CcbLoginRefused,
        "user name or password is wrong",
        "Correct CCB_URL, then press 'try again'.",
    ),
    "ccb_account_locked": Advice(
        errors.CcbLoginRefused,
        "the account is locked or may not log in",
        "Unlock it (ALTER USER ... ACCOUNT UNLOCK), then press 'try again'.",
    ),
    "ccb_password_expired": Advice(
        errors.CcbLoginRefused,
        "the password has expired",
        "Set a new one and put it into CCB_URL, then press 'try again'.",
    ),
    "ccb_service_unknown": Advice(
        errors.CcbRefused,
        "the listener does not know the service",
        "Compare the service name in CCB_URL with `lsnrctl services`.",
    ),
    "ccb_sid_unknown": Advice(
        errors.CcbRefused,
        "the listener does not know the SID",
        "Compare sid= in CCB_URL with `lsnrctl status`, or use the service name.",
    ),
    "ccb_listener_refused": Advice(
        errors.CcbRefused,
        "the listener refused the connection",
        "Look into the listener's log: no handler may be free, or a rule excludes this machine.",
    ),
    "ccb_tls_refused": Advice(
        errors.CcbRefused,
        "the encrypted connection could not be agreed on",
        "Check protocol=tcps, the port, and that the server's certificate is trusted here "
        "(wallet=) and names this host.",
    ),
    "ccb_encryption_required": Advice(
        errors.CcbRefused,
        "the server demands native network encryption, which this driver cannot do",
        "Offer TLS (protocol=tcps) or set SQLNET.ENCRYPTION_SERVER to ACCEPTED for this client.",
    ),
    "ccb_server_too_old": Advice(
        errors.CcbRefused,
        "the database is older than Oracle 12.1",
        "BatchOps reads Oracle 12.1 and later.",
    ),
    "ccb_verifier_too_old": Advice(
        errors.CcbRefused,
        "the account has only an old 10G password verifier",
        "Set its password again with SQLNET.ALLOWED_LOGON_VERSION_SERVER at 11 or higher.",
    ),
    "ccb_too_many_sessions": Advice(
        errors.CcbRefused,
        "no further session is allowed",
        "Look for left-over sessions of this account, or raise SESSIONS_PER_USER to 2.",
    ),
    "ccb_login_not_granted": Advice(
        errors.CcbRefused,
        "the account may not create a session here",
        "GRANT CREATE SESSION TO it; on PostgreSQL GRANT CONNECT and check that the database "
        "exists.",
    ),
    "ccb_grant_missing": Advice(
        errors.CcbRefused,
        "a table cannot be read",
        "Give the grant named here; docs/oracle.md lists all of them.",
    ),
    "ccb_column_missing": Advice(
        errors.CcbBroken,
        "a column that the statement reads does not exist",
        "Compare the release of CC&B with docs/oracle.md and report it with this text.",
    ),
    "ccb_snapshot_too_old": Advice(
        errors.CcbBroken,
        "the reading outlived the database's undo",
        "The next poll tries again; if it stays so, raise UNDO_RETENTION over 120 seconds.",
    ),
    "ccb_connection_lost": Advice(
        errors.CcbBroken,
        "the connection was lost while reading",
        "The next poll tries again; if it stays so, look for a killed session, an idle limit of "
        "the profile or a firewall.",
    ),
    "ccb_garbage": Advice(
        errors.CcbBroken,
        "what answered does not speak the database's protocol",
        "Check that host and port in CCB_URL are those of the database's listener.",
    ),
    "ccb_database_error": Advice(
        errors.CcbBroken,
        "the database answered with an error",
        "Look the error up with your DBA; the next poll tries again.",
    ),
    "ccb_unexpected_rows": Advice(
        errors.CcbBroken,
        "what was read is not what CC&B's tables should hold",
        "Nothing of it was kept. Look at the row named here.",
    ),
    "ccb_reader_died": Advice(
        errors.CcbBroken,
        "the reading process ended without a word",
        "Look at this machine's memory and at the log of the cluster.",
    ),
}

LOGIN_REFUSED = {errors.CcbLoginRefused.code} | {
    code for code, advice in ADVICE.items() if advice.kind is errors.CcbLoginRefused
}


def failure(code: str, source: Source | None = None, detail: str = "") -> errors.CcbError:
    """Return the error of that code, its sentence naming the place and never the password.

    `detail` is what the driver or the parser said; the password is blotted out of it.
    """
    advice = ADVICE[code]
    subject = "CC&B" if source is None else f"CC&B ({source.user or 'no user'} at {source.place})"
    said = _blot(" ".join(detail.split())[:400], source)
    message = f"{subject}: {advice.happened}{f' ({said})' if said else ''}. {advice.remedy}"
    return advice.kind(message, code=code)


def revived(code: str, message: str) -> errors.CcbError:
    """Return the error that another process reported; an unknown code is kept as CcbBroken."""
    kind = ADVICE[code].kind if code in ADVICE else errors.CcbBroken
    return kind(message, code=code)


def _blot(text: str, source: Source | None) -> str:
    secrets = {source.password, source.written_password} if source else set()
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
