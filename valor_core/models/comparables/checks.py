"""What an experienced reader would question in a value by multiples."""

from valor_core.models.checks import Check, Severity
from valor_core.models.comparables.comparables import (
    ComparablesInputs,
    ComparablesResult,
    PeerKind,
    excluded,
)
from valor_core.models.comparables.multiples import MULTIPLES

FEWEST_PEERS = 4
WIDEST = 2.0  # the dearer quartile over the cheaper


def comparables_checks(inputs: ComparablesInputs, result: ComparablesResult) -> tuple[Check, ...]:
    """The checks of one company's value, those that failed first."""
    checks = [_peers(inputs, result), _range(result), _control(inputs), _excluded(inputs)]
    return tuple(sorted(checks, key=lambda check: check.passed))


def _peers(inputs: ComparablesInputs, result: ComparablesResult) -> Check:
    counting = {
        name: float(value.spread.used)
        for name in MULTIPLES
        if (value := getattr(result, name)) is not None and getattr(inputs.weights, name) > 0.0
    }
    fewest = min(counting.values())
    return Check(
        name="peers",
        passed=fewest >= FEWEST_PEERS,
        severity=Severity.WARNING,
        message=f"A multiple that counts rests on {fewest:.0f} peers; below {FEWEST_PEERS} its "
        "quartiles are those peers themselves.",
        numbers=counting,
    )


def _range(result: ComparablesResult) -> Check:
    low, high = float(result.value_per_share_low), float(result.value_per_share_high)
    return Check(
        name="range",
        passed=low > 0.0 and high <= WIDEST * low,
        severity=Severity.NOTE,
        message=f"Between the quartiles a share is worth {low:.4g} to {high:.4g}; more than "
        f"{WIDEST:.0f}× apart, or below 0, the peers are not of one kind.",
        numbers={"low": low, "high": high},
    )


def _control(inputs: ComparablesInputs) -> Check:
    premium = inputs.control_premium
    return Check(
        name="control_once",
        passed=not (inputs.kind is PeerKind.DEALS and premium > 0.0),
        severity=Severity.WARNING,
        message=f"A premium for control of {premium:.1%} is added to "
        f"{'prices of whole companies' if inputs.kind is PeerKind.DEALS else 'prices of stakes'}; "
        "what was paid for a whole company holds it already.",
        numbers={"control_premium": float(premium)},
    )


def _excluded(inputs: ComparablesInputs) -> Check:
    left_out = excluded(inputs)
    told = "; ".join(f"{each.peer} has no {each.multiple}: {each.reason}" for each in left_out)
    return Check(
        name="excluded",
        passed=not left_out,
        severity=Severity.NOTE,
        message=f"{told}." if told else "Every multiple of every peer has a meaning.",
        numbers={"excluded": float(len(left_out))},
    )
