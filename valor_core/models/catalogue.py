"""Every model that can be run, saved, explained and exported, in one explicit list."""

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np

from valor_core.errors import NotFound
from valor_core.models.checks import Check
from valor_core.models.comparables.checks import comparables_checks
from valor_core.models.comparables.comparables import (
    ComparablesInputs,
    ComparablesResult,
    comparables,
)
from valor_core.models.comparables.conventions import comparables_conventions
from valor_core.models.cost_of_capital import (
    CostOfCapitalInputs,
    CostOfCapitalResult,
    cost_of_capital,
)
from valor_core.models.credit.merton import MertonInputs, MertonResult, merton
from valor_core.models.credit.model import CreditInputs, CreditResult, credit
from valor_core.models.dcf import DcfInputs, DcfResult, discounted_cash_flow
from valor_core.models.dcf_checks import dcf_checks
from valor_core.models.dcf_conventions import dcf_conventions
from valor_core.models.dcf_direct import DirectDcfInputs, DirectDcfResult, direct_cash_flow
from valor_core.models.intrinsic.causes import (
    iterated_conventions,
    reconciliation_checks,
    reconciliation_conventions,
)
from valor_core.models.intrinsic.convertibles import (
    DilutedEarningsInputs,
    DilutedEarningsResult,
    diluted_earnings,
)
from valor_core.models.intrinsic.dividends import (
    DividendDiscountInputs,
    DividendDiscountResult,
    dividend_discount,
)
from valor_core.models.intrinsic.financing import (
    IteratedCapital,
    IteratedCapitalInputs,
    iterated_cost_of_capital,
)
from valor_core.models.intrinsic.leases import LeaseInputs, LeaseResult, converted_leases
from valor_core.models.intrinsic.parts import PartsInputs, PartsResult, sum_of_parts
from valor_core.models.intrinsic.reconciliation import (
    ReconciliationInputs,
    ReconciliationResult,
    reconciliation,
)
from valor_core.models.intrinsic.research import (
    ResearchInputs,
    ResearchResult,
    capitalised_research,
)
from valor_core.models.intrinsic.residual_income import (
    ResidualIncomeInputs,
    ResidualIncomeResult,
    residual_income,
)
from valor_core.models.intrinsic.warrants import WarrantInputs, WarrantResult, diluted_warrants
from valor_core.models.lbo.buyout import LboInputs, LboResult, leveraged_buyout
from valor_core.models.lbo.effective_interest import (
    EffectiveInterestInputs,
    EffectiveInterestResult,
    effective_interest,
)
from valor_core.models.lbo.in_words import lbo_checks, lbo_conventions
from valor_core.models.lbo.reverse import ReverseLboInputs, ReverseLboResult, reverse_lbo
from valor_core.models.merger.allocation import (
    PurchasePriceAllocationInputs,
    PurchasePriceAllocationResult,
    purchase_price_allocation,
)
from valor_core.models.merger.checks import allocation_checks, merger_checks
from valor_core.models.merger.conventions import allocation_conventions, merger_conventions
from valor_core.models.merger.merger import MergerInputs, MergerResult, merger
from valor_core.models.model import Model
from valor_core.models.options.project import ProjectInputs, ProjectResult, flexible_project
from valor_core.models.options.real_option import RealOptionInputs, RealOptionResult, real_option
from valor_core.models.returns.model import ReturnsInputs, ReturnsResult, returns
from valor_core.models.statements.forecast import StatementsResult, forecast_statements
from valor_core.models.statements.in_words import statements_checks, statements_conventions
from valor_core.models.statements.plan import StatementsInputs
from valor_core.models.trading import (
    TradingInputs,
    TradingResult,
    trading_conventions,
    trading_value,
)

