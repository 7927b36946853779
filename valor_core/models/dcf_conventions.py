"""The conventions that a DCF rests on, in words: most disputes about a value are about one."""

from valor_core.models.cost_of_capital import CostOfCapitalInputs, Levering
from valor_core.models.dcf import DcfInputs, ProceedsBasis
from valor_core.models.dcf_direct import DirectDcfInputs
from valor_core.models.discounting import Timing
from valor_core.models.paths import Fade
from valor_core.models.terminal import TerminalMethod


def dcf_conventions(inputs: DcfInputs | DirectDcfInputs) -> dict[str, str]:
    """Timing, taxes, treatments, dilution of a DCF."""
    told = {
        "Rates": "fractions, compounded once a year; flows and rates in one currency, both "
        "nominal or both real",
        "Timing": _timing(inputs),
        "Terminal value": _terminal(inputs),
    }
    if isinstance(inputs, DcfInputs):
        told |= {
            "Cost of capital": _cost_of_capital(inputs),
            "Reinvestment": _reinvestment(inputs),
            "Tax": "on EBIT; a loss pays none and is carried forward, sheltering at most "
            f"{inputs.loss_limit:.0%} of a later profit",
            "Failure": _failure(inputs),
            "EBITDA": "EBIT + depreciation, of the last forecast year",
            "Leases": "the cost of operating leases stays in EBIT and their liability is not "
            "deducted; what the bridge states is, such as finance leases",
            "Pensions": "the deficit after tax is a claim; the year's pension cost stays in EBIT",
            "Stock compensation": "an expense in EBIT, never added back; what was granted counts "
            "as option tranches, or by its value in the bridge",
            "R&D": "an expense of its year, not capitalised",
        }
    else:
        told["Leases, pensions, stock compensation, R&D"] = (
            "as in the given flows; the bridge deducts what it states"
        )
    return told | {
        "Bridge": "claims and assets at value, each stated; operating losses are in the flows",
        "Shares": "basic, diluted by the treasury-stock method at the valued price; option "
        f"tranches: {len(inputs.shares.options)}",
    }


def _timing(inputs: DcfInputs | DirectDcfInputs) -> str:
    when = "in the middle" if inputs.timing is Timing.MID_YEAR else "at the end"
    if inputs.stub is None:
        return f"cash arrives {when} of each year"
    return f"cash arrives {when} of each year; the first is a stub of {inputs.stub:g} years"


def _terminal(inputs: DcfInputs | DirectDcfInputs) -> str:
    if inputs.terminal_method is TerminalMethod.EXIT_MULTIPLE:
        what = inputs.multiple_of.upper() if isinstance(inputs, DcfInputs) else "the stated metric"
        return f"exit multiple of {what}, paid at the end of the last year"
    if isinstance(inputs, DirectDcfInputs):
        return "Gordon growth of the last flow, discounted as the last flow"
    return (
        "Gordon growth of NOPAT less the reinvestment that growth asks at the terminal return, "
        "discounted as the last flow"
    )


def _cost_of_capital(inputs: DcfInputs) -> str:
    if inputs.cost_of_capital is None:
        return "stated by year"
    fading = ", fading to the terminal WACC" if isinstance(inputs.wacc, Fade) else ""
    return _capm(inputs.cost_of_capital) + fading


def _capm(inputs: CostOfCapitalInputs) -> str:
    weights = "target weights" if inputs.market is None else "market weights"
    formula = "Hamada" if inputs.levering is Levering.HAMADA else "Harris-Pringle"
    return f"CAPM, {inputs.beta_kind.value} beta, {formula} levering, {weights}"


def _reinvestment(inputs: DcfInputs) -> str:
    if inputs.sales_to_capital is None:
        return "capital expenditure less depreciation plus the change in working capital"
    lag = inputs.sales_to_capital.lag
    return f"added revenue over sales to capital; years ahead of it: {lag}"


def _failure(inputs: DcfInputs) -> str:
    if inputs.failure is None:
        return "none"
    fair = inputs.failure.basis is ProceedsBasis.FAIR_VALUE
    return (
        f"{inputs.failure.probability:.1%} odds, then {inputs.failure.proceeds:.0%} of "
        f"{'fair' if fair else 'book'} value"
    )
