"""Why a model refuses inputs: each names the number and the way out.

BadInput
├── NotFinite, ResultNotFinite, ScenariosDoNotFit, LengthDoesNotFit, YearsOutOfRange
├── ChooseOne, FadeWithoutEnd, FadeBackwards, ExitMultipleMissing, DepreciationMissing
├── GrowthNotBelowWacc, WaccTooLow, GrowthTooLow, TerminalFlowNegative, ReturnNotPositive
├── ExitMultipleNotPositive, ExitMetricNotPositive, SalesToCapitalNotPositive
├── LagOutOfRange, StubOutOfRange, RevenueNegative, LossNegative, LossLimitOutOfRange
├── ProbabilityOutOfRange, ProceedsNegative, BookValueMissing, BridgeItemMissing
├── SharesNotPositive, PriceNotPositive, OptionNegative, WeightsNotPositive, WeightNegative
├── EquityNotPositive, LeverageNotStated, LeverageOutOfRange, DebtTermsIncomplete, MaturityNegative
└── CostOfDebtTooLow
"""

from collections.abc import Sequence

from valor_core.errors import BadInput
from valor_core.models.numbers import amount


class NotFinite(BadInput):
    """An input is not a number, or infinite."""

    code = "not_finite"

    def __init__(self, *, field: str, value: float) -> None:
        super().__init__(
            f"{field} is {value}, which is not a finite number.", hint="State a finite number."
        )


class ResultNotFinite(BadInput):
    """The inputs are so large or so small that the arithmetic leaves the range of numbers."""

    code = "result_not_finite"

    def __init__(self, *, field: str = "the result") -> None:
        super().__init__(
            f"With these inputs {field} is no finite number.",
            hint="Look for an input of the wrong size or unit, such as a rate in per cent.",
        )


class ScenariosDoNotFit(BadInput):
    """Inputs vary over different numbers of scenarios."""

    code = "scenarios_do_not_fit"

    def __init__(self, *, counts: dict[str, tuple[int, ...]]) -> None:
        told = ", ".join(f"{field} {shape}" for field, shape in counts.items())
        super().__init__(
            f"These inputs vary over different scenarios: {told}.",
            hint="Give every input that varies the same number of scenarios.",
        )


class LengthDoesNotFit(BadInput):
    """A row has not one number a year."""

    code = "length_does_not_fit"

    def __init__(self, *, field: str, given: int, years: int) -> None:
        super().__init__(
            f"{field} has {given} numbers for {years} years.",
            hint="Give one number a forecast year, or a fade.",
        )


class YearsOutOfRange(BadInput):
    """The forecast has no year, or more than anybody forecasts."""

    code = "years_out_of_range"

    def __init__(self, *, years: int, most: int) -> None:
        super().__init__(
            f"A forecast of {years} years is not between 1 and {most}.",
            hint="Forecast until the company is steady, often 5 to 10 years.",
        )


class ChooseOne(BadInput):
    """Two ways of saying the same are both given, or neither is."""

    code = "choose_one"

    def __init__(self, first: str, second: str, *, given: int) -> None:
        told = "Both are given" if given else "Neither is given"
        super().__init__(f"{told}: {first} and {second}.", hint="State exactly one of them.")


class FadeWithoutEnd(BadInput):
    """A fade leaves its start or its end to the model, and the model has none for it."""

    code = "fade_without_end"

    def __init__(self, *, field: str, side: str) -> None:
        super().__init__(
            f"The fade of {field} has no {side}, and no other input says it.",
            hint=f"State {field}.{side}, or the input that it follows.",
        )


class FadeBackwards(BadInput):
    """A fade ends before it begins."""

    code = "fade_backwards"

    def __init__(self, *, field: str, from_year: int, to_year: int) -> None:
        super().__init__(
            f"The fade of {field} runs from year {from_year} to year {to_year}.",
            hint="Let it end in a later year than it begins; leave both at 0 for a constant.",
        )


class ExitMultipleMissing(BadInput):
    """The exit multiple is to carry the value, but there is none."""

    code = "exit_multiple_missing"

    def __init__(self) -> None:
        super().__init__(
            "The exit multiple is to carry the value, but none is stated.",
            hint="State exit_multiple, or let the Gordon formula carry the value.",
        )


class DepreciationMissing(BadInput):
    """EBITDA is needed and depreciation is not stated."""

    code = "depreciation_missing"

    def __init__(self, *, needed_for: str) -> None:
        super().__init__(
            f"Depreciation is not stated, and {needed_for} needs it.",
            hint="State depreciation as a share of revenue.",
        )


class GrowthNotBelowWacc(BadInput):
    """A perpetuity that grows as fast as it is discounted has no finite value."""

    code = "growth_not_below_wacc"

    def __init__(self, *, growth: float, wacc: float) -> None:
        super().__init__(
            f"Terminal growth of {growth:.2%} is not below the WACC of {wacc:.2%}.",
            hint="Lower the growth, or value the terminal year by an exit multiple.",
        )


