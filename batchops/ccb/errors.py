"""Name what can go wrong between us and CC&B; every sentence is one a DBA can act on."""

from batchops.errors import Unavailable


class CcbError(Unavailable):
    """Say why CC&B could not be read.

    `code` is stable and finer than the class (`ccb_host_unknown`, `ccb_grant_missing` ...);
    docs/oracle.md lists all of them.
    """

    code = "ccb_error"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        if code:
            self.code = code


class CcbNotConfigured(CcbError):
    """Say that no source is set, or that its setting cannot be understood."""

    code = "ccb_not_configured"


class CcbUnreachable(CcbError):
    """Say that nothing answers at the address, or that the database there is not open."""

    code = "ccb_unreachable"


class CcbTimeout(CcbError):
    """Say that CC&B did not answer in time; nothing of the reading was kept."""

    code = "ccb_timeout"


class CcbLoginRefused(CcbError):
    """Say that the account may not log in; another try could lock it, so nothing retries."""

    code = "ccb_login_refused"


class CcbRefused(CcbError):
    """Say that the listener or the server answered and declined: service, grant, encryption."""

    code = "ccb_refused"


class CcbBroken(CcbError):
    """Say that the conversation broke off or what came back is not what was asked for."""

    code = "ccb_broken"


class NotASimulation(CcbError):
    """Refuse to play in a database whose CC&B tables the simulator did not make."""

    code = "ccb_not_a_simulation"


class UnknownScenario(CcbError):
    """Say that the simulator knows no scenario or pattern of that name, and which it knows."""

    code = "ccb_unknown_scenario"
