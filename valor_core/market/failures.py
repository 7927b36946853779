"""How a data provider fails: one error, whose kind says what may be done about it."""

from enum import StrEnum

from valor_core.errors import Unavailable


class Failure(StrEnum):
    """What went wrong between a question and its answer."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    SERVER = "server"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"
    BLOCKED_ADDRESS = "blocked_address"
    THROTTLED = "throttled"
    QUOTA = "quota"
    CALLER = "caller"
    UNAUTHORISED = "unauthorised"


BREAKING = frozenset(
    {
        Failure.TIMEOUT,
        Failure.CONNECTION,
        Failure.SERVER,
        Failure.MALFORMED,
        Failure.TOO_LARGE,
        Failure.REDIRECTED,
        Failure.BLOCKED_ADDRESS,
    }
)
"""The kinds that tell of a provider in trouble, rather than of who asked or how often."""

_TOLD = {
    Failure.TIMEOUT: "did not answer in time",
    Failure.CONNECTION: "could not be reached",
    Failure.SERVER: "answered that it is out of order",
    Failure.MALFORMED: "sent an answer that cannot be read",
    Failure.TOO_LARGE: "sent more than an answer may hold",
    Failure.REDIRECTED: "pointed elsewhere, which is not followed",
    Failure.BLOCKED_ADDRESS: "stands at an address that may not be asked",
    Failure.THROTTLED: "asks for fewer questions",
    Failure.QUOTA: "has no more questions left for this key",
    Failure.CALLER: "does not know what was asked",
    Failure.UNAUTHORISED: "does not accept the key",
}
_SET_THE_ADDRESS = "Ask whoever runs this installation to set the provider's own address."
_HINTS = {
    Failure.BLOCKED_ADDRESS: _SET_THE_ADDRESS,
    Failure.REDIRECTED: _SET_THE_ADDRESS,
    Failure.CALLER: "Check the ticker or the name of the series, and the days.",
    Failure.UNAUTHORISED: "Set the key again: valor providers key set, or the page Providers.",
}
_STATUS = {Failure.CALLER: 422, Failure.UNAUTHORISED: 409}


class ProviderFailure(Unavailable):
    """A provider gave no answer that can be used; `kind` says why, `retry_after_s` until when."""

    code = "provider_failed"

    def __init__(
        self, provider: str, kind: Failure, *, told: str = "", retry_after_s: float | None = None
    ) -> None:
        more = f": {told}" if told else ""
        hint = _HINTS.get(kind, "Nothing was kept. Try again later, or ask another provider.")
        self.told_after_its_name = f"{_TOLD[kind]}{more}"
        super().__init__(f"{provider} {self.told_after_its_name}.", hint=hint)
        self.provider, self.kind, self.retry_after_s = provider, kind, retry_after_s
        self.status = _STATUS.get(kind, Unavailable.status)