class WaccTooLow(BadInput):
    """A cost of capital of −100 % or less discounts by nothing or by a negative number."""

    code = "wacc_too_low"

    def __init__(self, *, wacc: float) -> None:
        super().__init__(
            f"A WACC of {wacc:.2%} is not above -100 %.",
            hint="State the cost of capital as a fraction, such as 0.085 for 8.5 %.",
        )


class GrowthTooLow(BadInput):
    """Revenue cannot fall by all of it, or more."""

    code = "growth_too_low"

    def __init__(self, *, growth: float) -> None:
        super().__init__(
            f"Growth of {growth:.2%} would leave no revenue.",
            hint="State growth above −100 %; 5 % is 0.05 in code and over the API.",
        )


class TerminalFlowNegative(BadInput):
    """A company that loses cash for ever is no perpetuity to value."""

    code = "terminal_flow_negative"

    def __init__(self, *, flow: float) -> None:
        super().__init__(
            f"The terminal cash flow of {amount(flow)} is negative and would be lost for ever.",
            hint="Raise the terminal margin or return, lower the terminal growth, or forecast "
            "until the company earns cash.",
        )


class ReturnNotPositive(BadInput):
    """Terminal growth is paid for by reinvestment at a return that must be positive."""

    code = "return_not_positive"

    def __init__(self, *, roic: float) -> None:
        super().__init__(
            f"A terminal return on capital of {roic:.2%} is not positive.",
            hint="State terminal_roic; the WACC means that growth adds no value.",
        )


class ExitMultipleNotPositive(BadInput):
    """Nobody pays a negative multiple."""

    code = "exit_multiple_not_positive"

    def __init__(self, *, multiple: float) -> None:
        super().__init__(
            f"An exit multiple of {multiple:.6g} is not positive.",
            hint="State a positive multiple, or none.",
        )


class ExitMetricNotPositive(BadInput):
    """A multiple of a loss is no value."""

    code = "exit_metric_not_positive"

    def __init__(self, *, metric: float) -> None:
        super().__init__(
            f"The exit multiple would be taken of {amount(metric)}, which is not positive.",
            hint="Choose a multiple of revenue, or let the Gordon formula carry the value.",
        )


class SalesToCapitalNotPositive(BadInput):
    """Sales per unit of capital invested must be positive."""

    code = "sales_to_capital_not_positive"

    def __init__(self, *, ratio: float) -> None:
        super().__init__(
            f"A sales-to-capital ratio of {ratio:.6g} is not positive.",
            hint="State the added revenue that one unit of reinvestment brings, such as 1.5.",
        )


class LagOutOfRange(BadInput):
    """Reinvestment runs ahead of its revenue by whole years, within the forecast."""

    code = "lag_out_of_range"

    def __init__(self, *, lag: int, years: int) -> None:
        super().__init__(
            f"A reinvestment lag of {lag} years is not between 0 and {years}.",
            hint="State the years from reinvestment to revenue, often 0 to 3.",
        )


class StubOutOfRange(BadInput):
    """The stub is the part of the first year that is still to come."""

    code = "stub_out_of_range"

    def __init__(self, *, stub: float) -> None:
        super().__init__(
            f"A stub of {stub:.6g} years is not above 0 and at most 1.",
            hint="State the part of the first year that is left, or no stub.",
        )


class RevenueNegative(BadInput):
    """Revenue is not negative."""

    code = "revenue_negative"

    def __init__(self, *, revenue: float) -> None:
        super().__init__(
            f"Revenue of {amount(revenue)} is negative.",
            hint="State the revenue of the last filed year.",
        )


class LossNegative(BadInput):
    """A loss carried forward is stated as a positive amount."""

    code = "loss_negative"

    def __init__(self, *, loss: float) -> None:
        super().__init__(
            f"The operating loss carried forward of {amount(loss)} is negative.",
            hint="State the loss as a positive amount, or 0.",
        )


class LossLimitOutOfRange(BadInput):
    """The part of a profit that losses may shelter lies between none and all."""

    code = "loss_limit_out_of_range"

    def __init__(self, *, limit: float) -> None:
        super().__init__(
            f"A loss limit of {limit:.2%} is not between 0 and 100 %.",
            hint="State the part of a year's profit that losses may shelter, such as 0.8.",
        )


class ProbabilityOutOfRange(BadInput):
    """A probability lies between 0 and 1."""

    code = "probability_out_of_range"

    def __init__(self, *, probability: float) -> None:
        super().__init__(
            f"A probability of failure of {probability:.2%} is not between 0 and 100 %.",
            hint="State it as a fraction, such as 0.12.",
        )


