"""The conventions among a model's inputs in words: one word for each choice on every page."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from valor_core.models.comparables.comparables import PeerKind
from valor_core.models.cost_of_capital import BetaKind, CostOfCapitalInputs, Levering
from valor_core.models.dcf import ProceedsBasis
from valor_core.models.discounting import Timing
from valor_core.models.fields import choices
from valor_core.models.intrinsic.financing import Shields
from valor_core.models.intrinsic.warrants import Dilution
from valor_core.models.lbo.covenants import Measure
from valor_core.models.lbo.debt import InterestOn, SweepOf
from valor_core.models.lbo.holders import HurdleOn
from valor_core.models.merger.allocation import GoodwillMethod
from valor_core.models.merger.consideration import Exchange
from valor_core.models.merger.write_ups import Asset
from valor_core.models.options.project import RightKind
from valor_core.models.options.real_option import RealOptionKind
from valor_core.models.paths import Shape
from valor_core.models.returns.day_count import DayCount
from valor_core.models.taxes import CapBase, TaxBase
from valor_core.models.terminal import MultipleOf, TerminalMethod

WORDS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = {
    TerminalMethod: {
        TerminalMethod.GORDON: "Growing perpetuity",
        TerminalMethod.EXIT_MULTIPLE: "Exit multiple",
    },
    MultipleOf: {
        MultipleOf.EBITDA: "EBITDA",
        MultipleOf.EBIT: "EBIT",
        MultipleOf.REVENUE: "Revenue",
    },
    Timing: {
        Timing.END_YEAR: "at the end of a year",
        Timing.MID_YEAR: "in the middle of a year",
    },
    BetaKind: {
        BetaKind.LEVERED: "the company's own, with its debt",
        BetaKind.UNLEVERED: "without debt",
        BetaKind.PEER: "that of peers, with their debt",
    },
    Levering: {
        Levering.HAMADA: "Hamada: a fixed amount of debt",
        Levering.HARRIS_PRINGLE: "Harris-Pringle: debt follows the value",
    },
    DayCount: {
        DayCount.ACT_365F: "actual days over 365",
        DayCount.ACT_360: "actual days over 360",
        DayCount.THIRTY_360: "months of 30 days over 360",
        DayCount.ACT_ACT_ISDA: "actual days over actual years",
    },
    Shape: {Shape.LINEAR: "in a line", Shape.STEPPED: "in one step"},
    InterestOn: {
        InterestOn.AVERAGE: "the average balance of a year",
        InterestOn.OPENING: "the balance at a year's start",
    },
    SweepOf: {
        SweepOf.CASH_FLOW: "what the year brings",
        SweepOf.ALL_CASH: "all cash above what is needed",
    },
    Measure: {
        Measure.LEVERAGE: "debt / EBITDA, at most",
        Measure.NET_LEVERAGE: "net debt / EBITDA, at most",
        Measure.INTEREST_COVER: "EBITDA / interest, at least",
        Measure.FIXED_CHARGE_COVER: "fixed charge cover, at least",
        Measure.DEBT_SERVICE_COVER: "debt service cover, at least",
    },
    TaxBase: {
        TaxBase.LEVERED: "profit after interest",
        TaxBase.UNLEVERED: "EBIT, as if there were no debt",
    },
    CapBase: {CapBase.EBITDA: "EBITDA", CapBase.EBIT: "EBIT"},
    HurdleOn: {
        HurdleOn.SPONSOR: "the sponsor's multiple",
        HurdleOn.ALL_EQUITY: "the multiple of all equity",
    },
    ProceedsBasis: {
        ProceedsBasis.FAIR_VALUE: "fair value",
        ProceedsBasis.BOOK_VALUE: "book value",
    },
    RealOptionKind: {
        RealOptionKind.DEFER: "invest later",
        RealOptionKind.EXPAND: "expand",
        RealOptionKind.CONTRACT: "contract",
        RealOptionKind.ABANDON: "abandon",
        RealOptionKind.SWITCH: "switch to another use",
        RealOptionKind.STAGE: "invest in two stages",
        RealOptionKind.CHOOSE: "choose between more and none",
    },
    RightKind: {
        RightKind.EXPAND: "expand",
        RightKind.CONTRACT: "contract",
        RightKind.ABANDON: "abandon",
        RightKind.SWITCH: "switch to another use",
    },
    PeerKind: {
        PeerKind.LISTED: "stakes on an exchange",
        PeerKind.DEALS: "whole companies that were bought",
    },
    GoodwillMethod: {
        GoodwillMethod.FULL: "full: the rest at fair value",
        GoodwillMethod.PARTIAL: "partial: the rest at its part of net assets",
    },
    Exchange: {
        Exchange.FIXED_RATIO: "a fixed exchange ratio",
        Exchange.FIXED_VALUE: "a fixed value",
    },
    Asset: {
        Asset.TANGIBLE: "property, plant and equipment",
        Asset.INTANGIBLE: "intangible assets",
        Asset.INVENTORY: "inventory",
    },
    Dilution: {
        Dilution.ADJUSTED_PRICE: "on the price of all shares and options",
        Dilution.GALAI_SCHNELLER: "Galai-Schneller: on the firm's value a share",
    },
    Shields: {
        Shields.FIXED: "fixed amounts: shields as safe as the debt",
        Shields.HARRIS_PRINGLE: "Harris-Pringle: debt follows the value",
        Shields.MILES_EZZELL: "Miles-Ezzell: debt follows the value once a year",
    },
}


def choices_in_words(inputs: Any) -> dict[str, str]:
    """Every choice of the inputs by its path, and by which weights capital is weighed.

    >>> from valor_core.models.paths import Fade
    >>> choices_in_words(Fade(start=0.05, to_year=5))
    {'from_year': '0', 'to_year': '5', 'shape': 'in a line'}
    """
    told = {path: in_words(choice) for path, choice in choices(inputs).items()}
    capital = getattr(inputs, "cost_of_capital", None)
    if isinstance(capital, CostOfCapitalInputs):
        told["cost_of_capital.weights"] = "target" if capital.market is None else "at market value"
    return told


def in_words(choice: StrEnum | int | date) -> str:
    """A choice as a reader knows it; whole numbers and days as they are.

    >>> in_words(Timing.MID_YEAR), in_words(True), in_words(10)
    ('in the middle of a year', 'yes', '10')
    """
    if isinstance(choice, StrEnum):
        return WORDS.get(type(choice), {}).get(choice, choice.value.replace("_", " "))
    if isinstance(choice, bool):
        return "yes" if choice else "no"
    return str(choice)
