"""Random sound valuations: every float varies, every option occurs."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from tests.workbooks.comparables_cases import a_comparison
from tests.workbooks.credit_cases import a_borrower, an_equity
from tests.workbooks.intrinsic_cases import INTRINSIC_CASES
from tests.workbooks.lbo_cases import a_reverse_lbo, an_effective_interest, an_lbo
from tests.workbooks.merger_cases import a_merger, an_allocation
from tests.workbooks.options_cases import a_project, a_real_option
from tests.workbooks.returns_cases import an_investment
from tests.workbooks.statements_cases import a_plan
from valor_core.models.bridge import ASSETS, CLAIMS, Bridge
from valor_core.models.cost_of_capital import (
    BetaKind,
    CostOfCapitalInputs,
    Levering,
    MarketWeights,
    TargetWeights,
)
from valor_core.models.dcf import DcfInputs, Failure, ProceedsBasis
from valor_core.models.dcf_direct import DirectDcfInputs
from valor_core.models.dilution import OptionTranche, Shares
from valor_core.models.discounting import Timing
from valor_core.models.paths import Fade, Shape
from valor_core.models.reinvestment import CapitalPlan, SalesToCapital
from valor_core.models.terminal import MultipleOf, TerminalMethod
from valor_core.models.trading import TradingInputs


class Draw:
    """Numbers and choices of one random company; the same seed gives the same company."""

    def __init__(self, seed: int) -> None:
        self.seed, self.random = seed, random.Random(seed)
        self.years = self.random.randint(1, 12)

    def between(self, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    def one_of(self, *options):
        return self.random.choice(options)

    def in_turn(self, *options):
        """Each of them within as many seeds."""
        return options[self.seed % len(options)]

    def row(self, low: float, high: float) -> list[float]:
        return [self.between(low, high) for _ in range(self.years)]

    def fade(self, low: float, high: float, **parts) -> Fade:
        first = self.random.randint(0, self.years - 1)
        return Fade(
            start=self.between(low, high),
            from_year=first,
            to_year=self.random.randint(first + 1, self.years + 2),
            first=self.one_of(None, self.between(low, high)),
            shape=self.one_of(*Shape),
            **parts,
        )

    def path(self, low: float, high: float):
        if self.random.random() < 0.3:
            return self.row(low, high)
        return self.fade(low, high, end=self.between(low, high))

    def bridge(self) -> Bridge:
        return Bridge(**{name: self.between(0.0, 60.0) for name in (*CLAIMS, *ASSETS)})

    def shares(self) -> Shares:
        count = self.random.randint(0, 3)
        options = [
            OptionTranche(number=self.between(0, 9), strike=self.between(0, 40))
            for _ in range(count)
        ]
        return Shares(basic=self.between(50.0, 150.0), options=tuple(options))

    def timing(self) -> dict:
        stub = self.one_of(None, self.between(0.1, 1.0))
        return {"timing": self.one_of(*Timing), "stub": stub}


def a_cost_of_capital(draw: Draw) -> CostOfCapitalInputs:
    market = MarketWeights(
        shares=draw.between(50, 150),
        price=draw.between(10, 60),
        debt=draw.between(100, 900),
        preferred=draw.between(0, 50),
        **draw.one_of({}, {"debt_interest": draw.between(5, 40), "debt_maturity": 6.25}),
    )
    target = TargetWeights(debt=draw.between(0.1, 0.5), preferred=draw.between(0.0, 0.1))
    kind = draw.one_of(*BetaKind)
    return CostOfCapitalInputs(
        risk_free=draw.between(0.03, 0.05),
        equity_risk_premium=draw.between(0.045, 0.06),
        beta=draw.between(0.8, 1.3),
        beta_kind=kind,
        levering=draw.one_of(*Levering),
        debt_beta=draw.between(0.0, 0.2),
        peer_debt_to_equity=draw.between(0.1, 0.8) if kind is BetaKind.PEER else None,
        peer_tax=draw.one_of(None, draw.between(0.15, 0.3)) if kind is BetaKind.PEER else None,
        size_premium=draw.between(0.01, 0.02),
        country_premium=draw.between(0.0, 0.02),
        country_exposure=draw.between(0.5, 1.5),
        pretax_cost_of_debt=draw.between(0.05, 0.07),
        tax=draw.between(0.15, 0.3),
        cost_of_preferred=draw.between(0.05, 0.08),
        **draw.one_of({"market": market}, {"target": target}),
    )


def a_dcf(seed: int) -> DcfInputs:
    draw = Draw(seed)
    reinvestment = draw.one_of(
        {
            "sales_to_capital": SalesToCapital(
                ratio=draw.path(0.8, 2.5), lag=draw.random.randint(0, min(draw.years, 3))
            )
        },
        {
            "capital_plan": CapitalPlan(
                capital_expenditure=draw.path(0.04, 0.07),
                working_capital=draw.path(0.05, 0.15),
                working_capital_before=draw.between(40, 120),
            )
        },
    )
    capital = draw.one_of(
        {"wacc": draw.path(0.08, 0.12)},
        {"cost_of_capital": a_cost_of_capital(draw)},
        {
            "cost_of_capital": a_cost_of_capital(draw),
            "wacc": replace(draw.fade(0.08, 0.12), start=None),
            "terminal_wacc": draw.between(0.08, 0.12),
        },
    )
    capital = {"terminal_wacc": draw.one_of(None, draw.between(0.08, 0.12)), **capital}
    return DcfInputs(
        years=draw.years,
        revenue=draw.between(500, 2000),
        growth=draw.one_of(draw.fade(0.02, 0.12), draw.path(0.01, 0.1)),
        margin=draw.path(0.15, 0.3),
        tax=draw.one_of(draw.path(0.2, 0.3), Fade(start=draw.between(0.2, 0.3))),
        depreciation=draw.path(0.02, 0.05),
        operating_loss=draw.one_of(0.0, draw.between(0, 500)),
        loss_limit=draw.between(0.5, 0.95),
        terminal_growth=draw.between(0.005, 0.025),
        terminal_roic=draw.one_of(None, draw.between(0.1, 0.2)),
        terminal_tax=draw.one_of(None, draw.between(0.2, 0.3)),
        exit_multiple=draw.between(6, 14),
        multiple_of=draw.one_of(*MultipleOf),
        terminal_method=draw.one_of(*TerminalMethod),
        failure=draw.one_of(
            None,
            Failure(
                probability=draw.between(0.0, 0.3),
                proceeds=draw.between(0.2, 0.8),
                basis=draw.one_of(*ProceedsBasis),
                book_value=draw.between(100, 600),
            ),
        ),
        bridge=draw.bridge(),
        shares=draw.shares(),
        **draw.timing(),
        **reinvestment,
        **capital,
    )


def a_direct_dcf(seed: int) -> DirectDcfInputs:
    draw = Draw(seed)
    return DirectDcfInputs(
        free_cash_flow=draw.row(20, 200),
        wacc=draw.path(0.08, 0.12),
        terminal_growth=draw.between(0.0, 0.03),
        terminal_wacc=draw.one_of(None, draw.between(0.08, 0.12)),
        exit_multiple=draw.between(6, 14),
        exit_metric=draw.between(100, 300),
        terminal_method=draw.one_of(*TerminalMethod),
        bridge=draw.bridge(),
        shares=draw.shares(),
        **draw.timing(),
    )


def moved(workings, seed: int) -> dict:
    """New values for every number of the inputs, near the old ones and different from them."""
    near = random.Random(seed)

    def step(value: float) -> float:
        return value * near.uniform(0.97, 0.999) if value else near.uniform(0.001, 0.01)

    return {
        name: [step(each) for each in line.values] if line.is_row else step(line.values[0])
        for name, line in workings.lines.inputs.items()
    }


def a_traded_share(draw: Draw) -> TradingInputs:
    """A share that trades abroad, as itself or as an ADR; at home only a rate of 1 is sound."""
    return TradingInputs(
        value_per_share=draw.between(-5.0, 200.0),
        reporting_currency="USD",
        trading_currency="EUR",
        exchange_rate=draw.between(0.8, 1.6),
        rate_on=date(2026, 1, draw.random.randint(1, 28)),
        shares_per_adr=draw.in_turn(draw.between(0.1, 20.0), draw.between(0.1, 20.0), 1.0),
    )


def _from_seed(make):
    return lambda seed: make(Draw(seed))


RANDOM_CASES: dict[str, Callable[[int], Any]] = {
    "dcf": a_dcf,
    "dcf_direct": a_direct_dcf,
    "cost_of_capital": lambda seed: a_cost_of_capital(Draw(seed)),
    "returns": lambda seed: an_investment(Draw(seed)),
    "lbo": lambda seed: an_lbo(Draw(seed)),
    "reverse_lbo": lambda seed: a_reverse_lbo(Draw(seed)),
    "effective_interest": lambda seed: an_effective_interest(Draw(seed)),
    "real_option": lambda seed: a_real_option(Draw(seed), seed),
    "flexible_project": lambda seed: a_project(Draw(seed)),
    "merger": lambda seed: a_merger(Draw(seed)),
    "comparables": lambda seed: a_comparison(Draw(seed)),
    "purchase_price_allocation": lambda seed: an_allocation(Draw(seed)),
    **{name: _from_seed(make) for name, make in INTRINSIC_CASES.items()},
    "credit": lambda seed: a_borrower(Draw(seed)),
    "merton": lambda seed: an_equity(Draw(seed)),
    "statements": lambda seed: a_plan(Draw(seed)),
    "trading_value": _from_seed(a_traded_share),
}
"""By the name of each model, what makes sound random inputs for it from a seed."""