class ProceedsNegative(BadInput):
    """A failed company's owners and lenders share what is left, never less than nothing."""

    code = "proceeds_negative"

    def __init__(self, *, proceeds: float) -> None:
        super().__init__(
            f"Failure proceeds of {proceeds:.2%} are negative.",
            hint="State the part of the value that a sale in distress brings, such as 0.5.",
        )


class BookValueMissing(BadInput):
    """Proceeds are a part of book value, which is not stated."""

    code = "book_value_missing"

    def __init__(self) -> None:
        super().__init__(
            "The failure proceeds are a part of book value, which is not stated.",
            hint="State failure.book_value (equity and debt), or take proceeds of fair value.",
        )


class BridgeItemMissing(BadInput):
    """An item between enterprise and equity value is neither filed nor stated."""

    code = "bridge_item_missing"

    def __init__(self, items: Sequence[str]) -> None:
        self.items = tuple(items)
        super().__init__(
            f"The way from enterprise to equity value lacks {', '.join(items)}.",
            hint="State each amount, 0 where there is none, and why.",
        )


class SharesNotPositive(BadInput):
    """A value per share needs shares."""

    code = "shares_not_positive"

    def __init__(self, *, shares: float) -> None:
        super().__init__(
            f"{amount(shares)} basic shares are not above 0.",
            hint="State the basic shares outstanding, in the scale of the money.",
        )


class PriceNotPositive(BadInput):
    """Shares are bought back at a price."""

    code = "price_not_positive"

    def __init__(self, *, price: float) -> None:
        super().__init__(
            f"A share price of {price:.6g} is not above 0.", hint="State the price of a share."
        )


class OptionNegative(BadInput):
    """An option tranche has a number and a strike that are not negative."""

    code = "option_negative"

    def __init__(self, *, least: float) -> None:
        super().__init__(
            f"An option tranche holds {amount(least)}, which is negative.",
            hint="State the number of options and the strike as amounts not below 0.",
        )


class WeightsNotPositive(BadInput):
    """A company is financed by something."""

    code = "weights_not_positive"

    def __init__(self, *, capital: float) -> None:
        super().__init__(
            f"Equity, debt and preferred stock sum to {amount(capital)}, which is not above 0.",
            hint="State the market values, or target weights.",
        )


class WeightNegative(BadInput):
    """No source of capital has a negative weight."""

    code = "weight_negative"

    def __init__(self, *, weight: float) -> None:
        super().__init__(
            f"A source of capital of {amount(weight)} is negative.",
            hint="State gross debt and equity as amounts not below 0, and the weights of debt "
            "and preferred stock together not above 1.",
        )


class EquityNotPositive(BadInput):
    """A beta is levered at debt over equity, so there must be equity."""

    code = "equity_not_positive"

    def __init__(self, *, equity: float) -> None:
        super().__init__(
            f"Equity of {amount(equity)} is not above 0, so no beta can be levered on it.",
            hint="State an equity value or weight above 0, or the levered beta itself.",
        )


class LeverageNotStated(BadInput):
    """Unlevering a peer's beta needs the leverage at which it was measured."""

    code = "leverage_not_stated"

    def __init__(self) -> None:
        super().__init__(
            "The beta was measured at a leverage that is not stated.",
            hint="State peer_debt_to_equity, or give the beta as levered or unlevered.",
        )


class LeverageOutOfRange(BadInput):
    """Debt makes a beta larger by a positive factor, or the debt or the tax rate is wrong."""

    code = "leverage_out_of_range"

    def __init__(self, *, factor: float) -> None:
        super().__init__(
            f"Debt and tax rate would lever a beta by a factor of {factor:.6g}, not above 0.",
            hint="State debt to equity as an amount not below 0, and the tax rate as a fraction.",
        )


class DebtTermsIncomplete(BadInput):
    """Debt is valued as a bond by interest and maturity together."""

    code = "debt_terms_incomplete"

    def __init__(self) -> None:
        super().__init__(
            "Of the debt's interest and maturity only one is stated.",
            hint="State both to value the debt as a bond, or neither to take it as it stands.",
        )


class MaturityNegative(BadInput):
    """Debt falls due in the future."""

    code = "maturity_negative"

    def __init__(self, *, maturity: float) -> None:
        super().__init__(
            f"A debt maturity of {maturity:.6g} years is negative.",
            hint="State the average years until the debt falls due.",
        )


class CostOfDebtTooLow(BadInput):
    """A bond is not valued at a rate of −100 % or less."""

    code = "cost_of_debt_too_low"

    def __init__(self, *, rate: float) -> None:
        super().__init__(
            f"A pre-tax cost of debt of {rate:.2%} is not above -100 %.",
            hint="State it as a fraction, such as 0.0535.",
        )