MODELS: tuple[Model, ...] = (
    Model(
        name="dcf",
        version=1,
        inputs=DcfInputs,
        result=DcfResult,
        function=discounted_cash_flow,
        checks=dcf_checks,
        conventions=dcf_conventions,
    ),
    Model(
        name="dcf_direct",
        version=1,
        inputs=DirectDcfInputs,
        result=DirectDcfResult,
        function=direct_cash_flow,
        checks=dcf_checks,
        conventions=dcf_conventions,
    ),
    Model(
        name="cost_of_capital",
        version=1,
        inputs=CostOfCapitalInputs,
        result=CostOfCapitalResult,
        function=cost_of_capital,
    ),
    Model(
        name="lbo",
        version=1,
        inputs=LboInputs,
        result=LboResult,
        function=leveraged_buyout,
        checks=lbo_checks,
        conventions=lbo_conventions,
    ),
    Model(
        name="effective_interest",
        version=1,
        inputs=EffectiveInterestInputs,
        result=EffectiveInterestResult,
        function=effective_interest,
    ),
    Model(
        name="returns",
        version=1,
        inputs=ReturnsInputs,
        result=ReturnsResult,
        function=returns,
    ),
    Model(
        name="real_option",
        version=1,
        inputs=RealOptionInputs,
        result=RealOptionResult,
        function=real_option,
    ),
    Model(
        name="flexible_project",
        version=1,
        inputs=ProjectInputs,
        result=ProjectResult,
        function=flexible_project,
    ),
    Model(
        name="merger",
        version=1,
        inputs=MergerInputs,
        result=MergerResult,
        function=merger,
        checks=merger_checks,
        conventions=merger_conventions,
    ),
    Model(
        name="purchase_price_allocation",
        version=1,
        inputs=PurchasePriceAllocationInputs,
        result=PurchasePriceAllocationResult,
        function=purchase_price_allocation,
        checks=allocation_checks,
        conventions=allocation_conventions,
    ),
    Model(
        name="research_capitalisation",
        version=1,
        inputs=ResearchInputs,
        result=ResearchResult,
        function=capitalised_research,
    ),
    Model(
        name="lease_conversion",
        version=1,
        inputs=LeaseInputs,
        result=LeaseResult,
        function=converted_leases,
    ),
    Model(
        name="diluted_warrants",
        version=1,
        inputs=WarrantInputs,
        result=WarrantResult,
        function=diluted_warrants,
    ),
    Model(
        name="diluted_earnings",
        version=1,
        inputs=DilutedEarningsInputs,
        result=DilutedEarningsResult,
        function=diluted_earnings,
    ),
    Model(
        name="dividend_discount",
        version=1,
        inputs=DividendDiscountInputs,
        result=DividendDiscountResult,
        function=dividend_discount,
    ),
    Model(
        name="residual_income",
        version=1,
        inputs=ResidualIncomeInputs,
        result=ResidualIncomeResult,
        function=residual_income,
    ),
    Model(
        name="sum_of_parts",
        version=1,
        inputs=PartsInputs,
        result=PartsResult,
        function=sum_of_parts,
    ),
    Model(
        name="statements",
        version=2,  # 1 had no totals of liabilities and equity, nor the base year's
        inputs=StatementsInputs,
        result=StatementsResult,
        function=forecast_statements,
        checks=statements_checks,
        conventions=statements_conventions,
    ),
    Model(
        name="credit",
        version=1,
        inputs=CreditInputs,
        result=CreditResult,
        function=credit,
    ),
    Model(
        name="merton",
        version=1,
        inputs=MertonInputs,
        result=MertonResult,
        function=merton,
    ),
    Model(
        name="reverse_lbo",
        version=1,
        inputs=ReverseLboInputs,
        result=ReverseLboResult,
        function=reverse_lbo,
    ),
    Model(
        name="iterated_cost_of_capital",
        version=1,
        inputs=IteratedCapitalInputs,
        result=IteratedCapital,
        function=iterated_cost_of_capital,
        conventions=iterated_conventions,
    ),
    Model(
        name="reconciliation",
        version=1,
        inputs=ReconciliationInputs,
        result=ReconciliationResult,
        function=reconciliation,
        checks=reconciliation_checks,
        conventions=reconciliation_conventions,
    ),
    Model(
        name="comparables",
        version=1,
        inputs=ComparablesInputs,
        result=ComparablesResult,
        function=comparables,
        checks=comparables_checks,
        conventions=comparables_conventions,
    ),
    Model(
        name="trading_value",
        version=1,
        inputs=TradingInputs,
        result=TradingResult,
        function=trading_value,
        conventions=trading_conventions,
    ),
)


def model_of(inputs: object) -> Model:
    """The model that takes these inputs."""
    for model in MODELS:
        if type(inputs) is model.inputs:
            return model
    raise TypeError(f"no model takes {type(inputs).__name__}")


def model_named(name: str) -> Model:
    """The model of that name."""
    for model in MODELS:
        if model.name == name:
            return model
    there = ", ".join(model.name for model in MODELS)
    raise NotFound("model", name, hint=f"There are {there}.")


def checks_of(inputs: Any, result: Any) -> tuple[Check, ...]:
    """What to question in a value, what failed first; a number beyond all floats is left out."""
    with np.errstate(all="ignore"):
        asked = model_of(inputs).checks(inputs, result)
    return tuple(
        replace(check, numbers={name: n for name, n in check.numbers.items() if isfinite(n)})
        for check in asked
    )
