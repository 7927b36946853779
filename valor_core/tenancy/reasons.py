"""Why somebody did what others will ask about."""

from valor_core.errors import BadInput

REASON_MAX = 500


class ReasonMissing(BadInput):
    """An act that takes something from somebody says why."""

    code = "reason_missing"

    def __init__(self) -> None:
        super().__init__("This needs a reason.", hint=f"Say why, in up to {REASON_MAX} characters.")


def stated(reason: str) -> str:
    """The reason as it is kept; ReasonMissing where there is none, or a whole letter."""
    told = reason.strip()
    if not 0 < len(told) <= REASON_MAX:
        raise ReasonMissing
    return told
